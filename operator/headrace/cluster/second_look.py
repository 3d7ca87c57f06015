"""
What is asked before an attempt is put on record as over.

News of each kind comes by a watch of its own, so what a Job, a clock or a silence tells may be
known before the pods that know better. Knows which ends a program itself has told; of all others
the pods are asked for at the API server. Decides nothing.
"""

from collections.abc import Collection, Mapping
from typing import Final

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import MANAGED, Caches
from headrace.engine.run.observed import RunKey
from headrace.engine.task.news import closings
from headrace.engine.task.observed import TaskLog
from headrace.kube.client import Client
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import JOBS, PODS, Ref, Scope
from headrace.manifests.kube import Job, Pod
from headrace.manifests.sighting import WORDLESS

ASKED: Final = 50
"""How many tasks one request asks about: their names stand in its address."""

TOLD_BY_OTHERS: Final = frozenset(
    {Reason.POD_DELETED, Reason.JOB_DELETED, Reason.EVICTED, Reason.PREEMPTED, Reason.NODE_LOST}
    | {Reason.PENDING_TIMEOUT, Reason.TASK_TIMEOUT, Reason.CANCELLED, Reason.START_ERROR}
)
"""Reasons that also an outdated pod, or none, can lead to; so can a success that only a Job told.
All others stand in the status of the very container that ended."""


async def ask_for_pods(client: Client, caches: Caches, key: RunKey, tasks: Collection[str]) -> None:
    """Make the cache show the pods of a run's tasks as they are now."""
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
    """Looks again at attempts that are about to be closed."""

    def __init__(self, caches: Caches, client: Client) -> None:
        """Correct these caches by what the client is told."""
        self._caches = caches
        self._client = client

    async def ask(
        self, key: RunKey, records: Mapping[str, tuple[TaskLog, TaskLog]]
    ) -> frozenset[str]:
        """
        Ask about the attempts that are closed by something else than the end of their programs.

        The caches then show what was told. Costs one request for many tasks, once an attempt.

        Args:
            key: The run.
            records: By task, the log that is on record and the one that is to be.

        Returns:
            The tasks that were asked about. A decision that did not know the answer, or what the
            watch told meanwhile, has to be made again.

        """
        doubtful = {
            task: attempt
            for task, (old, new) in records.items()
            for attempt in closings(old, new)
            if attempt.reason in TOLD_BY_OTHERS or new.message == WORDLESS
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
