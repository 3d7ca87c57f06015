"""
A question to people as an Approval, one an attempt.

A name that our own Approval has is success; a name of somebody else's is refused. Decides no start,
and no answer.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, attempt_name, owner_uid, place_of
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.guard import Guard
from headrace.cluster.kinds import APPROVALS
from headrace.engine.definition.work import Approval as Asked
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import (
    Attempt,
    Busy,
    Ending,
    ObservedTask,
    Obstacle,
    Sighting,
    Stage,
)
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import Ref
from headrace.manifests.approval import DELETED, Approval, sight
from headrace.manifests.approval import approval as approval_manifest
from headrace.manifests.approval_status import asked_status, closed_status
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import Manifest, owner
from headrace.manifests.task_status import read_task_status
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
        self._client = reach.client
        self._clock = reach.clock
        self._guard = Guard(reach.client)

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from Approvals."""
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
            if named and not await self._trusted(approval):
                now = self._clock()
                return replace(seen, sighting=sight(approval, gone=gone, now=now, trusted=False))
        return seen

    async def make(self, start: StartAttempt[Asked], item: OwnObject) -> Obstacle | None:
        """Create an attempt's Approval, once the API server keeps others from answering."""
        namespace, now = item.metadata.namespace, self._clock()
        try:
            guarded = await self._guard.holds(namespace)
            if not guarded and start.work.asked.approvers is not None:
                return Busy(Reason.APPROVAL_NOT_GUARDED, NO_GUARD, now + AGAIN)
            meta = item.metadata
            manifest = approval_manifest(start, owner("TaskRun", meta.name, meta.uid))
            found = await create(self._client, APPROVALS, manifest, Approval)
        except ApiError as error:
            if not_found(error):
                return Busy(Reason.API_UNAVAILABLE, NO_KIND, now + AGAIN)
            raise
        if owner_uid(found.metadata) != meta.uid:
            return taken(f"Approval {found.metadata.name}", now)
        self._caches.approvals.put(found)
        if not found.recorded:
            # An answer from before the question was recorded may be from before the policy.
            known = guarded and found.spec.answer is None
            await self._write(found, asked_status(found, now, guarded=known))
        return None

    async def end(self, place: Place, task_run_uid: str, number: int) -> None:
        """Close an attempt's Approval: an answer from now on counts for nothing."""
        name = attempt_name(place, number)
        for approval, gone in self._of(place, task_run_uid):
            if approval.metadata.name == name and not (gone or approval.closed):
                status = closed_status(approval, self._attempt(place, number), self._clock())
                await self._write(approval, status)

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

    async def _trusted(self, approval: Approval) -> bool:
        """Return whether the API server refused answers of others, and still does."""
        guarded = approval.status.guarded
        return guarded and await self._guard.holds(approval.metadata.namespace)

    async def _asked_for(
        self, item: OwnObject, seen: ObservedTask, doubtful: Attempt | Sighting, draw: Draw
    ) -> ObservedTask:
        """Return the state with an Approval as the API server has it."""
        name = doubtful.where.unit_name
        try:
            ref = Ref(APPROVALS, item.metadata.namespace, name)
            found = await self._client.get(ref, Approval)
        except ApiError as error:
            if not not_found(error):
                raise
            gone = Ending(self._clock(), reason=Reason.APPROVAL_DELETED, message=DELETED)
            there = (doubtful.number, Stage.ENDED, doubtful.where)
            return replace(seen, sighting=Sighting(*there, ending=gone, alive=False))
        self._caches.approvals.put(found)
        return draw(item)

    def _attempt(self, place: Place, number: int) -> Attempt | None:
        """Return an attempt of a task, as its log knows it."""
        item = self._caches.task_run(place)
        try:
            log = read_task_status(item.status) if item is not None else None
        except ValueError:
            return None
        known = log.attempts if log is not None else ()
        return next((each for each in known if each.number == number and not each.open), None)

    async def _write(self, approval: Approval, status: Manifest) -> None:
        meta = approval.metadata
        try:
            written = await self._client.patch_status(
                Ref(APPROVALS, meta.namespace, meta.name), {"status": status}, Approval
            )
        except ApiError as error:
            if not not_found(error):
                raise
            self._caches.approvals.remove(meta)
        else:
            self._caches.approvals.put(written)


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
