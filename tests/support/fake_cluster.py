"""
A cluster in memory, at the level of what a world can see of it: runs, TaskRuns, a Job per attempt.

Each thing is kept twice: as it is, and as the controller has been told. Tests end attempts, delete
things, lose nodes; the controller's own writes go through `write`, where it can be made to crash.
Time stands still until a test moves it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import DesiredState, Interval, TriggerKind
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.expressions.types import Value
from headrace.engine.definition.work import Approval, Approvals, ChildRun, ChildRuns, FanOut, Timers
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.run.observed import RunKey, RunKind, RunLog
from headrace.engine.task.actions import Share, StartAttempt
from headrace.engine.task.answers import answer_words, question_words, without_answer
from headrace.engine.task.classify import exit_words
from headrace.engine.task.observed import (
    Answered,
    Ending,
    One,
    SeenItems,
    Sighting,
    Stage,
    TaskLog,
)
from headrace.manifests.approval import DELETED
from headrace.manifests.where import asked_in, where
from support.builders import NOON

ENDS = {Reason.OOM_KILLED: "the container used more memory than its limit"}
"""What a cluster says of some ends."""


class CrashError(Exception):
    """The controller's process ended."""


class LostAnswerError(Exception):
    """A write was carried out, and its answer did not arrive."""


class Fault(Enum):
    """What goes wrong with a write."""

    CRASH_BEFORE = "the process ends before it"
    CRASH_AFTER = "the process ends after it"
    ANSWER_LOST = "it is carried out, and the controller does not learn so"


@dataclass
class FakeJob:
    """One attempt."""

    sighting: Sighting
    told: Sighting | None = None
    removed: bool = False
    """Nothing is left of it but memories."""
    lost: int = 0
    """How many pods of it were lost."""
    haunted: bool = False
    """It ran once more after its end."""
    asks: Approval | None = None
    """What people are asked; None: it is a Job."""
    todo: Places = NO_PLACES
    """The items that it runs, if it runs items."""
    share: Share | None = None
    """The pool whose slots it holds."""
    parallel: int = 1
    """How many of its programs may run at the same time."""


@dataclass
class FakeTaskRun:
    """A TaskRun and its Jobs."""

    log: TaskLog = field(default_factory=TaskLog)
    version: int = 0
    told: TaskLog = field(default_factory=TaskLog)
    told_version: int = 0
    deleted: bool = False
    told_deleted: bool = False
    jobs: dict[int, FakeJob] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """The variables with a value in its spec, by name."""
    made: datetime | None = None
    """When it was created, if it is a wait; and until when it waits."""
    until: datetime | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    """The values of other expressions in its spec, by their path in the task."""
    called: "dict[int, FakeRun]" = field(default_factory=dict)
    """By attempt: the runs that it has called."""

    each: Timers | ChildRuns | Approvals | None = None
    """What it does for each item, if that is no program."""
    cache_hash: str = ""
    """By what later runs find its result."""
    children: "dict[tuple[int, int], FakeRun | FakeJob]" = field(default_factory=dict)
    """By attempt and index: the runs or the questions of its items."""

    def newest(self) -> FakeJob:
        """Return the Job of the newest attempt."""
        return self.jobs[max(self.jobs)]


