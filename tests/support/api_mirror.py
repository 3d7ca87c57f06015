"""
What runs look like on the API server in memory, in the words of the world in memory.

So invariants and stories read both worlds in the same way. Jobs and pods are read as they are, not
as the product reads them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.run import DesiredState, TriggerKind
from headrace.cluster.gather import task_log
from headrace.cluster.kinds import APPROVALS, TASK_RUNS, WORKFLOW_RUNS
from headrace.cluster.run_log import run_log
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Approval, Approvals, ChildRuns, Timers, work_of_one
from headrace.engine.run.observed import RunKey
from headrace.engine.task.observed import Sighting, Stage
from headrace.kube.resources import JOBS, PODS
from headrace.manifests.kube import OwnObject
from headrace.manifests.where import asked_in, where
from support.api_storage import Object, Storage
from support.fake_cluster import FakeJob, FakeRun, FakeTaskRun
from support.pods_by_hand import active, ended_items, finished, indexed, may_run, owners, state


class Mirror:
    """Brings runs up to date with the server."""

    def __init__(
        self,
        storage: Storage,
        runs: dict[RunKey, FakeRun],
        workflows: Mapping[str, Definition],
    ) -> None:
        self._storage = storage
        self._runs = runs
        self._workflows = workflows
        self._records: dict[str, FakeTaskRun] = {}  # By the TaskRun's uid.
        self._counted = 0
        self._shown: tuple[int, tuple[RunKey, ...]] | None = None
        self.jobs_made: Counter[tuple[str, str, int]] = Counter()
        """By run's uid, task and attempt."""
        self.children_made: Counter[tuple[str, str, int, int]] = Counter()
        """By run's uid, task, attempt and index."""

    def refresh(self) -> None:
        """Bring all runs up to date, if anything has changed."""
        shown = self._storage.version, tuple(self._runs)
        if shown == self._shown:
            return
        self._count_jobs()
        for run in tuple(self._runs.values()):
            self._show(run)
        self._adopt()
        self._shown = self._storage.version, tuple(self._runs)

    def _count_jobs(self) -> None:
        uids = {key.name: run.uid for key, run in self._runs.items()}
        for change in self._storage.since(self._counted):
            made = change.before is None and change.resource in (JOBS, WORKFLOW_RUNS, APPROVALS)
            if made and change.after is not None:
                own = change.after["metadata"].get("labels", {})
                number = _number(change.after) if own.get(labels.RUN) in uids else 0
                index = _index(change.after)
                if number and index is not None:
                    item = (uids[own[labels.RUN]], own[labels.TASK], number, index)
                    self.children_made[item] += 1
                elif number:
                    self.jobs_made[uids[own[labels.RUN]], own[labels.TASK], number] += 1
            if change.resource == TASK_RUNS and change.before is None and change.after is not None:
                spec = change.after["spec"]  # The TaskRun of a wait is its attempt.
                if ("waitUntil" in spec or "work" in spec.get("items", {})) and spec.get(
                    "run"
                ) in uids:
                    self.jobs_made[uids[spec["run"]], spec["task"], 1] += 1
        self._counted = self._storage.version

    def _adopt(self) -> None:
        """Take in the runs that tasks have called."""
        records = {uid: record for uid, record in self._records.items() if not record.deleted}
        for item in self._storage.all(WORKFLOW_RUNS):
            meta = item["metadata"]
            key = RunKey(meta["namespace"], meta["name"])
            number = meta.get("labels", {}).get(labels.ATTEMPT)
            (record, *_) = [records[uid] for uid in owners(item) if uid in records] or [None]
            if number is None or record is None or key in self._runs:
                continue
            spec, index = item["spec"], _index(item)
            called = self._runs[key] = FakeRun(
                key,
                meta["uid"],
                self._workflows.get(spec["workflow"]),
                datetime.fromisoformat(meta["creationTimestamp"]),
                workflow=spec["workflow"],
                given={each["name"]: each["value"] for each in spec.get("params", ())},
                logical_time=datetime.fromisoformat(spec["logicalTime"]),
                trigger=TriggerKind(spec["trigger"]),
            )
            if index is None:
                record.called[int(number)] = called
            else:
                record.children[int(number), index] = called
            self._show(called)

    def _show(self, run: FakeRun) -> None:
        item = self._storage.find(WORKFLOW_RUNS, (run.key.namespace, run.key.name))
        if item is None:
            run.deleted = True
            self._runs.pop(run.key, None)
            return
        run.passed = DesiredState(item["spec"].get("callerState", "Run"))
        run.log = run.told = run_log(msgspec.convert(item, OwnObject))
        run.generation = item["metadata"]["generation"]
        run.desired = run.told_desired = DesiredState(item["spec"].get("desiredState", "Run"))
        there = set()
        for task_run in self._storage.all(TASK_RUNS):
            if run.uid in owners(task_run):
                uid = task_run["metadata"]["uid"]
                record = self._records.setdefault(uid, FakeTaskRun())
                record.env = {
                    each["name"]: each.get("value", "") for each in task_run["spec"].get("env", ())
                }
                if run.definition is not None and "work" in task_run["spec"].get("items", {}):
                    work = run.definition.tasks[task_run["spec"]["task"]].work
                    assert isinstance(work, Timers | ChildRuns | Approvals)
                    record.each = work
                record.log, _ = task_log(msgspec.convert(task_run, OwnObject))
                run.task_runs.setdefault(task_run["spec"]["task"], record)
                there.add(id(record))
        for name, record in (*run.task_runs.items(), *run.remains.items()):
            record.deleted = record.told_deleted = id(record) not in there
            self._show_attempts(run, name, record)

    def _show_attempts(self, run: FakeRun, task: str, record: FakeTaskRun) -> None:
        jobs = dict(_of(self._storage.all(JOBS), run, task))
        pods: dict[int, list[Object]] = {}
        for number, pod in _of(self._storage.all(PODS), run, task):
            pods.setdefault(number, []).append(pod)
        questions = list(_of(self._storage.all(APPROVALS), run, task))
        asked = {number: each for number, each in questions if _index(each) is None}
        about = {(n, i): each for n, each in questions if (i := _index(each)) is not None}
        known_items = (k for k, each in record.children.items() if isinstance(each, FakeJob))
        for key in {*about, *known_items}:
            new = FakeJob(Sighting(key[0], Stage.RUNNING))
            item = record.children.setdefault(key, new)
            assert isinstance(item, FakeJob)
            _ask(item, run, task, about.get(key))
        for number in {*asked, *(n for n, job in record.jobs.items() if job.asks is not None)}:
            known = record.jobs.setdefault(number, FakeJob(Sighting(number, Stage.RUNNING)))
            _ask(known, run, task, asked.get(number))
        others = (n for n, job in record.jobs.items() if job.asks is None)
        for number in {*jobs, *pods, *others}:
            known = record.jobs.setdefault(number, FakeJob(Sighting(number, Stage.STARTING)))
            known.removed = number not in jobs and number not in pods
            known.sighting = _sight(known.sighting, jobs.get(number), pods.get(number, []))
            known.told = known.sighting


