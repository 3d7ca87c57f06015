"""
Which due runs of a workflow start: of its schedules' ticks, and of other workflows' ends.

Knows the triggers, the workflow's runs and the time. `schedule` knows ticks, `following` ends, and
`concurrency` the runs beside each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from headrace.api.v1alpha1.run import Interval, TriggerKind
from headrace.api.v1alpha1.trigger import ConcurrencyPolicy
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.siblings import SiblingRun
from headrace.engine.workflow.concurrency import ReplaceRuns, SkipTick, decide_ticks
from headrace.engine.workflow.following import follow
from headrace.engine.workflow.observed import (
    KnownRun,
    NewRun,
    ObservedWorkflow,
    WorkflowDecision,
    WorkflowLog,
)
from headrace.engine.workflow.run_names import run_name
from headrace.engine.workflow.schedule import Due, Note, due, record_for
from headrace.engine.workflow.tick import Tick

ONE_AT_A_TIME = frozenset({ConcurrencyPolicy.FORBID, ConcurrencyPolicy.REPLACE})
"""The policies under which a tick is skipped, or cancels other runs."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The runs that triggers of a kind ask for, and the log after that."""

    runs: tuple[NewRun, ...]
    notes: tuple[Note, ...]
    log: WorkflowLog


def starts(
    workflow: ObservedWorkflow, spec: WorkflowSpec, log: WorkflowLog, now: datetime
) -> tuple[WorkflowDecision, WorkflowLog]:
    """Decide which runs the triggers start beside the active runs."""
    # The record begins when triggers are seen. Only the first ones begin at the creation.
    begin = workflow.created if workflow.log.observed_generation == 0 else now
    timed = _timed(workflow, spec, log, begin, now)
    followed = _followed(workflow, spec, timed.log, begin)
    decision, skipped = _admitted(workflow, spec, (*timed.runs, *followed.runs), now)
    log = replace(followed.log, missed=followed.log.missed + skipped)
    notes = (*timed.notes, *followed.notes, *decision.notes)
    return replace(decision, notes=notes, look_again_at=log.next_run), log


def ticks_of(
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


def active_runs(workflow: ObservedWorkflow, spec: WorkflowSpec) -> tuple[SiblingRun, ...]:
    """
    Return the active runs that a due run has to do with.

    A run of a backfill stands for another time. No tick is skipped because of it, and it neither
    replaces a run nor is replaced: the run of the tick waits for its end, as `may_begin` decides.
    """
    apart = spec.concurrency.policy in ONE_AT_A_TIME
    return tuple(
        run.sibling
        for run in workflow.runs
        if run.finished is None and not run.inside and not (apart and run.backfill)
    )


def _timed(
    workflow: ObservedWorkflow,
    spec: WorkflowSpec,
    log: WorkflowLog,
    begin: datetime,
    now: datetime,
) -> _Asked:
    """Return the runs of due ticks."""
    schedules = [trigger.schedule for trigger in spec.triggers if trigger.schedule is not None]
    # There is a record without schedules too: schedules that are removed and added again begin
    # when they are seen.
    recorded = record_for(schedules, workflow.log.schedule, begin, now)
    started = ticks_of(workflow, workflow.known, after=recorded.until)
    ticks: Due = due(schedules, recorded, now, suspended=spec.suspend, started=started)
    log = replace(
        log,
        schedule=ticks.recorded,
        next_run=ticks.next_look,
        missed=log.missed + ticks.missed,
    )
    return _Asked(tuple(_tick_run(workflow.name, tick) for tick in ticks.ticks), ticks.notes, log)


def _tick_run(workflow: str, tick: Tick) -> NewRun:
    return NewRun(
        run_name(workflow, tick.at),
        TriggerKind.SCHEDULE,
        tick.at,
        Interval(start=tick.interval_start, end=tick.at),
    )


def _followed(
    workflow: ObservedWorkflow, spec: WorkflowSpec, log: WorkflowLog, begin: datetime
) -> _Asked:
    """Return the runs of ends of other workflows' runs."""
    found = follow(workflow, spec.triggers, begin, suspended=spec.suspend)
    log = replace(log, followed=found.record, missed=log.missed + found.missed)
    return _Asked(found.runs, found.notes, log)


def _admitted(
    workflow: ObservedWorkflow, spec: WorkflowSpec, asked: Sequence[NewRun], now: datetime
) -> tuple[WorkflowDecision, int]:
    """Decide which due runs are created, and count the other ones."""
    # A due run may have been created, and have ended, before the status shows it.
    active = active_runs(workflow, spec)
    over = {run.name for run in workflow.known} - {run.name for run in active}
    runs = [run for run in asked if run.name not in over]
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
    """Return one note on triggers that may start no run: there may be a thousand."""
    if not skipped:
        return ()
    first = skipped[0]
    count = f"{len(skipped)} triggers start no run: " if len(skipped) > 1 else ""
    return (Note(first.reason, f"{count}{first.message}"),)
