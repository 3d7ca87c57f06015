"""
The server of a folder of workflows: it gives workflows and backfills their turns.

Knows when to look. The engine decides which runs start; `LiveRuns` carries them on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunLog
from headrace.local.news import Event, News, words_of
from headrace.local.reading import Files, Reading
from headrace.local.records import RunRecord
from headrace.local.served_definitions import BACKFILL, ServedDefinitions
from headrace.local.site import Site
from headrace.loop.agenda import Agenda
from headrace.loop.subject import Subject, turn

LOOK_SECONDS: Final = 0.5
"""How often the store and the clock are looked at: one number of SQLite, and one moment."""

FILES_SECONDS: Final = 1.0
"""How often the folder of manifests is looked at."""

RETRY_SECONDS: Final = 10.0
"""When a workflow has another turn after one that failed."""

WORKFLOW: Final = "Workflow"

Named = tuple[str, str]
"""What has turns: its kind, and its name."""


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
        """Look again at the runs whose time has come, and at the pools."""

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""


class Taking(Protocol):
    """Takes over what the files say."""

    def take(self, reading: Reading) -> None:
        """Take over a new reading."""

    def ended(self, run: RunRecord) -> None:
        """Hear that a run has ended."""


class Server:
    """
    Serves a folder until it is told to stop.

    Args:
        site: The folder.
        definitions: Its definitions.
        files: Its manifests.
        say: Called with each event.

    """

    subjects: Mapping[str, Subject[str, Any, Any]]
    """What has turns, by kind."""
    runs: Carrier
    """The runs."""
    taking: Taking
    """Takes over what the files say."""
    news: News
    """Hears of the runs."""

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
        self._agenda = Agenda[Named](lambda: site.clock().timestamp())
        self._changed = asyncio.Event()
        self._stopped = False
        self._version = -1
        self._untaken: Reading | None = None

    async def serve(self) -> None:
        """Serve the folder until `stop`."""
        await self._read()
        self._wake_all()
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

    def wake(self, kind: str, name: str) -> None:
        """Give a workflow or a backfill a turn soon."""
        self._agenda.plan((kind, name), 0.0)
        self._changed.set()

    def wake_for(self, workflow: str) -> None:
        """Give a workflow and its backfills a turn soon."""
        self.wake(WORKFLOW, workflow)
        for name in self._definitions.backfills(workflow):
            self.wake(BACKFILL, name)

    def changed(self, workflow: str) -> None:
        """Let a waiting run of a workflow look whether it may begin."""
        self.runs.changed(workflow)

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""
        self.runs.limit(pools)

    def run_asked(self, workflow: str, run: str) -> None:
        """Carry a run on that was created, or is to be cancelled."""
        self.runs.carry(workflow, run)

    def began(self, run: RunRecord) -> None:
        """Let the workflow of a run count it."""
        self.wake(WORKFLOW, run.workflow)

    def ended(self, run: RunRecord, _: RunLog) -> None:
        """Let whoever waits for the end of a run see it."""
        self.wake_for(run.workflow)
        for follower in self._definitions.followers(run.workflow):
            self.wake(WORKFLOW, follower)
        self.taking.ended(run)

    def _wake_all(self) -> None:
        for workflow in self._site.store.workflows():
            self.wake_for(workflow.name)
        for backfill in self._site.store.objects(BACKFILL):
            self.wake(BACKFILL, backfill.key.name)

    async def _look(self) -> None:
        """Hear what others have written; give a turn to whatever is due."""
        version = self._site.store.version_of_others()
        if version != self._version:
            self._version = version
            self.runs.hear()
            self._wake_all()
        self.runs.look_again()
        for kind, name in self._agenda.pop_due():
            if self._stopped:
                return
            await self._turn(kind, name)

    async def _turn(self, kind: str, name: str) -> None:
        now = self._site.clock()
        try:
            look = await turn(self.subjects[kind], name, now)
        except Exception as error:  # noqa: BLE001 - one workflow must not end the others
            self._say(Event("TurnFailed", f"is tried again: {words_of(error)}", name))
            self._agenda.plan((kind, name), now.timestamp() + RETRY_SECONDS)
        else:
            if look is not None:
                self._agenda.plan((kind, name), look.timestamp())

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
                self._say(Event("TurnFailed", f"the files are read again: {words_of(error)}"))

    async def _read(self) -> None:
        reading = await self._files.look() or self._untaken
        if reading is not None:
            self._untaken = reading  # until it is taken over: else nobody would read it again
            self.taking.take(reading)
            self._untaken = None
