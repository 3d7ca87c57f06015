"""
What really happened in a cluster in memory, noted at its moment, and what must never happen there.

Knows programs, Jobs, TaskRuns and runs by what is written and by what runs. Knows no plan.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from headrace.api.v1alpha1 import labels
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.kube.resources import JOBS
from support.api_hands import holds
from support.api_storage import Change, Object
from support.pods_by_hand import index_of
from support.virtual_time import now

LATE: Final = 15.0
"""After so many seconds everybody who asks the API server knows what was written there."""


class Task(NamedTuple):
    """A task of a run; the run by its uid."""

    run: str
    name: str


class Begin(NamedTuple):
    """A program began."""

    task_run: str
    number: int
    at: float


@dataclass(frozen=True)
class Order:
    """What starts after what."""

    upstream: Mapping[str, Collection[str]]
    last: Collection[str] = ()
    """The `finally` tasks."""
    runs: int | None = None
    """How many runs may go on at a time."""
    slots: int | None = None
    """How many programs may run at a time: all tasks are in one pool. None: any number."""


@dataclass
class Ledger:
    """Listens to all writes and programs, and notes what is wrong."""

    order: Order
    wrongs: list[str] = field(default_factory=list)
    jobs: Counter[tuple[Task, int]] = field(default_factory=Counter)
    begins: defaultdict[Task, list[Begin]] = field(default_factory=lambda: defaultdict(list))
    codes: defaultdict[Task, list[tuple[int, int | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """How the programs ended, with the numbers of their attempts; None: with their node."""
    running: dict[str, Task] = field(default_factory=dict)
    """What runs now, by the pod's uid."""
    items: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Which attempt over items a pod belongs to, by the pod's uid: its Job, and a number."""
    task_runs: dict[str, Object] = field(default_factory=dict)
    """The last version of each TaskRun, by uid."""
    runs: dict[str, Object] = field(default_factory=dict)
    """The last version of each run, by uid."""
    succeeded: dict[Task, float] = field(default_factory=dict)
    """When a pod told first that its program had ended well."""
    revenants: set[str] = field(default_factory=set)
    """Pods that run although one before them told success: a node was lost before the pod's end."""
    ended_at: float = 0.0
    """When the last run ended."""
    _owners: dict[str, str] = field(default_factory=dict)

    def task_of(self, uid: str) -> Task:
        """Return the task of a TaskRun, Job or pod."""
        while uid not in self.task_runs:
            uid = self._owners[uid]
        return self._task(self.task_runs[uid])

    def listen(self, change: Change) -> None:
        """Note a write."""
        item, uid = change.last, change.last["metadata"]["uid"]
        for owner in item["metadata"].get("ownerReferences") or ():
            self._owners.setdefault(uid, owner["uid"])
        if change.resource == JOBS and change.before is None:
            self._job_made(item)
        elif change.resource == TASK_RUNS:
            self._task_run_changed(self.task_runs.get(uid), item)
        elif change.resource == WORKFLOW_RUNS:
            self._run_changed(self.runs.get(uid), item)

    def began(self, pod: Object) -> None:
        """Note that the program of a pod begins."""
        uid = pod["metadata"]["uid"]
        task, number = self.task_of(uid), int(pod["metadata"]["labels"][labels.ATTEMPT])
        if task in self.succeeded:
            self.revenants.add(uid)
            return
        self._may_start(task, f"the program of attempt {number}", _of_items(pod))
        self.running[uid] = task
        items = _of_items(pod)
        if items is not None:
            self.items[uid] = items
        if self.order.slots is not None and len(self.running) > self.order.slots:
            running = sorted(f"{each.name} of {each.run}" for each in self.running.values())
            self.wrong(f"{running} run at the same time, in {self.order.slots} slots")
        begin = Begin(self._owners[self._owners[uid]], number, now())
        if any(each.task_run != begin.task_run for each in self.begins[task]):
            self.wrong(f"{task} runs again after its TaskRun was deleted")
        if "completionTime" in self.runs[task.run].get("status", {}):
            self.wrong(f"{task} begins after the end of its run")
        self.begins[task].append(begin)

    def ended(self, pod: Object, code: int | None) -> None:
        """Note that the program of a pod has ended."""
        uid = pod["metadata"]["uid"]
        if uid in self.revenants:
            self.revenants.remove(uid)
            return
        task = self.running.pop(uid)
        if index_of(pod):  # The first item stands for all: the others end well.
            return
        self.codes[task].append((int(pod["metadata"]["labels"][labels.ATTEMPT]), code))
        if code == 0 and index_of(pod) is None:
            self.succeeded.setdefault(task, now())

    def wrong(self, words: str) -> None:
        """Note what must not happen."""
        self.wrongs.append(f"{now() - 1000:6.1f} s: {words}")

    def _job_made(self, job: Object) -> None:
        meta = job["metadata"]
        task, number = self.task_of(meta["uid"]), int(meta["labels"][labels.ATTEMPT])
        self.jobs[task, number] += 1
        if self.jobs[task, number] > 1:
            self.wrong(f"attempt {number} of {task} has a second Job")
        self._may_start(task, f"the Job of attempt {number}")

    def _may_start(self, task: Task, what: str, beside: tuple[str, int] | None = None) -> None:
        """Note beside what a task starts that should be over before; `beside`: of which items."""
        upstream, last = self.order.upstream[task.name], self.order.last
        for uid, other in self.running.items():
            if other == task and beside is not None and beside == self.items.get(uid):
                continue
            if other == task:
                self.wrong(f"{what} of {task.name} starts beside another of the task")
            elif other.run == task.run and (
                other.name in upstream or (task.name in last and other.name not in last)
            ):
                self.wrong(f"{what} of {task.name} starts beside {other.name}")
        runs = {task.run, *(other.run for other in self.running.values())}
        if self.order.runs is not None and len(runs) > self.order.runs:
            self.wrong(f"{what} of {task} starts beside {runs - {task.run}}")

    def _task_run_changed(self, old: Object | None, new: Object) -> None:
        self.task_runs[new["metadata"]["uid"]] = new
        task = self._task(new)
        before, after = (each.get("status", {}).get("outcome") for each in (old or {}, new))
        if before not in (None, after):
            self.wrong(f"{task} was {before} and is {after}")
        since = self.succeeded.get(task, now())
        if before is None and after in ("Failed", "Cancelled") and now() - since > LATE:
            self.wrong(f"{task} is {after}, and its program had ended well long before")

    def _run_changed(self, old: Object | None, new: Object) -> None:
        uid = new["metadata"]["uid"]
        self.runs[uid] = new
        ends = "completionTime" in new.get("status", {})
        if not ends or (old is not None and "completionTime" in old.get("status", {})):
            return
        self.ended_at = now()
        for task in self.running.values():
            if task.run == uid:
                self.wrong(f"the run of {task} ends, and that still runs")

    @staticmethod
    def _task(task_run: Object) -> Task:
        owner = task_run["metadata"]["ownerReferences"][0]
        return Task(owner["uid"], task_run["spec"]["task"])


def _of_items(pod: Object) -> tuple[str, int] | None:
    """Return the Job whose items a pod runs one of; None: it runs no item."""
    if index_of(pod) is None:
        return None
    meta = pod["metadata"]
    return meta["ownerReferences"][0]["uid"], int(meta["labels"][labels.ATTEMPT])


def is_open(job: Object) -> bool:
    """Tell whether a Job may still run something."""
    return not holds(job, "Complete") and not holds(job, "Failed")
