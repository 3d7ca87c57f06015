"""
A workflow as a whole: which runs to create, cancel and delete, and what to tell of it.

Knows the definition's triggers, its runs and the time. What a run does is `decide`'s.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval, TriggerKind
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.concurrency import Replace, SiblingRun, Skip, decide_ticks, superseded
from headrace.engine.retention import (
    WITHOUT_WORKFLOW,
    FinishedRun,
    expired_runs,
    next_expiry,
    unused_revisions,
)
from headrace.engine.schedule import Note, Recorded, Tick, due, record_for, run_name


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run of the workflow, as far as its workflow needs to know it."""

    name: str
    created: datetime
    logical_time: datetime
    began: bool = False
    cancelling: bool = False
    finished: datetime | None = None
    succeeded: bool = False
    reason: str = ""
    revision: str | None = None

    @property
    def sibling(self) -> SiblingRun:
        """The run as one that has not ended."""
        return SiblingRun(self.name, self.created, self.logical_time, self.began, self.cancelling)


@dataclass(frozen=True, slots=True)
class WorkflowLog:
    """What a workflow's status says."""

    ready: bool = False
    reason: Reason = Reason.RECONCILING
    message: str = ""
    since: datetime | None = None
    """When `ready` last changed."""
    observed_generation: int = 0
    revision: str | None = None
    applied_revision: str | None = None
    active: int = 0
    last_run: str | None = None
    last_run_time: datetime | None = None
    last_outcome: str | None = None
    schedule: Recorded | None = None
    next_run: datetime | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class ObservedWorkflow:
    """All that is true of a workflow at one moment."""

    name: str
    uid: str
    created: datetime
    generation: int
    spec: WorkflowSpec | None
    """None: it cannot be run, and `problem` says why; or it was deleted."""
    problem: str = ""
    exists: bool = True
    revision: str | None = None
    revisions: tuple[str, ...] = ()
    """All revisions that are kept."""
    runs: tuple[KnownRun, ...] = ()
    log: WorkflowLog = field(default_factory=WorkflowLog)


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to create. Its name is the lock."""

    name: str
    trigger: TriggerKind
    logical_time: datetime | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class WorkflowDecision:
    """What a workflow needs now. Runs are created before the status says so."""

    create: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()
    delete_runs: tuple[str, ...] = ()
    delete_revisions: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    status: WorkflowLog | None = None
    """None: nothing to write."""
    look_again_at: datetime | None = None


def supervise(workflow: ObservedWorkflow, now: datetime) -> WorkflowDecision:
    """Decide what a workflow needs now. The same observation and time give the same decision."""
    tidy = _tidy(workflow, now)
    if not workflow.exists:
        return tidy
    log = _summary(workflow)
    if workflow.spec is None:
        return _with_status(tidy, workflow, _refused(workflow, log, now))
    timed, log = _schedules(workflow, workflow.spec, log, now)
    applied, log = _on_apply(workflow, workflow.spec, log)
    active = _active(workflow)
    decision = replace(
        tidy,
        create=(*applied, *timed.create),
        cancel=tuple(
            dict.fromkeys((*timed.cancel, *superseded(workflow.spec.concurrency, active)))
        ),
        notes=timed.notes,
        look_again_at=min(filter(None, (tidy.look_again_at, timed.look_again_at)), default=None),
    )
    return _with_status(decision, workflow, _ready(workflow, log, now))


def _tidy(workflow: ObservedWorkflow, now: datetime) -> WorkflowDecision:
    """Decide what of the past goes."""
    history = workflow.spec.history if workflow.spec else WITHOUT_WORKFLOW
    if workflow.exists and workflow.spec is None:
        return WorkflowDecision()  # The definition is broken, and with it what it says of history.
    finished = [
        FinishedRun(run.name, run.finished, run.succeeded) for run in workflow.runs if run.finished
    ]
    runs = expired_runs(finished, history, now)
    kept = [run for run in workflow.runs if run.name not in runs]
    used = {run.revision for run in kept} | {workflow.revision, workflow.log.revision}
    # A run that has not begun takes the workflow's revision at any moment: keep all until then.
    settled = all(run.revision is not None or run.finished for run in kept)
    stale = unused_revisions(workflow.revisions, filter(None, used)) if settled else ()
    rest = [run for run in finished if run.name not in runs]
    return WorkflowDecision(
        delete_runs=runs, delete_revisions=stale, look_again_at=next_expiry(rest, history)
    )


def _schedules(
    workflow: ObservedWorkflow, spec: WorkflowSpec, log: WorkflowLog, now: datetime
) -> tuple[WorkflowDecision, WorkflowLog]:
    """Decide what the schedules start, in the light of the runs that are active."""
    schedules = [trigger.schedule for trigger in spec.triggers if trigger.schedule is not None]
    if not schedules:
        return WorkflowDecision(), replace(log, schedule=None, next_run=None)
    recorded = record_for(schedules, workflow.log.schedule, workflow.created, now)
    ticks = due(schedules, recorded, now, suspended=spec.suspend)
    new = [_tick_run(workflow.name, tick) for tick in ticks.ticks]
    siblings = [
        SiblingRun(run.name, now, run.logical_time or now, began=False, cancelling=False)
        for run in new
    ]
    decisions = decide_ticks(spec.concurrency, siblings, _active(workflow))
    skipped = [each for each in decisions if isinstance(each, Skip)]
    replaced = [each for each in decisions if isinstance(each, Replace)]
    decision = WorkflowDecision(
        create=tuple(
            run for run, each in zip(new, decisions, strict=True) if not isinstance(each, Skip)
        ),
        cancel=tuple(name for each in replaced for name in each.cancel),
        notes=(*ticks.notes, *(Note(each.reason, each.message) for each in skipped)),
        look_again_at=ticks.next_look,
    )
    missed = log.missed + ticks.missed + len(skipped)
    log = replace(log, schedule=ticks.recorded, next_run=ticks.next_look, missed=missed)
    return decision, log


def _tick_run(workflow: str, tick: Tick) -> NewRun:
    return NewRun(
        run_name(workflow, tick.at),
        TriggerKind.SCHEDULE,
        tick.at,
        Interval(start=tick.interval_start, end=tick.at),
    )


def _on_apply(
    workflow: ObservedWorkflow, spec: WorkflowSpec, log: WorkflowLog
) -> tuple[tuple[NewRun, ...], WorkflowLog]:
    """Start the run of a new definition: with `onApply` of each, without triggers of the first."""
    applies = any(trigger.on_apply is not None for trigger in spec.triggers)
    once = not spec.triggers and log.applied_revision is None
    if spec.suspend or not (once or (applies and log.applied_revision != workflow.revision)):
        return (), log
    suffix = f"g{workflow.generation}" if applies else "once"
    run = NewRun(_untaken(workflow, f"{workflow.name}-{suffix}"), TriggerKind.APPLY)
    return (run,), replace(log, applied_revision=workflow.revision)


def _untaken(workflow: ObservedWorkflow, name: str) -> str:
    """Return the name of a run, or a longer one if an earlier workflow of this name left a run."""
    left = any(run.name == name and run.created < workflow.created for run in workflow.runs)
    return f"{name}-{workflow.uid[:5]}" if left else name


def _active(workflow: ObservedWorkflow) -> tuple[SiblingRun, ...]:
    return tuple(run.sibling for run in workflow.runs if run.finished is None)


def _summary(workflow: ObservedWorkflow) -> WorkflowLog:
    """Tell the newest run and outcome. What is not known any more stays as it was told."""
    runs = sorted(workflow.runs, key=lambda run: (run.created, run.logical_time, run.name))
    log = replace(
        workflow.log,
        active=sum(run.finished is None for run in runs),
        observed_generation=workflow.generation,
        revision=workflow.revision or workflow.log.revision,
    )
    if runs:
        log = replace(log, last_run=runs[-1].name, last_run_time=runs[-1].logical_time)
    ended = [run for run in runs if run.finished is not None]
    if ended:
        newest = max(ended, key=lambda run: (run.finished or run.created, run.name))
        log = replace(log, last_outcome=newest.reason)
    return log


def _refused(workflow: ObservedWorkflow, log: WorkflowLog, now: datetime) -> WorkflowLog:
    return replace(
        log,
        ready=False,
        reason=Reason.INVALID_DEFINITION,
        message=workflow.problem,
        since=_since(workflow.log, now, ready=False),
        next_run=None,
    )


def _ready(workflow: ObservedWorkflow, log: WorkflowLog, now: datetime) -> WorkflowLog:
    suspended = workflow.spec is not None and workflow.spec.suspend
    return replace(
        log,
        ready=True,
        reason=Reason.READY,
        message="suspended: no trigger starts a run" if suspended else "",
        since=_since(workflow.log, now, ready=True),
    )


def _since(log: WorkflowLog, now: datetime, *, ready: bool) -> datetime:
    return log.since if log.since is not None and log.ready is ready else now


def _with_status(
    decision: WorkflowDecision, workflow: ObservedWorkflow, log: WorkflowLog
) -> WorkflowDecision:
    return decision if log == workflow.log else replace(decision, status=log)
