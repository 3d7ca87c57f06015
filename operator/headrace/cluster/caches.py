"""
The caches of the objects of runs, and the run of each object.

Knows kinds, labels and owners. Does not know the source of objects, or their meaning for a run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from headrace.api.v1alpha1 import labels
from headrace.cluster import line, news
from headrace.cluster.awaited import Awaited
from headrace.cluster.backfills import BackfillKey, Backfills
from headrace.cluster.belonging import Place, call_of, elder, owner_uid, place_of, task_run_key
from headrace.cluster.followers import Followers
from headrace.cluster.indexes import (
    approval_index,
    job_index,
    job_of,
    job_ties,
    own_ties,
    pod_index,
    pod_ties,
    pool_of,
    run_index,
    run_of,
    task_run_index,
    ties,
)
from headrace.cluster.kinds import APPROVALS, BACKFILLS, POOLS, TASK_RUNS, WORKFLOW_RUNS
from headrace.cluster.line import Line
from headrace.cluster.lineage import Lineage
from headrace.cluster.news import News
from headrace.cluster.outlived import Outlived
from headrace.cluster.templates import Templates
from headrace.engine.pool.observed import PoolKey, PoolStatusKey
from headrace.engine.run.observed import RunKey, RunKind
from headrace.kube.objects import Meta
from headrace.kube.resources import JOBS, PODS, Resource
from headrace.kube.store import Store, either
from headrace.manifests.approval import Approval
from headrace.manifests.item_pods import index_of
from headrace.manifests.kube import Job, OwnObject, Pod, TemplateObject
from headrace.manifests.names import task_run_names
from headrace.manifests.run_spec import workflow_of
from headrace.manifests.work_spec import wait_until

MANAGED = f"{labels.MANAGED_BY}={labels.HEADRACE}"
"""The selector of Headrace's own Jobs and Pods."""


@dataclass(frozen=True, slots=True)
class WorkflowKey:
    """The key of a workflow."""

    namespace: str
    name: str


Key = RunKey | WorkflowKey | PoolKey | PoolStatusKey | BackfillKey

Watched = Store[OwnObject] | Store[Job] | Store[Pod] | Store[Approval] | Store[TemplateObject]


