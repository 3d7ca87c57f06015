"""
The server of a folder of workflows: it gives workflows their turns, and hears of files and runs.

Knows when to look. The engine decides which runs start; `LiveRuns` carries them on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from headrace.api.checks.instants import write_time
from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunLog
from headrace.engine.text import time_taken
from headrace.engine.workflow.observed import ObservedWorkflow, WorkflowDecision
from headrace.engine.workflow.schedule import Note
from headrace.local.records import RunRecord
from headrace.local.served_definitions import ServedDefinitions, WorkflowManifest
from headrace.local.site import Site
from headrace.loop.agenda import Agenda
from headrace.loop.subject import Subject, turn

LOOK_SECONDS: Final = 0.5
"""How often the store and the clock are looked at: one number of SQLite, and one moment."""

FILES_SECONDS: Final = 1.0
"""How often the folder of manifests is looked at."""

RETRY_SECONDS: Final = 10.0
"""When a workflow has another turn after one that failed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for a log."""

    kind: str
    """One word: a program can choose by it."""
    message: str
    workflow: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The workflows of a folder, and its problems."""

    workflows: tuple[WorkflowManifest, ...] = ()
    wrong: frozenset[str] = frozenset()
    """The names of workflows that have problems: what is known of them goes on."""
    unreadable: frozenset[str] = frozenset()
    """The files that cannot be read: what is known of their workflows goes on."""
    pools: Mapping[PoolKey, int] = field(default_factory=dict)
    """The slots of each pool."""
    wrong_pools: bool = False
    """Whether a pool has problems."""
    problems: tuple[str, ...] = ()
    """One line each, with file, field and cure."""


class Files(Protocol):
    """The manifests of a folder."""

    async def look(self) -> Reading | None:
        """Return all manifests if they have changed; at the first time, in any case."""


class Carrier(Protocol):
    """Carries runs on."""

    def resume(self, runs: Sequence[tuple[str, str]]) -> None:
        """Carry on what an earlier server has left, by workflow and name, the oldest first."""

    def carry(self, workflow: str, run: str) -> None:
        """Carry a run on, or let one that goes on look around."""

    def changed(self, workflow: str) -> None:
        """Let a waiting run of a workflow look whether it may begin."""

    def hear(self) -> None:
        """Pass on what others have written about the runs."""

    def look_again(self) -> None:
        """Look again at the runs whose time has come."""

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""


Turns = Subject[str, ObservedWorkflow, WorkflowDecision]


@dataclass(slots=True)
class _Told:
    """What was told about the files, so that nothing is told twice."""

    problems: frozenset[str] = frozenset()
    wrong: frozenset[str] = field(default_factory=frozenset)


