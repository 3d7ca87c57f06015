"""
The keys by which caches find the objects of runs.

Knows labels and owners. Knows no cache.
"""

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from headrace.api.v1alpha1 import labels
from headrace.cluster.belonging import call_of, owner_uid, task_run_key
from headrace.engine.pool.observed import PoolKey
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.objects import Meta
from headrace.manifests.approval import Approval
from headrace.manifests.items_sighting import over
from headrace.manifests.kube import Job, OwnObject, Pod
from headrace.manifests.pods import active
from headrace.manifests.run_spec import workflow_of
from headrace.manifests.work_spec import cache_hash_of


def run_of(meta: Meta) -> RunKey | None:
    """Return the run of a Job or Pod, from its labels."""
    run = meta.labels.get(labels.RUN)
    if not run:
        return None
    kind = RunKind.WORKFLOW_RUN if labels.WORKFLOW in meta.labels else RunKind.TASK_RUN
    return RunKey(meta.namespace, run, kind)


def job_of(pod: Pod) -> str:
    """Return the name of a Pod's Job. A Pod that its Job has released has it in its own name."""
    owners = (owner.name for owner in pod.metadata.owner_references if owner.kind == "Job")
    return next(owners, pod.metadata.name.rpartition("-")[0])


def run_index(item: OwnObject) -> Iterator[RunKey | str | tuple[str, str]]:
    """
    Yield the keys of a WorkflowRun.

    A run that was called is found, and forgotten, by the calling run and the TaskRun.
    """
    meta, call = item.metadata, call_of(item.metadata)
    yield RunKey(meta.namespace, meta.name) if call is None else call.key
    if call is not None:
        yield call.task_run_uid
    workflow = workflow_of(item.spec)
    if workflow is not None:
        yield item.metadata.namespace, workflow


def backfill_index(item: OwnObject) -> Iterator[str | tuple[str, str]]:
    """Yield the keys of a Backfill: its uid, which its runs carry, its name, its workflow."""
    yield item.metadata.uid
    yield "/".join(item.metadata.key)
    workflow = workflow_of(item.spec)
    if workflow is not None:
        yield item.metadata.namespace, workflow


class ResultKey(NamedTuple):
    """The key of the TaskRuns with a result that later runs can find."""

    namespace: str
    cache_hash: str


def task_run_index(item: OwnObject) -> Iterator[RunKey | ResultKey]:
    """Yield the run of a TaskRun, and by what its result is found."""
    yield task_run_key(item)
    cache_hash = cache_hash_of(item.spec)
    if cache_hash:
        yield ResultKey(item.metadata.namespace, cache_hash)


def attempt_index(item: Job | Pod) -> Iterator[RunKey | str | tuple[RunKey | str, str]]:
    """Yield the keys of a Job or Pod: its owner, its workflow, its run, its task."""
    yield owner_uid(item.metadata)
    if labels.WORKFLOW in item.metadata.labels:
        yield item.metadata.namespace, item.metadata.labels[labels.WORKFLOW]
    for key in _runs_of(item.metadata):
        yield key
        yield key, item.metadata.labels.get(labels.TASK, "")


def job_index(item: Job) -> Iterator[Hashable]:
    """Yield the keys of a Job; one that has not ended has its pool among them."""
    yield from attempt_index(item)
    pool = pool_of(item.metadata)
    if pool is not None and not over(item):
        yield pool


def pod_index(item: Pod) -> Iterator[Hashable]:
    """Yield the keys of a Pod; one that has not ended has its pool among them."""
    yield from attempt_index(item)
    pool = pool_of(item.metadata)
    if pool is not None and active(item):
        yield pool


def pool_of(meta: Meta) -> PoolKey | None:
    """Return the pool whose slots a Job or Pod holds."""
    name = meta.labels.get(labels.POOL)
    return PoolKey(meta.namespace, name) if name else None


def approval_index(item: Approval) -> Iterator[RunKey | str]:
    """Yield the keys of an Approval: its TaskRun and its run."""
    yield owner_uid(item.metadata)
    yield from _runs_of(item.metadata)


def ties(item: Approval) -> object:
    """Return what the index of Approvals reads."""
    return item.metadata.labels, item.metadata.owner_references


def job_ties(item: Job) -> object:
    """Return what the index of Jobs reads."""
    meta = item.metadata
    return meta.labels, meta.owner_references, labels.POOL in meta.labels and over(item)


def pod_ties(item: Pod) -> object:
    """Return what the index of Pods reads."""
    meta = item.metadata
    return meta.labels, meta.owner_references, labels.POOL in meta.labels and active(item)


def own_ties(item: OwnObject) -> object:
    """Return what the index of our own objects reads."""
    return item.metadata.owner_references, item.spec


def _runs_of(meta: Meta) -> Iterator[RunKey]:
    """Yield the run: deleted objects are forgotten by it, in any order."""
    key = run_of(meta)
    if key is not None:
        yield key