@dataclass
class FakeRun:
    """A WorkflowRun, or a TaskRun on its own, and what belongs to it."""

    key: RunKey
    uid: str
    definition: Definition | None
    created: datetime
    workflow: str = "etl"
    given: Mapping[str, bool | int | str] = field(default_factory=dict)
    logical_time: datetime | None = None
    interval: Interval | None = None
    trigger: TriggerKind = TriggerKind.MANUAL
    priority: int | None = None
    generation: int = 1
    desired: DesiredState = DesiredState.RUN
    told_desired: DesiredState = DesiredState.RUN
    refusal: tuple[Reason, str] | None = None
    hindrance: tuple[Reason, str] | None = None
    log: RunLog = field(default_factory=RunLog)
    version: int = 0
    told: RunLog = field(default_factory=RunLog)
    told_version: int = 0
    task_runs: dict[str, FakeTaskRun] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Tasks whose TaskRun was deleted before the controller's last start."""
    remains: dict[str, FakeTaskRun] = field(default_factory=dict)
    """What there was of them. Something of it may still run."""
    passed: DesiredState = DesiredState.RUN
    """What the calling run has passed on."""
    callers: tuple[str, ...] = ()
    rerun: RerunOf | None = None
    """What it repeats."""
    cache: CacheMode | None = None
    """What it does with the caches of its tasks."""
    deleted: bool = False
    """Somebody has deleted it."""

    @property
    def alone(self) -> bool:
        """Whether it is a TaskRun on its own."""
        return self.key.kind is RunKind.TASK_RUN

    def forget_deleted(self) -> None:
        """Act as if nobody had seen any TaskRun vanish: a list says nothing of what is gone."""
        gone = {name: record for name, record in self.task_runs.items() if record.deleted}
        self.lost |= gone.keys()
        self.remains |= gone
        for name in gone:
            del self.task_runs[name]


