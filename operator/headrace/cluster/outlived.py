"""
The runs that are gone, while their Jobs and Pods still run.

Knows the caches of runs, Jobs and Pods. Decides nothing: `engine.run.admission` lets others wait.
"""

from headrace.api.v1alpha1 import labels
from headrace.cluster import line
from headrace.cluster.remains import going_on, is_of
from headrace.engine.run.observed import RunKey
from headrace.kube.store import Store
from headrace.manifests.kube import Job, OwnObject, Pod


class Outlived:
    """Finds runs by what is left of them."""

    def __init__(self, runs: Store[OwnObject], jobs: Store[Job], pods: Store[Pod]) -> None:
        """Read these caches."""
        self._runs = runs
        self._jobs = jobs
        self._pods = pods

    def of(self, namespace: str, workflow: str) -> list[str]:
        """Return the names of a workflow's runs that are gone and may still have running pods."""
        key = (namespace, workflow)
        metas = [job.metadata for job in self._jobs.by_index(key)]
        metas += [pod.metadata for pod in self._pods.by_index(key)]
        names = {meta.labels.get(labels.RUN, "") for meta in metas}
        return sorted(name for name in names if self.has(RunKey(namespace, name)))

    def has(self, key: RunKey) -> bool:
        """Return whether a pod of a deleted run still runs; another run may have its name now."""
        run = self._runs.get(key.namespace, key.name)
        if run is not None and not line.may_be_anew(run):
            return False
        left = going_on(self._jobs.by_index(key), self._pods.by_index(key))
        if run is None or run.metadata.deletion_timestamp is not None:
            return any(left)
        return not all(is_of(meta, run.metadata.uid) for meta in left)
