"""
The creation of an attempt's Job, for a program that runs once and for one that runs over items.

A name that our own Job has is success; a name of somebody else's Job is refused. Decides no start.
"""

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, owner_uid, place_of
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.definition.work import Program
from headrace.engine.run.observed import RunKind
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.identity import identity_needed, identity_problem
from headrace.engine.task.obstacles import Denied
from headrace.kube.errors import ApiError, StaleError, not_found
from headrace.kube.objects import Projection
from headrace.kube.resources import JOBS, SERVICE_ACCOUNTS, Ref
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import former_task_run_name
from headrace.manifests.objects import Manifest


class JobMaker:
    """Creates Jobs."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock

    async def make(self, manifest: Manifest, item: OwnObject) -> Job | Denied:
        """
        Create a Job of a TaskRun, or return the existing one.

        Raises:
            StaleError: The Job belongs to an earlier TaskRun of the task. Look again.

        """
        found = await create(self._client, JOBS, manifest, Job)
        if owner_uid(found.metadata) != item.metadata.uid:
            await self._not_of_a_former(place_of(item), found)
            return taken(f"Job {found.metadata.name}", self._clock())
        self._caches.jobs.put(found)
        return found

    async def identity(self, start: StartAttempt[Program]) -> Denied | None:
        """Read the ServiceAccount of an attempt, and let the engine decide."""
        name = identity_needed(start.work)
        opened = False
        if name is not None:
            ref = Ref(SERVICE_ACCOUNTS, start.context.namespace, name)
            account = await self._client.get(ref, Projection)
            opened = account.metadata.labels.get(labels.ALLOW_WORKFLOWS) == "true"
        problem = identity_problem(start.work, opened=opened)
        return Denied(Reason.ADMISSION_DENIED, problem, self._clock()) if problem else None

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