class Server:
    """
    Serves a folder until it is told to stop.

    Args:
        site: The folder.
        definitions: Its definitions.
        files: Its manifests.
        say: Called with each event.

    """

    workflows: Turns
    """The workflows, as a subject of the loop."""
    runs: Carrier
    """The runs."""

    def __init__(
        self,
        site: Site,
        definitions: ServedDefinitions,
        files: Files,
        say: Callable[[Event], None],
    ) -> None:
        self._site = site
        self._definitions = definitions
        self._files = files
        self._say = say
        self._told = _Told()
        self._pools: Mapping[PoolKey, int] = {}
        self._agenda = Agenda[str](lambda: site.clock().timestamp())
        self._changed = asyncio.Event()
        self._stopped = False
        self._version = -1

    async def serve(self) -> None:
        """Serve the folder until `stop`."""
        await self._read()
        for workflow in self._site.store.workflows():
            self._wake(workflow.name)
        self.runs.resume(self._site.store.to_carry())
        watching = asyncio.create_task(self._watch())
        try:
            while not self._stopped:
                await self._look()
                await self._wait()
        finally:
            watching.cancel()

    def stop(self) -> None:
        """Start nothing more."""
        self._stopped = True
        self._changed.set()

    def run_asked(self, workflow: str, run: str) -> None:
        """Carry a run on that was created, or is to be cancelled."""
        self.runs.carry(workflow, run)

    def noted(self, workflow: str, note: Note) -> None:
        """Tell what a workflow has to say to people."""
        self._say(Event(note.reason.value, note.message, workflow))

    def run_began(self, run: RunRecord) -> None:
        """Tell that a run begins, or is taken over, and let its workflow count it."""
        time = run.logical_time
        words = f" for {write_time(time)}" if time is not None else ""
        self._say(Event("RunBegan", f"begins ({run.origin.trigger}{words})", *_names(run)))
        self._wake(run.workflow)

    def run_waits(self, run: RunRecord, log: RunLog) -> None:
        """Tell that a run has to wait."""
        self._say(Event("RunWaits", f"waits: {log.message}", *_names(run)))
        self._wake(run.workflow)

    def run_ended(self, run: RunRecord, log: RunLog) -> None:
        """Tell how a run has ended, and let its workflow and its followers see it."""
        taken = time_taken(log.started, log.finished)
        after = f" after {taken}" if taken else ""
        why = f": {log.message}" if log.message else ""
        self._say(Event("RunEnded", f"{log.reason}{after}{why}", *_names(run)))
        self._wake(run.workflow)
        for follower in self._definitions.followers(run.workflow):
            self._wake(follower)

    def run_failed(self, run: str, error: Exception) -> None:
        """Tell that a turn of a run has failed."""
        self._say(Event("TurnFailed", f"is tried again: {_words(error)}", run=run))

    def wanted(self, run: str, words: str) -> None:
        """Tell what somebody wants of a run."""
        self._say(Event("Steered", words, run=run))

    def _wake(self, workflow: str) -> None:
        self._agenda.plan(workflow, 0.0)
        self._changed.set()

    async def _look(self) -> None:
        """Hear what others have written; give due workflows a turn."""
        version = self._site.store.version_of_others()
        if version != self._version:
            self._version = version
            self.runs.hear()
            for workflow in self._site.store.workflows():
                self._agenda.plan(workflow.name, 0.0)
        self.runs.look_again()
        for name in self._agenda.pop_due():
            if self._stopped:
                return
            await self._turn(name)

    async def _turn(self, workflow: str) -> None:
        now = self._site.clock()
        try:
            look = await turn(self.workflows, workflow, now)
        except Exception as error:  # noqa: BLE001 - one workflow must not end the others
            self._say(Event("TurnFailed", f"is tried again: {_words(error)}", workflow))
            self._agenda.plan(workflow, now.timestamp() + RETRY_SECONDS)
        else:
            if look is not None:
                self._agenda.plan(workflow, look.timestamp())

    async def _wait(self) -> None:
        due = self._agenda.next_in()
        try:
            async with asyncio.timeout(LOOK_SECONDS if due is None else min(due, LOOK_SECONDS)):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _watch(self) -> None:
        """Look at the files from time to time."""
        while True:
            await asyncio.sleep(FILES_SECONDS)
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001 - what is known goes on
                self._say(Event("TurnFailed", f"the files are read again: {_words(error)}"))

    async def _read(self) -> None:
        reading = await self._files.look()
        if reading is None:
            return
        self._tell(reading)
        self._limit(reading)
        for manifest in reading.workflows:
            known = self._site.store.workflow(manifest.name)
            if self._definitions.accept(manifest):
                new = known is None or known.gone
                words = "is new" if new else "has changed: runs that begin now have it"
                self._say(Event("WorkflowRead", f"{words} ({manifest.file})", manifest.name))
                self._wake(manifest.name)
                self.runs.changed(manifest.name)
        self._remove(reading)

    def _limit(self, reading: Reading) -> None:
        """Take over the pools. One whose file has a mistake, or is away, stays as it was."""
        before = self._pools
        kept = before if reading.unreadable or reading.wrong_pools else {}
        self._pools = {**kept, **reading.pools}
        if self._pools != before:
            words = (
                f"{pool.name}: {slots}" for pool, slots in sorted(self._pools.items(), key=str)
            )
            self._say(Event("PoolsRead", f"slots of pools: {', '.join(words) or 'none'}"))
            self.runs.limit(self._pools)

    def _remove(self, reading: Reading) -> None:
        there = {manifest.name for manifest in reading.workflows} | reading.wrong
        for workflow in self._site.store.workflows():
            kept = workflow.name in there or workflow.file in reading.unreadable
            if not workflow.gone and not kept:
                self._definitions.remove(workflow)
                words = f"is in no file any more (it was in {workflow.file}): no run starts"
                self._say(Event("WorkflowGone", words, workflow.name))
                self._wake(workflow.name)

    def _tell(self, reading: Reading) -> None:
        """Tell the problems of files, each once, and what follows from them."""
        for problem in reading.problems:
            if problem not in self._told.problems:
                self._say(Event("Problem", problem))
        known = {each.name for each in self._site.store.workflows() if not each.gone}
        for name in sorted(reading.wrong - self._told.wrong):
            words = (
                "goes on as it was before" if name in known else "does not run before it is mended"
            )
            self._say(Event("WorkflowKept", words, name))
        if self._told.problems and not reading.problems:
            self._say(Event("NoProblems", "all files are right again"))
        self._told = _Told(frozenset(reading.problems), reading.wrong)


def _names(run: RunRecord) -> tuple[str, str]:
    return run.workflow, run.key.name


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
