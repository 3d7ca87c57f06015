"""
A wait for each item: the TaskRun has all their ends in its spec. Nothing else is created.

The cache keeps no such spec: it may have 10,000 instants. It is read once. Knows no clock.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from headrace.api.v1alpha1.items import ItemWork
from headrace.cluster.belonging import Place, place_of
from headrace.cluster.bounds import Kept
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import taken
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.specs import Specs
from headrace.engine.definition.work import Timers
from headrace.engine.run.observed import RunKind
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Obstacle
from headrace.engine.task.timer import waits_sighting
from headrace.manifests.each_spec import ends_on_record, items_without_programs
from headrace.manifests.kube import OwnObject

KEPT_BYTES: Final = 16 * 1024 * 1024
"""The most memory for the ends of waits, of all TaskRuns."""
BYTES: Final = 400
"""What the end of one wait takes in memory, at most."""


class TimersCarrier:
    """Keeps the promises of `Carrier` for the waits of items."""

    def __init__(self, reach: Reach) -> None:
        """Read specs with this client; refuse at the time of this clock."""
        self._specs = Specs(reach.client)
        self._clock = reach.clock
        self._known: Kept[str, Sighting] = Kept(KEPT_BYTES)

    async def make(self, start: StartAttempt[Timers], item: OwnObject) -> Obstacle | None:  # noqa: ARG002 - the protocol's
        """Do nothing more: the TaskRun is there. One without waits is somebody else's."""
        if not items_without_programs(item.spec, ItemWork.WAIT):
            return taken(f"TaskRun {item.metadata.name}", self._clock())
        return None

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:  # noqa: ARG002 - the protocol's
        """Show nothing: the cache does not have the ends."""
        yield from ()

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:  # noqa: ARG002 - the protocol's
        """Add the waits of a task of a run, from its spec."""
        if not items_without_programs(item.spec, ItemWork.WAIT):
            return seen
        if place_of(item).key.kind is not RunKind.WORKFLOW_RUN:
            return seen
        meta = item.metadata
        known = self._known.get(meta.uid)
        if known is None:
            whole = await self._specs.whole(TASK_RUNS, meta)
            try:
                ends = ends_on_record(whole.spec)
            except ValueError:
                return seen
            if not ends:
                return seen
            known = waits_sighting(meta.creation_timestamp, ends)
            self._known.put(meta.uid, known, BYTES * len(ends))
        return replace(seen, sighting=known)

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Do nothing: nothing runs."""
