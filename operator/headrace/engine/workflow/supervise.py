"""
A whole workflow: which runs to create, cancel and delete, and its status.

Knows the definition's triggers, its runs and the time. `decide` decides on a run.
"""

from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import TriggerKind
from headrace.api.v1alpha1.workflow import History, WorkflowSpec
from headrace.engine.workflow.archive import lost, unarchived, written_until
from headrace.engine.workflow.audience import shown_until
from headrace.engine.workflow.concurrency import replaced, superseded
from headrace.engine.workflow.delivery import known_until
from headrace.engine.workflow.observed import (
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
from headrace.engine.workflow.run_names import run_name
from headrace.engine.workflow.schedule import Note, Recorded
from headrace.engine.workflow.starts import active_runs, starts, ticks_of


def supervise(workflow: ObservedWorkflow, now: datetime) -> WorkflowDecision:
    """Decide on a workflow. The same observation and time give the same decision."""
    if not workflow.exists:
        return _tidy(workflow, WITHOUT_WORKFLOW, None, now)
    log = _summary(workflow)
    if workflow.spec is None:  # Its history is not readable either, so nothing is deleted.
        return _with_status(WorkflowDecision(), workflow, _refused(workflow, log, now))
    started, log = starts(workflow, workflow.spec, log, now)
    tidy = _tidy(workflow, workflow.spec.history, log.schedule, now)
    applied, log = _on_apply(workflow, workflow.spec, log)
    decision = replace(
        tidy,
        create=(*applied, *started.create),
        cancel=started.cancel,
        notes=(*started.notes, *lost(workflow, tidy.unarchived)),
        look_again_at=min(filter(None, (tidy.look_again_at, started.look_again_at)), default=None),
    )
    decision = _with_cancelled(decision, workflow, workflow.spec)
    return _with_status(decision, workflow, _ready(workflow, log, now))


def _tidy(
    workflow: ObservedWorkflow, history: History, recorded: Recorded | None, now: datetime
) -> WorkflowDecision:
    """
    Decide which old runs and revisions are deleted.

    The run of an unrecorded tick stays: it alone keeps the tick from starting again. There are such
    runs while a workflow is suspended, or while the clock is set back. So does a run whose end a
    backfill has yet to count, and the run of a delivery that may be repeated. A run that another
    run has called goes with that one.

    Args:
        workflow: The workflow.
        history: Its history.
        recorded: The record of the schedules in the status; None: no tick fires.
        now: The time.

    """
    finished = _finished(workflow, recorded)
    runs = expired_runs(finished, history, now)
    kept = [run for run in workflow.runs if run.name not in runs]
    used = {run.revision for run in kept} | {workflow.revision, workflow.log.revision}
    # A waiting run may take the workflow's revision at any moment: keep all until then.
    settled = all((run.began and run.revision is not None) or run.finished for run in kept)
    stale = unused_revisions(workflow.revisions, filter(None, used)) if settled else ()
    rest = [run for run in finished if run.name not in runs]
    return WorkflowDecision(
        delete_runs=runs,
        delete_revisions=stale,
        unarchived=unarchived(workflow, runs),
        look_again_at=next_expiry(rest, history, now),
    )


def _finished(workflow: ObservedWorkflow, recorded: Recorded | None) -> list[FinishedRun]:
    """Return the ended runs that history may delete, and how long each one stays all the same."""
    ticks = ticks_of(workflow, workflow.runs, after=recorded.until) if recorded else ()
    later = {run_name(workflow.name, tick) for tick in ticks}
    needed = later | {run.rerun_of for run in workflow.runs if not run.finished and run.rerun_of}
    return [
        FinishedRun(
            run.name,
            run.finished,
            run.succeeded,
            needed=run.name in needed or run.uncounted,
            shown_until=max(
                shown_until(workflow, run.finished),
                known_until(run),
                written_until(workflow, run, run.finished),
            ),
        )
        for run in workflow.runs
        if run.finished and not run.called
    ]


def _with_cancelled(
    decision: WorkflowDecision, workflow: ObservedWorkflow, spec: WorkflowSpec
) -> WorkflowDecision:
    """Add the runs that a newer one replaces, and a note on all cancelled runs."""
    active = active_runs(workflow, spec)
    names = tuple(dict.fromkeys((*decision.cancel, *superseded(spec.concurrency, active))))
    if not names:
        return decision
    created = [run.name for run in decision.create]
    message = replaced(spec.concurrency, names, created, active)
    note = Note(Reason.CONCURRENCY_REPLACED, message)
    return replace(decision, cancel=names, notes=(*decision.notes, note))


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
        reason=Reason.TEMPLATE_NOT_READY if workflow.awaits_template else Reason.INVALID_DEFINITION,
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