class FakeCluster:
    """Keeps what survives a crash of the controller, and does what people and machines do."""

    def __init__(self) -> None:
        self.now = NOON
        self.runs: dict[RunKey, FakeRun] = {}
        self.slow = False
        """Whether changes by others are told only when a test says so."""
        self.lingering = False
        """Whether what is being removed takes its time, until `sweep`."""
        self.refusals: dict[str, tuple[Reason, str]] = {}
        """By task: why its Job is refused."""
        self.no_task_runs: dict[str, tuple[Reason, str]] = {}
        """By task: why even its TaskRun is refused."""
        self.guarded = True
        """Whether nobody but the approvers can answer a question that names some."""
        self.faults: dict[int, Fault] = {}
        """By number of the write, from 1."""
        self.writes: list[str] = []
        self.workflows: dict[str, Definition] = {}
        """What tasks can call, by name."""
        self.pools: dict[str, int] = {}
        """The slots of the pools that exist, by name."""
        self.departed: list[FakeRun] = []
        """Runs that somebody has deleted. Something of them may still run."""
        self.jobs_made: Counter[tuple[str, str, int]] = Counter()
        """By run's uid, task and attempt."""
        self.children_made: Counter[tuple[str, str, int, int]] = Counter()
        """By run's uid, task, attempt and index."""

    # --- the controller's own writes ----------------------------------------------------------

    def write(self, what: str, effect: Callable[[], None]) -> None:
        """Carry out a write, or what of it the planned fault lets happen."""
        self.writes.append(what)
        fault = self.faults.pop(len(self.writes), None)
        if fault is Fault.CRASH_BEFORE:
            raise CrashError(what)
        effect()
        if fault is Fault.CRASH_AFTER:
            raise CrashError(what)
        if fault is Fault.ANSWER_LOST:
            raise LostAnswerError(what)

    def make_job(self, run: FakeRun, start: StartAttempt[Any]) -> None:
        """Make an attempt's Job."""
        task, number, work = start.task, start.number, start.work
        self.jobs_made[run.uid, task, number] += 1
        place = where(f"{task}-{number}")
        sighting = Sighting(number, Stage.STARTING, place, created=self.now, memory=start.memory)
        job = run.task_runs[task].jobs[number] = FakeJob(sighting, share=start.share)
        if isinstance(work, FanOut):
            job.todo, job.parallel = work.todo, work.max_parallel or len(work.todo)
            seen = SeenItems(work.total, digest=work.digest)
            job.sighting = replace(sighting, items=seen)

    def call(self, run: FakeRun, start: StartAttempt[ChildRun]) -> None:
        """Make the run that an attempt calls."""
        self.jobs_made[run.uid, start.task, start.number] += 1
        run.task_runs[start.task].called[start.number] = self.called(run, start, start.work)

    def called(
        self, run: FakeRun, start: StartAttempt[Any], work: ChildRun, item: str = ""
    ) -> FakeRun:
        """Make a run that a task calls."""
        name = f"{run.key.name}-{start.task}-{start.number}{item}"
        missing = (Reason.WORKFLOW_NOT_FOUND, f"there is no Workflow {work.workflow!r} here")
        definition = self.workflows.get(work.workflow)
        called = FakeRun(
            RunKey(run.key.namespace, name),
            f"uid-{name}",
            definition,
            self.now,
            workflow=work.workflow,
            given=work.params,
            logical_time=run.logical_time or run.created,
            interval=run.interval,
            trigger=TriggerKind.CALL,
            priority=start.priority,
            hindrance=missing if definition is None else None,
            callers=(*run.callers, run.workflow),
            rerun=None if work.rerun_of is None else RerunOf(name=work.rerun_of),
            cache=start.context.cache,
        )
        self.runs[called.key] = called
        return called

    def delete_called(self, run: FakeRun, task: str) -> None:
        """Let somebody delete the newest run that a task has called."""
        called = run.task_runs[task].called
        gone = called[max(called)]
        gone.deleted = True
        del self.runs[gone.key]
        self.departed.append(gone)
        for record in gone.task_runs.values():
            for job in record.jobs.values():
                if not job.removed:
                    self.remove_job(job)

    def delete_run(self, run: FakeRun) -> None:
        """Let somebody delete a run that has ended, with its TaskRuns."""
        run.deleted = True
        del self.runs[run.key]

    def ask(self, run: FakeRun, task: str, number: int, asked: Approval) -> None:
        """Make an attempt's Approval."""
        self.jobs_made[run.uid, task, number] += 1
        run.task_runs[task].jobs[number] = self.question(task, number, asked)

    def question(self, task: str, number: int, asked: Approval, item: str = "") -> FakeJob:
        """Make an Approval."""
        request, deadline = asked.asked, asked.deadline
        name = f"{task}-{number}{item}"
        words = question_words(request.message, request.choices, f"Approval {name}", deadline)
        expected = None
        if deadline is not None:
            expected = without_answer(deadline, request.on_timeout, request.failing)
        sighting = Sighting(
            *(number, Stage.RUNNING, asked_in(name)),
            created=self.now,
            started=self.now,
            waiting=Reason.WAITING_FOR_APPROVAL,
            message=words,
            expected=expected,
        )
        return FakeJob(sighting, asks=asked)

    def close(self, job: FakeJob) -> None:
        """Say of a question that it is over."""
        job.sighting = replace(job.sighting, alive=False, unclosed=False)
        self._changed(job)

    def remove_job(self, job: FakeJob) -> None:
        """Begin to remove a Job and what runs of it, or an Approval."""
        if job.asks is not None:
            self._withdraw(job)
            return
        stage = Stage.ENDED if job.sighting.ending is not None else Stage.GONE
        job.sighting = replace(job.sighting, stage=stage, leaving=True)
        if not (self.lingering and job.sighting.alive):
            self._vanish(job)
        self._changed(job)

    # --- what people and machines do ----------------------------------------------------------

    def begin(self, job: FakeJob, node: str = "node") -> None:
        """Let the program of an attempt run."""
        unit, another = job.sighting.where.unit_name, f"-{job.lost + 1}" if job.lost else ""
        placed = {"where": where(unit, f"{unit}-pod{another}", node), "instance_created": self.now}
        self._move(job, Stage.RUNNING, started=self.now, scheduled=self.now, **placed)

    def stall(self, job: FakeJob, waiting: Reason | None, message: str) -> None:
        """Keep an attempt from running, for a reason."""
        self._move(job, Stage.STARTING, waiting=waiting, message=message)

    def resume(self, job: FakeJob) -> None:
        """Let go of an attempt that was held."""
        self._move(job, Stage.STARTING, waiting_since=self.now)

    def end(
        self, job: FakeJob, code: int | None = 0, reason: Reason | None = None, output: str = ""
    ) -> None:
        """Let an attempt end, with an exit code or for a reason."""
        if job.sighting.started is None and reason is None:
            self.begin(job)
        words = exit_words(code) if code else ENDS.get(reason, "") if reason else ""
        ending = Ending(self.now, One(code), reason, words, output)
        self._move(job, Stage.ENDED, ending=ending, alive=False)

    def answer(self, job: FakeJob, choice: str, by: str = "alice", comment: str = "") -> None:
        """Let somebody answer a question, if that is still possible."""
        assert job.asks is not None
        request, deadline = job.asks.asked, job.asks.deadline
        late = deadline is not None and self.now > deadline
        if late or not job.sighting.alive or job.sighting.ending is not None:
            return
        name = by if self.guarded else ""  # Without a policy, anybody can write any name.
        answer = Answered(choice, name, comment, choice in request.failing)
        ending = Ending(self.now, message=answer_words(answer), answer=answer)
        if request.approvers is not None and not self.guarded:
            ending = Ending(self.now, reason=Reason.APPROVAL_NOT_GUARDED, message="not guarded")
        self._move(job, Stage.ENDED, ending=ending, alive=False, unclosed=True)

    def lose(self, job: FakeJob) -> None:
        """Take an attempt's node away: its Job makes another pod."""
        sighting, job.lost = job.sighting, job.lost + 1
        fresh = {"where": sighting.where.only_unit(), "scheduled": None, "started": None}
        lost = sighting.lost or _loss(sighting)
        words = {"lost": lost, "message": f"{lost}; the Job makes another"}
        self._move(job, Stage.STARTING, waiting_since=self.now, **fresh, **words)

    def disrupt(self, job: FakeJob) -> None:
        """Let a node say that it will lose the pod of an attempt soon."""
        leaves = f"{job.sighting.where.instance} is being removed: EvictionByEvictionAPI"
        self._move(job, Stage.RUNNING, message=leaves, lost=_loss(job.sighting))

    def items_made(self, job: FakeJob) -> list[int]:
        """Return the items that have, or had, a pod of a Job."""
        return list(job.todo)

    def begin_item(self, job: FakeJob, index: int) -> None:
        """Let the program of an item run."""
        seen = items_of(job)
        running = seen.running | Places.of([index])
        self._move_items(job, replace(seen, running=running))

    def end_item(self, job: FakeJob, index: int, code: int = 0, output: str = "") -> None:
        """Let the program of an item end."""
        assert index in job.todo
        seen, words = items_of(job), exit_words(code) if code else ""
        ended = {**seen.ended, index: Ending(self.now, One(code), None, words, output)}
        self._move_items(job, replace(seen, ended=ended, running=seen.running - Places.of([index])))

    def _move_items(self, job: FakeJob, seen: SeenItems) -> None:
        over = not job.todo - Places.of(seen.ended)
        stage = Stage.ENDED if over else Stage.RUNNING if seen.running else Stage.STARTING
        began = job.sighting.started or self.now
        self._move(
            *(job, stage),
            items=seen,
            started=began,
            waiting_since=self.now,
            alive=not over,
        )

    def crowd(self, job: FakeJob) -> None:
        """Let a program end well, while something else of its pod goes on."""
        self.end(job)
        self._move(job, Stage.ENDED, crowded_since=self.now)

    def haunt(self, job: FakeJob) -> None:
        """Let a Job whose program succeeded run it once more, in another pod."""
        job.haunted = True
        self._move(job, Stage.ENDED, alive=True)

    def delete_job(self, run: FakeRun, task: str) -> None:
        """Let somebody delete the newest Job of a task."""
        self.remove_job(run.task_runs[task].newest())

    def delete_task_run(self, run: FakeRun, task: str) -> None:
        """Let somebody delete a TaskRun; its Jobs go with it."""
        record = run.task_runs[task]
        record.deleted = True
        for job in record.jobs.values():
            if not job.removed:
                self.remove_job(job)
        if not self.slow:
            record.told_deleted = True

    def set_pool(self, name: str, slots: int | None) -> None:
        """Let somebody create a pool, change its slots, or delete it."""
        if slots is None:
            del self.pools[name]
        else:
            self.pools[name] = slots

    def steer(self, run: FakeRun, desired: DesiredState) -> None:
        """Let somebody change what is wanted of a run."""
        run.desired = desired
        run.generation += 1
        if not self.slow:
            run.told_desired = desired

    def add_workflow(self, run: FakeRun, definition: Definition) -> None:
        """Let somebody create the workflow that a run waits for."""
        run.definition, run.hindrance = definition, None

    def delete_revision(self, run: FakeRun) -> None:
        """Let somebody delete the definition that a run keeps."""
        lost = "ControllerRevision 'etl-x' was deleted; start a new run"
        run.refusal = (Reason.REVISION_NOT_FOUND, lost)

    def sweep(self) -> None:
        """Finish what is being removed."""
        for job in self.jobs():
            if job.sighting.leaving and not job.removed:
                self._vanish(job)
                self._changed(job)

    def tell(self) -> None:
        """Tell the controller everything that it does not know yet."""
        for run in self.runs.values():
            run.told_desired, run.told, run.told_version = run.desired, run.log, run.version
            for record in run.task_runs.values():
                record.told, record.told_version = record.log, record.version
                record.told_deleted = record.deleted
        for job in self.jobs():
            job.told = job.sighting

    def jobs(self) -> list[FakeJob]:
        """Return all Jobs that were ever made."""
        records = [
            record
            for run in (*self.runs.values(), *self.departed)
            for record in (*run.task_runs.values(), *run.remains.values())
        ]
        asked = (each for record in records for each in record.children.values())
        items = [each for each in asked if isinstance(each, FakeJob)]
        return [*(job for record in records for job in record.jobs.values()), *items]

    def delete_child(self, run: FakeRun, task: str, index: int) -> None:
        """Let somebody delete the newest run or question of an item."""
        children = run.task_runs[task].children
        child = children[max(number for number, each in children if each == index), index]
        if isinstance(child, FakeJob):
            self.remove_job(child)
        else:
            child.deleted = True
            del self.runs[child.key]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def _move(self, job: FakeJob, stage: Stage, **fields: object) -> None:
        plain: dict[str, object] = {"waiting": None, "message": "", "lost": ""}
        if not job.sighting.leaving:
            job.sighting = replace(job.sighting, stage=stage, **{**plain, **fields})  # type: ignore[arg-type] # checked by use
            self._changed(job)

    def _withdraw(self, job: FakeJob) -> None:
        gone = Ending(self.now, reason=Reason.APPROVAL_DELETED, message=DELETED)
        ending = job.sighting.ending or gone
        over = {"alive": False, "unclosed": False, "leaving": True}
        job.removed = True
        job.sighting = replace(job.sighting, stage=Stage.ENDED, ending=ending, **over)  # type: ignore[arg-type] # checked by use
        self._changed(job)

    def _vanish(self, job: FakeJob) -> None:
        job.removed = True
        job.sighting = replace(job.sighting, alive=False, leaving=True)

    def _changed(self, job: FakeJob) -> None:
        if not self.slow:
            job.told = job.sighting


def items_of(job: FakeJob) -> SeenItems:
    """Return the items of a Job."""
    assert job.sighting.items is not None
    return job.sighting.items


def _loss(sighting: Sighting) -> str:
    return f"{sighting.where.instance or 'pod'} was lost"
