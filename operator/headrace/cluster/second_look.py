"""
The second look: questions before the end of an attempt is recorded.

Each kind has its own watch. So an end that a Job, a clock or a missing object shows may arrive
before the pods that know better. Knows which ends come from the program itself. For all other ends,
the API server is asked for the pods. Decides nothing.
"""

from collections.abc import Collection, Mapping
from typing import Final

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import MANAGED, Caches
from headrace.engine.run.observed import RunKey
from headrace.engine.task.news import closings
from headrace.engine.task.observed import Attempt, TaskLog
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import JOBS, PODS, Ref, Scope
from headrace.manifests.kube import Job, Pod
from headrace.manifests.sighting import WORDLESS
from headrace.manifests.where import JOB

ASKED: Final = 50
"""How many tasks one request asks about: their names are in its address."""

TOLD_BY_OTHERS: Final = frozenset(
    {Reason.POD_DELETED, Reason.JOB_DELETED, Reason.EVICTED, Reason.PREEMPTED, Reason.NODE_LOST}
    | {Reason.PENDING_TIMEOUT, Reason.TASK_TIMEOUT, Reason.CANCELLED, Reason.START_ERROR}
)
"""Reasons that an outdated or missing pod can also cause, like a success that only a Job shows. All
other reasons are in the status of the ended container itself."""


async def ask_for_pods(client: Client, caches: Caches, key: RunKey, tasks: Collection[str]) -> None:
    """Refresh the cache with the current pods of a run's tasks."""
    names = list(tasks)
    for start in range(0, len(names), ASKED):
        some = names[start : start + ASKED]
        theirs = f"{labels.RUN}={key.name},{labels.TASK} in ({','.join(some)})"
        scope = Scope(PODS, key.namespace, labels=f"{MANAGED},{theirs}")
        known = [pod.metadata for task in some for pod in caches.pods.by_index((key, task))]
        there: set[str] = set()
        async for page in client.pages(scope, Pod):
            for pod in page.objects:
                there.add(pod.metadata.uid)
                caches.pods.put(pod)
        for meta in known:
            if meta.uid not in there:
                caches.pods.remove(meta)


class SecondLook:
    """Looks again at attempts before they are closed."""

    def __init__(self, caches: Caches, client: Client) -> None:
        """Correct these caches with the client's answers."""
        self._caches = caches
        self._client = client

    async def ask(
        self, key: RunKey, records: Mapping[str, tuple[TaskLog, TaskLog]]
    ) -> frozenset[str]:
        """
        Ask about attempts that are closed without the end of their programs.

        The caches then show the answers. This costs one request for many tasks, once an attempt.

        Args:
            key: The run.
            records: By task, the recorded log and the next one.

        Returns: The tasks with a question. A decision without the answers, or without events since
            then, must be made again.

        """
        doubtful = {
            task: attempt
            for task, (old, new) in records.items()
            for attempt in closings(old, new)
            if (attempt.reason in TOLD_BY_OTHERS or new.message == WORDLESS) and _has_pods(attempt)
        }
        if doubtful:
            await ask_for_pods(self._client, self._caches, key, doubtful)
        for attempt in doubtful.values():
            if attempt.reason is Reason.PENDING_TIMEOUT:  # Somebody may hold the Job.
                await self._ask_for_job(key, attempt.where.unit_name)
        return frozenset(doubtful)

    async def _ask_for_job(self, key: RunKey, name: str) -> None:
        jobs = self._caches.jobs
        try:
            found = await self._client.get(Ref(JOBS, key.namespace, name), Job)
        except ApiError as error:
            if not not_found(error):
                raise
            known = jobs.get(key.namespace, name)
            if known is not None:
                jobs.remove(known.metadata)
        else:
            jobs.put(found)


def _has_pods(attempt: Attempt) -> bool:
    """Return whether an attempt is a Job, as far as its log knows."""
    return attempt.where.unit is None or attempt.where.unit.kind == JOB