def _of(items: Iterable[Object], run: FakeRun, task: str) -> Iterator[tuple[int, Object]]:
    for item in items:
        own = item["metadata"].get("labels", {})
        if (own.get(labels.RUN), own.get(labels.TASK)) == (run.key.name, task):
            yield _number(item), item


def _number(item: Object) -> int:
    """Return the number of an attempt: a label of a Job or Pod, a field of an Approval."""
    return int(item["metadata"]["labels"].get(labels.ATTEMPT) or item["spec"]["attempt"])


def _index(item: Object) -> int | None:
    """Return the index of the item that a run or an Approval is for; None: it is for a task."""
    written = item["metadata"].get("labels", {}).get(labels.INDEX)
    return None if written is None else int(written)


def _ask(known: FakeJob, run: FakeRun, task: str, item: Object | None) -> None:
    """Say how a question is, which was so before."""
    assert run.definition is not None
    work = run.definition.tasks[task].work
    work = work_of_one(work)
    assert isinstance(work, Approval)
    known.asks, known.removed = work, item is None
    answered = item is not None and "answer" in item["spec"]
    closed = item is None or "completionTime" in item["status"]
    known.sighting = replace(
        known.sighting,
        where=known.sighting.where if item is None else asked_in(item["metadata"]["name"]),
        stage=Stage.ENDED if answered or closed else Stage.RUNNING,
        alive=not (answered or closed),
        leaving=item is None,
    )
    known.told = known.sighting


def _sight(before: Sighting, job: Object | None, pods: list[Object]) -> Sighting:
    """Say how an attempt is, which was so before."""
    leaving = job is None or "deletionTimestamp" in job["metadata"]
    newest = max(pods, key=lambda pod: pod["metadata"]["number"], default=None)
    names = [each and each["metadata"]["name"] for each in (job, newest)]
    place = where(*names, newest and newest["spec"].get("nodeName"))
    if job is not None and indexed(job):
        return _sight_items(before, job, pods, leaving=leaving)
    return replace(
        before,
        memory=before.memory or (job and job["metadata"]["annotations"].get(labels.MEMORY)),
        where=place.over(before.where),
        stage=_stage(before, job, newest, leaving=leaving),
        alive=any(map(may_run, pods)) or _makes_another(job, pods),
        leaving=leaving,
    )


def _sight_items(before: Sighting, job: Object, pods: list[Object], *, leaving: bool) -> Sighting:
    """Say how an attempt over items is."""
    goes_on = any(map(may_run, pods))
    open_ = not finished(job) and len(ended_items(job)) < job["spec"]["completions"]
    running = any("running" in state(pod) for pod in pods)
    stage = Stage.GONE if leaving else Stage.RUNNING if running else Stage.STARTING
    return replace(
        before,
        where=where(job["metadata"]["name"]),
        stage=stage if goes_on or open_ else Stage.ENDED,
        alive=goes_on or (open_ and not leaving),
        leaving=leaving,
    )


def _makes_another(job: Object | None, pods: Iterable[Object]) -> bool:
    """Tell whether a Job may make a pod, at once or when somebody lets go of it."""
    over = job is None or finished(job) or "deletionTimestamp" in job["metadata"]
    return not over and not any("terminated" in state(pod) for pod in pods)


def _stage(before: Sighting, job: Object | None, pod: Object | None, *, leaving: bool) -> Stage:
    over = (job is not None and finished(job)) or (pod is not None and not active(pod))
    if over or before.stage is Stage.ENDED:
        return Stage.ENDED
    if leaving:
        return Stage.GONE
    return Stage.RUNNING if pod is not None and "running" in state(pod) else Stage.STARTING
