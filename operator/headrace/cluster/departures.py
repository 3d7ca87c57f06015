"""
Pods that may still run after their TaskRun is gone.

Knows Jobs and Pods by their labels and names: nothing else names their task. Decides nothing.
"""

from collections.abc import Collection

from headrace.cluster.bounds import forget_oldest
from headrace.cluster.caches import Caches
from headrace.cluster.remains import going_on, is_of
from headrace.cluster.second_look import ask_for_pods
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client

KEPT = 20_000
"""How many tasks without running pods are remembered."""


class Departures:
    """Finds what outlives a TaskRun: its Job for a moment, its Pods for their grace period."""

    def __init__(self, caches: Caches, client: Client) -> None:
        """Read these caches; ask the client if a missing object would have consequences."""
        self._caches = caches
        self._client = client
        self._quiet: dict[tuple[str, str], None] = {}  # Run's uid and task; the oldest first.

    async def of(self, key: RunKey, uid: str, tasks: Collection[str]) -> frozenset[str]:
        """
        Return the tasks of a run that may still have running pods.

        Events of pods may arrive later than events of their TaskRun and Job. So the API server is
        asked once, before a task counts as gone.

        Args:
            key: The run.
            uid: Its uid.
            tasks: Tasks without a TaskRun.

        """
        silent = [
            task
            for task in tasks
            if (uid, task) not in self._quiet and not self._runs_on(key, uid, task)
        ]
        await ask_for_pods(self._client, self._caches, key, silent)
        for task in silent:
            if not self._runs_on(key, uid, task):
                self._quiet[uid, task] = None
        forget_oldest(self._quiet, KEPT)
        return frozenset(task for task in tasks if self._runs_on(key, uid, task))

    def _runs_on(self, key: RunKey, uid: str, task: str) -> bool:
        jobs = self._caches.jobs.by_index((key, task))
        pods = self._caches.pods.by_index((key, task))
        return any(is_of(meta, uid) for meta in going_on(jobs, pods))
