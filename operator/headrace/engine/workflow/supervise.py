"""
A whole workflow: which runs to create, cancel and delete, and its status.

Knows the definition's triggers, its runs and the time. `decide` decides on a run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Interval, TriggerKind
from headrace.api.v1alpha1.workflow import History, WorkflowSpec
from headrace.engine.siblings import SiblingRun
from headrace.engine.workflow.concurrency import (
    ReplaceRuns,
    SkipTick,
    decide_ticks,
    replaced,
    superseded,
)
from headrace.engine.workflow.observed import (
    KnownRun,
    NewRun,
    ObservedWorkflow,
    WorkflowDecision,
    WorkflowLog,
)
from headrace.engine.workflow.retention import (
    WITHOUT_WORKFLOW,
    FinishedRun,
    expired_runs,
    next_expiry,
    unused_revisions,
)
from headrace.engine.workflow.schedule import (
    Note,
    Recorded,
    Tick,
    due,
    record_for,
    run_name,
)


def supervise(workflow: ObservedWorkflow, now: datetime) -> WorkflowDecision:
    """Decide on a workflow. The same observation and time give the same decision."""
    if not workflow.exists:
        return _tidy(workflow, WITHOUT_WORKFLOW, None, now)
    log = _summary(workflow)
    if workflow.spec is None:  # Its history is not readable either, so nothing is deleted.
        return _with_status(WorkflowDecision(), workflow, _refused(workflow, log, now))
    timed, log = _schedules(workflow, workflow.spec, log, now)
    tidy = _tidy(workflow, workflow.spec.history, log.schedule, now)
    applied, log = _on_apply(workflow, workflow.spec, log)
    decision = replace(
        tidy,
        create=(*applied, *timed.create),
        cancel=timed.cancel,
        notes=timed.notes,
        look_again_at=min(filter(None, (tidy.look_again_at, timed.look_again_at)), default=None),
    )
    decision = _with_cancelled(decision, workflow, workflow.spec)
    return _with_status(decision, workflow, _ready(workflow, log, now))


def _tidy(
    workflow: ObservedWorkflow, history: History, recorded: Recorded | None, now: datetime
) -> WorkflowDecision:
    """
    Decide which old runs and revisions are deleted.

    The run of an unrecorded tick stays: it alone keeps the tick from starting again. There are such
    runs while a workflow is suspended, or while the clock is set back. A run that another run has
    called goes with that one.

    Args:
        workflow: The workflow.
        history: Its history.
        recorded: The record of the schedules in the status; None: no tick fires.
        now: The time.

    """
    ticks = _ticks(workflow, workflow.runs, after=recorded.until) if recorded else ()
    later = {run_name(workflow.name, tick) for tick in ticks}
    needed = later | {run.rerun_of for run in workflow.runs if not run.finished and run.rerun_of}
    finished = [
        FinishedRun(run.name, run.finished, run.succeeded, needed=run.name in needed)
        for run in workflow.runs
        if run.finished and not run.called
    ]
    runs = expired_runs(finished, history, now)
    kept = [run for run in workflow.runs if run.name not in runs]
    used = {run.revision for run in kept} | {workflow.revision, workflow.log.revision}
    # A waiting run may take the workflow's revision at any moment: keep all until then.
    settled = all((run.began and run.revision is not None) or run.finished for run in kept)
    stale = unused_revisions(workflow.revisions, filter(None, used)) if settled else ()
    rest = [run for run in finished if run.name not in runs]
    return WorkflowDecision(
        delete_runs=runs, delete_revisions=stale, look_again_at=next_expiry(rest, history)
    )


def _schedules(
    workflow: ObservedWorkflow, spec: WorkflowSpec, log: WorkflowLog, now: datetime
) -> tuple[WorkflowDecision, WorkflowLog]:
    """Decide which runs the schedules start beside the active runs."""
    schedules = [trigger.schedule for trigger in spec.triggers if trigger.schedule is not None]
    # There is a record without schedules too. Schedules that are added later, or removed and added
    # again, begin when they are seen. Only the first schedules begin at the creation.
    begin = workflow.created if workflow.log.observed_generation == 0 else now
    recorded = record_for(schedules, workflow.log.schedule, begin, now)
    started = _ticks(workflow, workflow.known, after=recorded.until)
    ticks = due(schedules, recorded, now, suspended=spec.suspend, started=started)
    decision, skipped = _tick_runs(workflow, spec, ticks.ticks, now)
    missed = log.missed + ticks.missed + skipped
    log = replace(log, schedule=ticks.recorded, next_run=ticks.next_look, missed=missed)
    notes = (*ticks.notes, *decision.notes)
    return replace(decision, notes=notes, look_again_at=ticks.next_look), log


def _tick_runs(
    workflow: ObservedWorkflow, spec: WorkflowSpec, ticks: Sequence[Tick], now: datetime
) -> tuple[WorkflowDecision, int]:
    """Decide which due ticks start their run, and count the other ones."""
    # The run of a tick may have been created, and have ended, before the status shows it.
    active = _active(workflow)
    over = {run.name for run in workflow.known} - {run.name for run in active}
    runs = [run for tick in ticks if (run := _tick_run(workflow.name, tick)).name not in over]
    siblings = [
        SiblingRun(run.name, now, run.logical_time or now, began=False, cancelling=False)
        for run in runs
    ]
    decisions = decide_ticks(spec.concurrency, siblings, active)
    made = [
        run
        for run, decision in zip(runs, decisions, strict=True)
        if not isinstance(decision, SkipTick)
    ]
    skipped = [decision for decision in decisions if isinstance(decision, SkipTick)]
    # With several Replace decisions, the last one lists all runs of the earlier ones.
    cancel = [decision.cancel for decision in decisions if isinstance(decision, ReplaceRuns)][-1:]
    decision = WorkflowDecision(create=tuple(made), cancel=sum(cancel, ()), notes=_skips(skipped))
    return decision, len(skipped)


def _skips(skipped: Sequence[SkipTick]) -> tuple[Note, ...]:
    """Return one note on ticks that may start no run: there may be a thousand."""
    if not skipped:
        return ()
    first = skipped[0]
    count = f"{len(skipped)} ticks start no run: " if len(skipped) > 1 else ""
    return (Note(first.reason, f"{count}{first.message}"),)


def _with_cancelled(
    decision: WorkflowDecision, workflow: ObservedWorkflow, spec: WorkflowSpec
) -> WorkflowDecision:
    """Add the runs that a newer one replaces, and a note on all cancelled runs."""
    active = _active(workflow)
    names = tuple(dict.fromkeys((*decision.cancel, *superseded(spec.concurrency, active))))
    if not names:
        return decision
    created = [run.name for run in decision.create]
    message = replaced(spec.concurrency, names, created, active)
    note = Note(Reason.CONCURRENCY_REPLACED, message)
    return replace(decision, cancel=names, notes=(*decision.notes, note))


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
    """
    Start the run of a new definition: of each with `onApply`, of the first without triggers.

    With schedules only, there is no such run, but the creation counts as handled: removing the
    schedules later is no request for a run. During a suspension, nothing is handled.
    """
    first = log.applied_revision is None
    applies = any(trigger.on_apply is not None for trigger in spec.triggers)
    new = first or (applies and log.applied_revision != workflow.revision)
    if not new:
        return (), log
    name = apply_name(workflow.name, workflow.generation if applies else None)
    run = NewRun(_untaken(workflow, name), TriggerKind.APPLY)
    made = run.name in {known.name for known in workflow.known}  # The status does not show it yet.
    if spec.suspend and not made:
        return (), log
    log = replace(log, applied_revision=workflow.revision)
    return () if made or (spec.triggers and not applies) else (run,), log


def apply_name(workflow: str, generation: int | None) -> str:
    """
    Return the name of a definition's run; no generation: the first one, without triggers.

    The part after the last dash is no number, so it is never the name of a tick's run.
    """
    return f"{workflow}-once" if generation is None else f"{workflow}-g{generation}"


def _untaken(workflow: ObservedWorkflow, name: str) -> str:
    """Return the name of a run, or a longer one if an earlier workflow left a run of this name."""
    left = any(run.name == name and run.created < workflow.created for run in workflow.runs)
    return f"{name}-{workflow.uid[:5]}" if left else name


def _ticks(
    workflow: ObservedWorkflow, runs: Iterable[KnownRun | NewRun], after: datetime
) -> frozenset[datetime]:
    """Return the ticks of these runs after an instant."""
    return frozenset(
        run.logical_time
        for run in runs
        if run.logical_time is not None
        and run.logical_time > after
        and run.name == run_name(workflow.name, run.logical_time)
    )


def _active(workflow: ObservedWorkflow) -> tuple[SiblingRun, ...]:
    return tuple(run.sibling for run in workflow.runs if run.finished is None and not run.inside)


def _summary(workflow: ObservedWorkflow) -> WorkflowLog:
    """Return the log with the newest run and outcome. A deleted run stays on record."""
    runs = sorted(workflow.runs, key=lambda run: (run.created, run.logical_time, run.name))
    open_ = [run for run in runs if run.finished is None]
    log = replace(
        workflow.log,
        active=sum(run.began for run in open_),
        waiting=sum(not run.began for run in open_),
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