class Caches:
    """The stores of all kinds that a turn reads."""

    def __init__(
        self,
        look_at: Callable[[Key], None],
        touched: Callable[[str], None],
        container_ended: Callable[[RunKey], None] = lambda _: None,
        look_soon: Callable[[Key], None] | None = None,
        leads: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """
        Start empty.

        Args:
            look_at: Called with the run or workflow of a change.
            touched: Called with the uid of a TaskRun whose picture is outdated by a change.
            container_ended: Called with the run of an ended container, for metrics.
            look_soon: As `look_at`, for a change that nobody waits for.
            leads: Whether this process acts on a namespace. If not, deleted objects there are
                forgotten at once, and no waiting run gets a turn.

        """
        self._look_at = look_at
        self._look_soon = look_soon or look_at
        self._touched = touched
        self._container_ended = container_ended
        self._leads = leads
        self.awaited = Awaited()
        """The awaited tasks, as the last turns saw them."""
        self.line = Line()
        """The next runs of each workflow."""
        self.followers = Followers[WorkflowKey]()
        self.runs = Store(OwnObject, run_index, self._run_changed, leads, own_ties)
        self.task_runs = Store(OwnObject, task_run_index, self._task_run_changed, leads, own_ties)
        self.lineage = Lineage(self.runs, self.task_runs)
        """Which runs are part of others."""
        self.jobs = Store(Job, job_index, self._job_changed, leads, job_ties)
        self.pods = Store(Pod, pod_index, self._pod_changed, leads, pod_ties)
        self.approvals = Store(Approval, approval_index, self._approval_changed, leads, ties)
        self.outlived = Outlived(self.runs, self.jobs, self.pods)
        """The runs that are gone, while something of them still runs."""
        self.crowded: set[PoolKey] = set()
        """The pools that somebody waits for, as their last turns saw it."""
        self.pools = Store(OwnObject, changed=self._pool_changed, remembers=leads)
        self.backfills = Backfills(
            self._tell, lambda workflow: self._look_soon(WorkflowKey(*workflow)), leads
        )
        self.templates = Templates(self._template_changed, leads)

    def stand_by(self) -> None:
        """Forget the knowledge of turns, but not the objects. Another process leads now."""
        self.awaited = Awaited()
        self.line = Line()
        self.crowded.clear()
        for _, _, store in self.watched():
            store.forget_all()

    def watched(self) -> Iterator[tuple[Resource, str, Watched]]:
        """Yield each kind with the label selector of what to watch, and its store."""
        yield WORKFLOW_RUNS, "", self.runs
        yield TASK_RUNS, "", self.task_runs
        yield JOBS, MANAGED, self.jobs
        yield PODS, MANAGED, self.pods
        yield APPROVALS, "", self.approvals
        yield POOLS, "", self.pools
        yield BACKFILLS, "", self.backfills.store
        yield from self.templates.watched()

    def _run_changed(self, old: OwnObject | None, new: OwnObject | None) -> None:
        item = either(old, new)
        meta = item.metadata
        self._tell(RunKey(meta.namespace, meta.name), news.of_own(old, new, begins=True))
        call = call_of(meta)
        if call is not None:
            self._touched(call.task_run_uid)
            self._tell(call.key, news.of_called(old, new))
        workflow = workflow_of(item.spec)
        if workflow is None:
            return
        key = (meta.namespace, workflow)
        if news.has_ended_now(old, new):
            for follower in self.followers.of(WorkflowKey(*key)):
                self._look_at(follower)
        if not self._leads(meta.namespace):
            return
        if line.moved(old, new):
            self._look_soon(WorkflowKey(*key))
            self.backfills.wake(key, News.SOON)
        if line.left(old, new):
            for name in self._may_begin(key):
                self._look_at(RunKey(meta.namespace, name))
            self.backfills.wake(key, News.NOW)

    def _may_begin(self, workflow: tuple[str, str]) -> list[str]:
        """Return the waiting runs of a workflow that may begin now."""
        return self.line.may_begin(workflow, self.lineage.outside(self.runs.by_index(workflow)))

    def keys(self, namespace: str) -> Iterator[Key]:
        """Yield all runs and backfills of a namespace, and the workflows of runs; empty: all."""
        for run in self.runs:
            meta, workflow = run.metadata, workflow_of(run.spec)
            if namespace in ("", meta.namespace):
                yield RunKey(meta.namespace, meta.name)
                if workflow is not None:
                    yield WorkflowKey(meta.namespace, workflow)
        for task_run in self.task_runs:
            key = task_run_key(task_run)
            if key.kind is RunKind.TASK_RUN and namespace in ("", key.namespace):
                yield key
        for pool in self.pools:
            if namespace in ("", pool.metadata.namespace):
                yield PoolKey(*pool.metadata.key)
        yield from self.backfills.keys(namespace)

    def waiting_runs(self, workflow: WorkflowKey) -> Iterator[RunKey]:
        """Yield the runs of a workflow that have not begun."""
        for run in self.runs.by_index((workflow.namespace, workflow.name)):
            if line.waits(run):
                yield RunKey(workflow.namespace, run.metadata.name)

    def task_run(self, place: Place) -> OwnObject | None:
        """Return the TaskRun of a task."""
        key = place.key
        alone = key.kind is RunKind.TASK_RUN
        names = (key.name,) if alone else task_run_names(key.name, place.task)
        found = [self.task_runs.get(key.namespace, name) for name in names]
        own = [item for item in found if item is not None and place_of(item) == place]
        return reduce(elder, own) if own else None

    def _task_run_changed(self, old: OwnObject | None, new: OwnObject | None) -> None:
        item = either(old, new)
        key = task_run_key(item)
        self._touched(item.metadata.uid)
        alone = key.kind is RunKind.TASK_RUN  # A wait has no other object that tells of it.
        worth = news.of_own(old, new, begins=alone or wait_until(item.spec) is not None)
        self._tell(key, worth)
        if old is not None and task_run_key(old) != key:  # It has another owner now.
            self._look_at(task_run_key(old))

    def _job_changed(self, old: Job | None, new: Job | None) -> None:
        meta = either(old, new).metadata
        pool = pool_of(meta)
        if pool is not None:
            self._slots_changed(pool, news.frees_job(old, new))
        worth = news.of_job(old, new)
        if worth is not News.NONE:
            self._touched(owner_uid(meta))
            self._moved(run_of(meta), meta, worth)

    def _approval_changed(self, old: Approval | None, new: Approval | None) -> None:
        meta = either(old, new).metadata
        self._touched(owner_uid(meta))
        key = run_of(meta)
        if key is not None:
            self._tell(key, news.of_approval(old, new))

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        item = either(old, new)
        pool = pool_of(item.metadata)
        if pool is not None:
            self._slots_changed(pool, news.frees_pod(old, new))
        key, task = run_of(item.metadata), item.metadata.labels.get(labels.TASK, "")
        worth = self._worth_of_pod(old, new, key, task)
        if worth is News.NONE:
            return
        if key is not None and index_of(item) is not None:
            worth = News.SOON if self.awaited.has_many_items(key, task) else worth
        if key is not None and worth is News.NOW and news.ended(new) - news.ended(old):
            self._container_ended(key)
        self._moved(key, item.metadata, worth)
        job = self.jobs.get(item.metadata.namespace, job_of(item))
        if job is not None:
            self._touched(owner_uid(job.metadata))
        elif key is not None:  # The Job is gone, and the pod ends later.
            self._touched_by_name(key, task)

    def _worth_of_pod(
        self, old: Pod | None, new: Pod | None, key: RunKey | None, task: str
    ) -> News:
        worth = news.of_pod(old, new)
        if worth is not News.NOW or new is None or new.metadata.deletion_timestamp is not None:
            return worth
        if key is None or not news.succeeded(new) or self.awaited.waits_for(key, task):
            return worth
        return News.SOON

    def _touched_by_name(self, key: RunKey, task: str) -> None:
        alone = key.kind is RunKind.TASK_RUN
        for name in (key.name,) if alone else task_run_names(key.name, task):
            task_run = self.task_runs.get(key.namespace, name)
            if task_run is not None:
                self._touched(task_run.metadata.uid)

    def _moved(self, key: RunKey | None, meta: Meta, worth: News) -> None:
        """Tell the run of a Job or Pod."""
        if key is not None:
            self._tell(key, worth)
            self._leaves(key, meta)

    def _leaves(self, key: RunKey, meta: Meta) -> None:
        """If no pod of a deleted run is left, give the waiting runs a turn."""
        place = meta.namespace, meta.labels.get(labels.WORKFLOW, "")
        if place not in self.line:
            return
        run = self.runs.get(key.namespace, key.name)
        if (run is None or line.may_be_anew(run)) and not self.outlived.has(key):
            for name in self._may_begin(place):
                self._look_at(RunKey(meta.namespace, name))

    def _slots_changed(self, pool: PoolKey, worth: News) -> None:
        """Tell the pool of a Job or Pod. If nobody waits for slots, only its status changes."""
        if worth is News.NONE:
            return
        now = worth is News.NOW and pool in self.crowded
        (self._look_at if now else self._look_soon)(pool)

    def _pool_changed(self, old: OwnObject | None, new: OwnObject | None) -> None:
        item = either(old, new)
        if old is None or new is None or old.spec != new.spec or line.is_another(old, new):
            self._look_at(PoolKey(*item.metadata.key))

    def _template_changed(self, workflow: tuple[str, str]) -> None:
        """Give a turn to a workflow, and to all that wait for its definition."""
        key = WorkflowKey(*workflow)
        self._look_at(key)
        for run in self.waiting_runs(key):
            self._look_at(run)
        self.backfills.wake(workflow, News.NOW)

    def _tell(self, key: Key, worth: News) -> None:
        if worth is News.NOW:
            self._look_at(key)
        elif worth is News.SOON:
            self._look_soon(key)
