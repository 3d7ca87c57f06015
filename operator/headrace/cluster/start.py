"""
Starting and ending attempts: TaskRun, then Job, by derived names.

A name that is taken by our own object is success; by somebody else's, it is said. Knows what the
API server's refusals mean for a start. Decides no start.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, attempt_name, owner_uid, place_of
from headrace.cluster.caches import Caches
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.run.observed import RunKey, RunKind
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import Busy, Denied, Obstacle
from headrace.kube.client import Client
from headrace.kube.errors import (
    ApiError,
    StaleError,
    UnreachableError,
    already_exists,
    conflict,
    not_found,
)
from headrace.kube.objects import Projection
from headrace.kube.resources import JOBS, SERVICE_ACCOUNTS, Ref, Resource
from headrace.manifests import job as job_manifest
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.names import former_task_run_name
from headrace.manifests.objects import owner, task_run

AGAIN = timedelta(seconds=30)
"""How long a refusal that may pass is left alone."""

TRIES = 3
"""How often a create is sent in one turn. After that the run has another turn, each time later."""

REFUSED_FOR_GOOD = (400, 405, 413, 415, 422)


T = TypeVar("T", Job, OwnObject)


class Starter:
    """Makes and removes the objects of attempts."""

    def __init__(self, caches: Caches, client: Client, clock: Callable[[], datetime]) -> None:
        """Write through these caches; `clock` tells when to try a refusal again."""
        self._caches = caches
        self._client = client
        self._clock = clock

    async def start(self, start: StartAttempt, alone: OwnObject | None) -> Obstacle | None:
        """
        Make an attempt's objects, if they are not there yet.

        Args:
            start: The attempt.
            alone: The TaskRun, if it is a run of its own.

        Returns:
            Why it cannot be done now or ever; None if it is done.

        """
        try:
            item = alone or await self._task_run(start)
            if item is None:
                return self._taken(f"TaskRun {task_run(start)['metadata']['name']}")
            return await self._service_account(start) or await self._job(start, item)
        except ApiError as error:
            return self._refusal(error)

    async def end(self, place: Place, task_run_uid: str, number: int) -> None:
        """Delete an attempt's Job, and its pods with it."""
        name = attempt_name(place, number)
        for job in self._caches.jobs.by_index(task_run_uid):
            meta = job.metadata
            if meta.name != name or meta.deletion_timestamp:
                continue
            try:
                # Foreground: the Job stays visible until its pods are gone, so that what must wait
                # for their end can.
                await self._client.delete(
                    Ref(JOBS, meta.namespace, meta.name), uid=meta.uid, propagation="Foreground"
                )
            except ApiError as error:
                if not (not_found(error) or conflict(error)):
                    raise

    async def _task_run(self, start: StartAttempt) -> OwnObject | None:
        """Return the task's TaskRun, made if need be; None if the name is somebody else's."""
        context = start.context
        place = Place(RunKey(context.namespace, context.run), context.run_uid, start.task.name)
        known = self._caches.task_run(place)
        if known is None:
            known = await self._create(TASK_RUNS, task_run(start), OwnObject)
            self._caches.task_runs.put(known)
        return known if place_of(known) == place else None

    async def _job(self, start: StartAttempt, item: OwnObject) -> Obstacle | None:
        meta = item.metadata
        manifest = job_manifest.job(start, owner("TaskRun", meta.name, meta.uid))
        found = await self._create(JOBS, manifest, Job)
        if owner_uid(found.metadata) != meta.uid:
            await self._not_of_a_former(place_of(item), found)
            return self._taken(f"Job {found.metadata.name}")
        self._caches.jobs.put(found)
        return None

    async def _not_of_a_former(self, place: Place, job: Job) -> None:
        """
        Make sure that no watch has yet to tell of a TaskRun that has this Job.

        A controller before this one may have made both a moment ago, the TaskRun under its former
        name. Where names are the same, the name shows it.

        Raises:
            StaleError: It is so, and the next turn goes on with that TaskRun.

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

    async def _create(
        self, resource: Resource, manifest: job_manifest.Manifest, into: type[T]
    ) -> T:
        """Create an object, or return the one that has its name."""
        metadata = manifest["metadata"]
        ref = Ref(resource, metadata["namespace"], metadata["name"])
        for _ in range(TRIES):
            try:
                return await self._client.create(resource, manifest, into, tries=TRIES)
            except ApiError as error:
                if not already_exists(error):
                    raise
            try:
                return await self._client.get(ref, into)
            except ApiError as error:
                if not not_found(error):
                    raise  # Else it went in between, and its name is free now.
        raise UnreachableError(f"{ref} comes and goes")

    async def _service_account(self, start: StartAttempt) -> Denied | None:
        name = start.task.body.service_account_name
        if name is None:
            return self._token_of_nobody(start)
        ref = Ref(SERVICE_ACCOUNTS, start.context.namespace, name)
        found = await self._client.get(ref, Projection)
        if found.metadata.labels.get(labels.ALLOW_WORKFLOWS) == "true":
            return None
        return Denied(
            Reason.ADMISSION_DENIED,
            f"serviceAccountName: ServiceAccount {name!r} may not be used by workflows; "
            f'give it the label {labels.ALLOW_WORKFLOWS}: "true"',
            self._clock(),
        )

    def _token_of_nobody(self, start: StartAttempt) -> Denied | None:
        """Refuse a token of the namespace's default identity, which nobody has opened to tasks."""
        for index, volume in enumerate(start.task.body.volumes):
            sources = (volume.projected or {}).get("sources", ())
            if any("serviceAccountToken" in source for source in sources):
                return Denied(
                    Reason.ADMISSION_DENIED,
                    f"volumes[{index}].projected: a token needs a ServiceAccount that workflows may"
                    " use: set serviceAccountName to one with the label"
                    f' {labels.ALLOW_WORKFLOWS}: "true"',
                    self._clock(),
                )
        return None

    def _taken(self, what: str) -> Denied:
        message = (
            f"{what} exists and belongs to somebody else; delete it if nothing needs it, and start"
            " a new run"
        )
        return Denied(Reason.NAME_TAKEN, message, self._clock())

    def _refusal(self, error: ApiError) -> Obstacle:
        """Say what a refusal means: wait, or never."""
        later = self._clock() + AGAIN
        text = error.message[:900]
        if error.status == 403 and "exceeded quota" in text:  # noqa: PLR2004 - Forbidden
            return Busy(Reason.QUOTA_EXCEEDED, text, later)
        if error.status == 403 and "cannot" in text and "in API group" in text:  # noqa: PLR2004
            return Busy(Reason.FORBIDDEN, text, later)
        if error.status == 403 and "being terminated" in text:  # noqa: PLR2004
            return Busy(Reason.API_UNAVAILABLE, text, later)
        if error.status in REFUSED_FOR_GOOD or error.status == 403:  # noqa: PLR2004
            return Denied(Reason.ADMISSION_DENIED, text, self._clock())
        if not_found(error):
            return Busy(Reason.CONTAINER_CONFIG_ERROR, text, later)
        raise error
