"""
The creation and the end of Approvals: of a task's attempt, or of one of its items.

Knows whether the API server keeps others from answering. Decides no start, and no answer.
"""

from datetime import timedelta
from typing import Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, owner_uid
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.guard import Guard
from headrace.cluster.kinds import APPROVALS
from headrace.engine.definition.work import Approval as Asked
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import EMPTY, TaskLog
from headrace.engine.task.obstacles import Busy, Obstacle
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import Ref
from headrace.manifests.approval import Approval
from headrace.manifests.approval import approval as approval_manifest
from headrace.manifests.approval_status import asked_status, closed_status, end_of_item
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import Manifest, owner
from headrace.manifests.task_status import read_task_status

AGAIN: Final = timedelta(seconds=30)
NO_KIND: Final = (
    "the cluster does not know the kind Approval; install the CRDs of this version of Headrace"
    " (chart headrace-crds)"
)
NO_GUARD: Final = (
    "the question names approvers, and the API server does not keep others from answering; install"
    " the admission policies of the chart (approvals.guard)"
)


class Asking:
    """Asks people, and stops asking."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
        self._guard = Guard(reach.client)

    async def make(
        self, start: StartAttempt[Asked], item: OwnObject, index: int | None = None
    ) -> Obstacle | None:
        """
        Create an Approval, once the API server keeps others from answering.

        Args:
            start: The attempt.
            item: The TaskRun of its task.
            index: The item that the question is about; None: the task has no items.

        """
        namespace, now = item.metadata.namespace, self._clock()
        try:
            guarded = await self._guard.holds(namespace)
            if not guarded and start.work.asked.approvers is not None:
                return Busy(Reason.APPROVAL_NOT_GUARDED, NO_GUARD, now + AGAIN)
            meta = item.metadata
            manifest = approval_manifest(start, owner("TaskRun", meta.name, meta.uid), index)
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

    async def close(self, approval: Approval, place: Place, index: int | None = None) -> None:
        """
        Close an Approval: an answer from now on counts for nothing.

        Args:
            approval: The Approval.
            place: Its task.
            index: The item that the question is about; None: the task has no items.

        """
        log, now = self._log(place), self._clock()
        number = approval.spec.attempt
        closed = (each for each in log.attempts if each.number == number and not each.open)
        attempt = next(closed, None)
        if index is not None and log.items is not None:
            attempt = end_of_item(log.items, index, approval, now) or attempt
        await self._write(approval, closed_status(approval, attempt, now))

    async def trusted(self, approval: Approval) -> bool:
        """Return whether the API server refused answers of others, and still does."""
        guarded = approval.status.guarded
        return guarded and await self._guard.holds(approval.metadata.namespace)

    async def ask_again(self, ref: Ref) -> Approval | None:
        """Return an Approval as the API server has it, also to the cache; None: there is none."""
        try:
            found = await self._client.get(ref, Approval)
        except ApiError as error:
            if not not_found(error):
                raise
            return None
        self._caches.approvals.put(found)
        return found

    def _log(self, place: Place) -> TaskLog:
        """Return the log of a task, or the readable part of it."""
        item = self._caches.task_run(place)
        try:
            return EMPTY if item is None else read_task_status(item.status)
        except ValueError:
            return EMPTY

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
