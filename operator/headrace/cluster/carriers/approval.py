"""
A question to people as an Approval, one an attempt.

A name that our own Approval has is success; a name of somebody else's is refused. Decides no start,
and no answer.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from headrace.cluster.belonging import Place, attempt_name, place_of
from headrace.cluster.carriers.asking import Asking
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.kinds import APPROVALS
from headrace.engine.definition.work import Approval as Asked
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import Attempt, ObservedTask, Sighting, Stage
from headrace.engine.task.obstacles import Obstacle
from headrace.kube.resources import Ref
from headrace.manifests.approval import Approval, gone_ending, sight
from headrace.manifests.kube import OwnObject
from headrace.manifests.where import APPROVAL

AGAIN: Final = timedelta(seconds=30)
NO_KIND: Final = (
    "the cluster does not know the kind Approval; install the CRDs of this version of Headrace"
    " (chart headrace-crds)"
)
NO_GUARD: Final = (
    "the question names approvers, and the API server does not keep others from answering; install"
    " the admission policies of the chart (approvals.guard)"
)


class ApprovalCarrier:
    """Keeps the promises of `Carrier` for questions to people."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._clock = reach.clock
        self._asking = Asking(reach)

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from Approvals."""
        if not self._asks(item.metadata.uid):  # Most tasks ask nobody.
            return
        for approval, gone in self._of(place_of(item), item.metadata.uid):
            if approval.recorded or approval.spec.attempt <= logged:
                yield sight(approval, gone=gone, now=self._clock())

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask about an Approval whose event may be late, and whether an answer can be trusted."""
        doubtful = _doubtful(seen, self._clock())
        if doubtful is not None:
            seen = await self._asked_for(item, seen, doubtful, draw)
        sighting = seen.sighting
        if sighting is None or sighting.ending is None or sighting.ending.answer is None:
            return seen
        for approval, gone in self._of(place_of(item), item.metadata.uid):
            named = approval.metadata.name == sighting.where.unit_name
            if named and not await self._asking.trusted(approval):
                now = self._clock()
                return replace(seen, sighting=sight(approval, gone=gone, now=now, trusted=False))
        return seen

    async def make(self, start: StartAttempt[Asked], item: OwnObject) -> Obstacle | None:
        """Create an attempt's Approval, once the API server keeps others from answering."""
        return await self._asking.make(start, item)

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Close an attempt's Approval: an answer from now on counts for nothing."""
        name = attempt_name(place, end.number)
        for approval, gone in self._of(place, task_run_uid):
            if approval.metadata.name == name and not (gone or approval.closed):
                await self._asking.close(approval, place)

    def _asks(self, task_run_uid: str) -> bool:
        """Return whether a TaskRun owns any Approval, or did."""
        approvals = self._caches.approvals
        return bool(approvals.by_index(task_run_uid) or approvals.tombstones_by_index(task_run_uid))

    def _of(self, place: Place, task_run_uid: str) -> Iterator[tuple[Approval, bool]]:
        """Yield the Approvals of a TaskRun's attempts, and whether each is gone."""
        approvals = self._caches.approvals
        for gone, some in (
            (False, approvals.by_index(task_run_uid)),
            (True, approvals.tombstones_by_index(task_run_uid)),
        ):
            for approval in some:
                if approval.metadata.name == attempt_name(place, approval.spec.attempt):
                    yield approval, gone

    async def _asked_for(
        self, item: OwnObject, seen: ObservedTask, doubtful: Attempt | Sighting, draw: Draw
    ) -> ObservedTask:
        """Return the state with an Approval as the API server has it."""
        name = doubtful.where.unit_name
        if await self._asking.ask_again(Ref(APPROVALS, item.metadata.namespace, name)) is not None:
            return draw(item)
        there = (doubtful.number, Stage.ENDED, doubtful.where)
        ending = gone_ending(self._clock())
        return replace(seen, sighting=Sighting(*there, ending=ending, alive=False))


def _doubtful(seen: ObservedTask, now: datetime) -> Attempt | Sighting | None:
    """Return an attempt that asks people, and is missing in the cache or about to time out."""
    last, sighting = seen.log.last, seen.sighting
    if last is None or not last.open or last.where.unit is None:
        return None
    if last.where.unit.kind != APPROVAL:
        return None
    if sighting is None or sighting.number < last.number:
        return last
    expected = sighting.expected if sighting.ending is None else None
    return sighting if expected is not None and now >= expected.at else None
