"""
A container as a Job, one an attempt.

A name that our own Job has is success; a name of somebody else's Job is refused. Decides no start.
"""

from collections.abc import Iterator

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, attempt_name, owner_uid, place_of
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.job_doubts import JobDoubts
from headrace.cluster.carriers.job_sightings import JobSightings
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.definition.work import Container
from headrace.engine.run.observed import RunKind
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.identity import identity_needed, identity_problem
from headrace.engine.task.observed import Denied, ObservedTask, Obstacle, Sighting
from headrace.kube.errors import ApiError, StaleError, conflict, not_found
from headrace.kube.objects import Projection
from headrace.kube.resources import JOBS, SERVICE_ACCOUNTS, Ref
from headrace.manifests.job import job as job_manifest
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import former_task_run_name
from headrace.manifests.objects import owner


class JobCarrier:
    """Keeps the promises of `Carrier` for containers."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
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
        return await self._identity(start) or await self._job(start, item)

    async def end(self, place: Place, task_run_uid: str, number: int) -> None:
        """Delete an attempt's Job, and its pods with it."""
        name = attempt_name(place, number)
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

    async def _job(self, start: StartAttempt[Container], item: OwnObject) -> Obstacle | None:
        meta = item.metadata
        manifest = job_manifest(start, owner("TaskRun", meta.name, meta.uid))
        found = await create(self._client, JOBS, manifest, Job)
        if owner_uid(found.metadata) != meta.uid:
            await self._not_of_a_former(place_of(item), found)
            return taken(f"Job {found.metadata.name}", self._clock())
        self._caches.jobs.put(found)
        return None

    async def _not_of_a_former(self, place: Place, job: Job) -> None:
        """
        Make sure that no TaskRun with this Job is missing in the cache.

        An earlier controller may have created both a moment ago, with the former name of the
        TaskRun. If the names are the same, the name shows it.

        Raises:
            StaleError: One is missing, and the next turn goes on with it.

        """
        if place.key.kind is RunKind.TASK_RUN:
            return
        name = former_task_run_name(place.key.name, place.task)
        try:
            former = await self._client.get(Ref(TASK_RUNS, place.key.namespace, name), OwnObject)
        except ApiError as error:
            if not not_found(error):
                raise
            return
        self._caches.task_runs.put(former)
        counts = self._caches.task_run(place)
        if counts is not None and counts.metadata.uid == owner_uid(job.metadata):
            raise StaleError(f"TaskRun {name} exists already")

    async def _identity(self, start: StartAttempt[Container]) -> Denied | None:
        """Read the ServiceAccount of an attempt, and let the engine decide."""
        name = identity_needed(start.work)
        opened = False
        if name is not None:
            ref = Ref(SERVICE_ACCOUNTS, start.context.namespace, name)
            account = await self._client.get(ref, Projection)
            opened = account.metadata.labels.get(labels.ALLOW_WORKFLOWS) == "true"
        problem = identity_problem(start.work, opened=opened)
        return Denied(Reason.ADMISSION_DENIED, problem, self._clock()) if problem else None
