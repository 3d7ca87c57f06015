"""
What the files of a folder say becomes what is served: workflows, pools, backfills and runs.

Knows what was there before, and tells what is new. Starts nothing itself.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from headrace.engine.pool.observed import PoolKey
from headrace.local.news import Event
from headrace.local.object_store import ObjectKey, Refusal
from headrace.local.reading import ObjectManifest, Reading, is_kept
from headrace.local.records import RunRecord
from headrace.local.served_definitions import BACKFILL, ServedDefinitions
from headrace.local.served_objects import ALONE, RUN, TASK, ServedObjects
from headrace.local.served_pools import ServedPools
from headrace.local.site import Site

WORKFLOW: Final = "Workflow"
_KINDS: Final = (RUN, TASK, BACKFILL)


class Hearers(Protocol):
    """Whoever has to look because something has changed."""

    def wake(self, kind: str, name: str) -> None:
        """Give a workflow or a backfill a turn soon."""

    def wake_for(self, workflow: str) -> None:
        """Give a workflow and its backfills a turn soon."""

    def run_asked(self, workflow: str, run: str) -> None:
        """Carry a run on that was created, or is steered."""

    def changed(self, workflow: str) -> None:
        """Let a waiting run of a workflow look whether it may begin."""

    def limit(self, pools: Mapping[PoolKey, int]) -> None:
        """Replace all pools by these, with their slots."""


class Adoption:
    """
    Takes over readings.

    Args:
        site: The folder.
        definitions: Its definitions.
        pools: Its pools.
        hearers: Who hears of changes.
        say: Called with each event.

    """

    def __init__(
        self,
        site: Site,
        definitions: ServedDefinitions,
        pools: ServedPools,
        hearers: Hearers,
        say: Callable[[Event], None],
    ) -> None:
        self._site = site
        self._store = site.store
        self._definitions = definitions
        self._objects = ServedObjects(site, hearers.run_asked)
        self._kept_pools = pools
        self._hearers = hearers
        self._say = say
        self._told: tuple[Refusal, ...] | None = None
        """What was told to be wrong; None: nothing was read yet."""
        self._wrong = frozenset[ObjectKey]()
        self._slots: Mapping[PoolKey, int] | None = None
        self._waiting: dict[str, ObjectManifest] = {}
        """The manifests of runs that cannot be yet, by name: perhaps at the next end of a run."""

    def take(self, reading: Reading) -> None:
        """Take over a new reading. A repetition changes nothing."""
        for manifest in reading.workflows:
            known = self._store.workflow(manifest.name)
            if self._definitions.accept(manifest):
                new = known is None or known.gone
                words = "is new" if new else "has changed: runs that begin now have it"
                self._say(Event("WorkflowRead", f"{words} ({manifest.file})", manifest.name))
                self._hearers.wake_for(manifest.name)
                self._hearers.changed(manifest.name)
        self._remove_workflows(reading)
        self._take_pools(reading)
        self._remove_objects(reading)
        refused = [*reading.problems, *self._take_objects(reading)]
        self._tell(tuple(refused))
        self._tell_kept(reading)

    def ended(self, run: RunRecord) -> None:
        """Hear that a run has ended: its name, or the run that another repeats, may be free."""
        if run.workflow == ALONE:
            self._objects.tidy()
        for manifest in tuple(self._waiting.values()):
            self._accept(manifest)

    def _take_objects(self, reading: Reading) -> Iterator[Refusal]:
        self._waiting.clear()
        for manifest in reading.objects:
            problem = self._accept(manifest)
            if problem is not None:
                line = f"{manifest.file}: {manifest.key.kind} {manifest.key.name}: {problem}"
                yield Refusal(manifest.key, line)

    def _accept(self, manifest: ObjectManifest) -> str | None:
        key, known = manifest.key, self._store.object(manifest.key)
        self._waiting.pop(key.name, None)
        problem = self._objects.accept(manifest)
        if problem is not None and key.kind != BACKFILL:
            self._waiting[key.name] = manifest
        if key.kind == BACKFILL:
            if known is None:
                self._definitions.backfills_changed()
                self._say(Event("BackfillRead", f"is new ({manifest.file})", key.name))
            if known != self._store.object(key):
                self._hearers.wake(BACKFILL, key.name)
        return problem

    def _remove_objects(self, reading: Reading) -> None:
        there = {manifest.key for manifest in reading.objects}
        for stored in self._store.objects(*_KINDS):
            if stored.key not in there and not is_kept(reading, stored.key, stored.file):
                self._objects.remove(stored)
                self._definitions.backfills_changed()
                kind, name = stored.key.kind, stored.key.name
                ends = "no more runs of it start" if kind == BACKFILL else "its run does not go on"
                words = f"{kind} is in no file any more (it was in {stored.file}): {ends}"
                self._say(Event("ObjectGone", words, run=name))

    def _take_pools(self, reading: Reading) -> None:
        slots = self._kept_pools.take(reading)
        if slots != (self._slots or {}):
            words = (f"{pool.name}: {number}" for pool, number in sorted(slots.items(), key=str))
            self._say(Event("PoolsRead", f"slots of pools: {', '.join(words) or 'none'}"))
        if slots != self._slots:
            self._slots = slots
            self._hearers.limit(slots)

    def _remove_workflows(self, reading: Reading) -> None:
        there = {manifest.name for manifest in reading.workflows}
        for workflow in self._store.workflows():
            key = ObjectKey(WORKFLOW, workflow.namespace, workflow.name)
            if workflow.gone or workflow.name in there or is_kept(reading, key, workflow.file):
                continue
            self._definitions.remove(workflow)
            words = f"is in no file any more (it was in {workflow.file}): no run starts"
            self._say(Event("WorkflowGone", words, workflow.name))
            self._hearers.wake_for(workflow.name)

    def _tell_kept(self, reading: Reading) -> None:
        """Tell what becomes of objects with problems, each once."""
        known = {workflow.name for workflow in self._store.workflows() if not workflow.gone}
        for key in sorted(reading.wrong - self._wrong):
            if key.kind == WORKFLOW:
                goes_on = key.name in known
                words = (
                    "goes on as it was before" if goes_on else "does not run before it is mended"
                )
                self._say(Event("WorkflowKept", words, key.name))
        self._wrong = reading.wrong

    def _tell(self, refused: tuple[Refusal, ...]) -> None:
        """Tell the problems of files, each once."""
        before = self._told
        if refused == before:
            return
        self._store.put_refusals(refused)  # first: who is told may look at once
        told = {each.line for each in before or ()}
        for each in refused:
            if each.line not in told:
                self._say(Event("Problem", each.line))
        if told and not refused:
            self._say(Event("NoProblems", "all files are right again"))
        self._told = refused
