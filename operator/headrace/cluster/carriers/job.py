"""
A container as a Job, one an attempt.

Knows the end of a Job of any kind. Decides no start.
"""

from collections.abc import Iterator

from headrace.cluster.belonging import Place, attempt_name
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.job_creation import JobMaker
from headrace.cluster.carriers.job_doubts import JobDoubts
from headrace.cluster.carriers.job_sightings import JobSightings
from headrace.cluster.carriers.reach import Reach
from headrace.engine.definition.work import Container
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Denied, Obstacle
from headrace.kube.errors import ApiError, conflict, not_found
from headrace.kube.resources import JOBS, Ref
from headrace.manifests.job import job as job_manifest
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import owner


class JobCarrier:
    """Keeps the promises of `Carrier` for containers."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._client = reach.client
        self._maker = JobMaker(reach)
        self._sightings = JobSightings(reach.caches, reach.clock)
        self._doubts = JobDoubts(reach)

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from Jobs and pods."""
        return self._sightings.of(item, logged)

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask about missing Jobs, and about pods that do not start."""
        return await self._doubts.settle(item, seen, draw)

    async def make(self, start: StartAttempt[Container], item: OwnObject) -> Obstacle | None:
        """Create an attempt's Job, if it may use its identity."""
        refusal = await self._maker.identity(start)
        if refusal is not None:
            return refusal
        meta = item.metadata
        manifest = job_manifest(start, owner("TaskRun", meta.name, meta.uid))
        made = await self._maker.make(manifest, item)
        return made if isinstance(made, Denied) else None

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Delete an attempt's Job, of whichever kind, and its pods with it."""
        name = attempt_name(place, end.number)
        for job in self._caches.jobs.by_index(task_run_uid):
            meta = job.metadata
            if meta.name != name or meta.deletion_timestamp:
                continue
            try:
                # Foreground: the Job stays visible until its pods are gone, so that other tasks can
                # wait for it.
                await self._client.delete(
                    Ref(JOBS, meta.namespace, meta.name), uid=meta.uid, propagation="Foreground"
                )
            except ApiError as error:
                if not (not_found(error) or conflict(error)):
                    raise
