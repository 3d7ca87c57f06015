"""
The results that caches of tasks find, from the TaskRuns of earlier runs.

An index of the caches finds them: no request, and no look at any other TaskRun. Decides nothing.
"""

from collections.abc import Iterator
from itertools import islice

from headrace.cluster.belonging import place_of
from headrace.cluster.caches import Caches
from headrace.cluster.gather import task_log
from headrace.cluster.indexes import ResultKey
from headrace.engine.run.observed import RunKind
from headrace.engine.task.cache import LOOKED_AT, result_of
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_spec import workflow_of
from headrace.manifests.task_status import has_outcome


class Results:
    """Finds results in the caches."""

    def __init__(self, caches: Caches) -> None:
        """Look into these."""
        self._caches = caches

    def find(self, question: CacheQuestion, entry: CacheEntry) -> Iterator[CachedResult]:
        """Yield the results of the newest TaskRuns of an entry."""
        key = ResultKey(question.namespace, entry.hash)
        ended = [item for item in self._caches.task_runs.by_index(key) if has_outcome(item.status)]
        ended.sort(key=_created, reverse=True)
        own = (item for item in ended if self._is_of(question.workflow, item))
        for item in islice(own, LOOKED_AT):
            result = result_of(item.spec["run"], task_log(item)[0])
            if result is not None:
                yield result

    def _is_of(self, workflow: str, item: OwnObject) -> bool:
        """Return whether a run of a workflow owns a TaskRun: anybody may write a hash into one."""
        place = place_of(item)
        if place.key.kind is not RunKind.WORKFLOW_RUN:
            return False
        run = self._caches.runs.get(place.key.namespace, place.key.name)
        if run is None or run.metadata.uid != place.run_uid:
            return False
        return workflow_of(run.spec) == workflow


def _created(item: OwnObject) -> float:
    created = item.metadata.creation_timestamp
    return 0.0 if created is None else created.timestamp()
