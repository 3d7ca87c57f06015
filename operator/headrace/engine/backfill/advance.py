"""
A whole backfill: which runs to create and cancel, and its status.

Knows the spec, the logical times, the workflow and the time. `reckon` says what has become of each
logical time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.backfill import (
    FINAL_STATES,
    SHOWN_NAMES,
    AfterFailure,
    BackfillSpec,
    BackfillState,
)
from headrace.api.v1alpha1.backfill_words import Existing, Step, TickOrder
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.api.v1alpha1.run import Interval, TriggerKind
from headrace.engine.backfill.existing import TickRun, rerun
from headrace.engine.backfill.observed import (
    BackfillDecision,
    BackfillLog,
    ObservedBackfill,
    PlacedRun,
)
from headrace.engine.backfill.plan import Hindrance, Plan, plan
from headrace.engine.backfill.reckon import own_run, reckon
from headrace.engine.backfill.room import crowded, room
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.engine.places import Places
from headrace.engine.siblings import NAMED
from headrace.engine.text import clip, listed, rfc3339
from headrace.engine.workflow.observed import NewRun

_FROM = {Existing.RERUN_FAILED: RerunFrom.FAILED, Existing.RERUN_ALL: RerunFrom.ALL}
FINAL_REASONS = {
    BackfillState.STOP: Reason.STOPPED,
    BackfillState.CANCEL: Reason.CANCELLED,
}
ENDING_REASONS = {
    BackfillState.STOP: Reason.STOPPING,
    BackfillState.CANCEL: Reason.CANCELLING,
}


@dataclass(frozen=True, slots=True)
class Look:
    """A backfill with its logical times, and what has become of each by now."""

    backfill: ObservedBackfill
    spec: BackfillSpec
    plan: Plan
    log: BackfillLog
    now: datetime

    @property
    def order(self) -> list[int]:
        """The logical times without a run, in the order of their starts."""
        places = list(self.log.open)
        return places if self.spec.order is TickOrder.OLDEST_FIRST else places[::-1]

    @property
    def gives_up(self) -> bool:
        """Whether a failure keeps all further runs from starting."""
        return self.spec.on_failure is AfterFailure.STOP and bool(self.log.bad)

    @property
    def over(self) -> bool:
        """Whether nothing more starts."""
        final = self.spec.desired_state in FINAL_STATES
        return final or self.gives_up or not self.log.open

    def at(self, place: int) -> datetime:
        """Return a logical time."""
        return self.plan.ticks[place].at

    def name(self, place: int) -> str:
        """Return the name of the run of a logical time."""
        return self.plan.names[place]

    def new_run(self, place: int) -> PlacedRun:
        """Return the run to create: that of the logical time, or a rerun of one that is there."""
        tick, name = self.plan.ticks[place], self.name(place)
        again = rerun(name, self.backfill.runs.get(name, ()))
        if again is not None:
            repeated = RerunOf(name=again[1], from_=_FROM[self.spec.existing])
            return PlacedRun(place, NewRun(again[0], TriggerKind.BACKFILL), repeated)
        interval = Interval(start=tick.interval_start, end=tick.at)
        return PlacedRun(place, NewRun(name, TriggerKind.BACKFILL, tick.at, interval))

    def active(self) -> list[TickRun]:
        """Return the backfill's runs that have not ended."""
        runs = (own_run(self.backfill.runs[self.name(place)]) for place in self.log.active)
        return [run for run in runs if run is not None]

    def failures(self) -> str:
        """Name some of the runs that did not succeed."""
        names = [self.name(place) for place in self.log.bad]
        return f"{len(names)} did not succeed ({listed(names, NAMED)})" if names else ""

    def says(self, words: Hindrance, **changes: Any) -> BackfillDecision:
        """Return the decision to show a state."""
        return _says(self.backfill, replace(self.log, **changes), words)


def advance(backfill: ObservedBackfill, now: datetime) -> BackfillDecision:
    """Decide on a backfill. The same observation and time give the same decision."""
    spec, log = backfill.spec, backfill.log
    if log.finished is not None:
        return BackfillDecision()
    if spec is None:
        return _says(backfill, log, (Reason.INVALID_DEFINITION, backfill.problem))
    planned = planned_of(backfill, spec)
    if not isinstance(planned, Plan):
        return _without_ticks(backfill, spec, planned, now)
    log = replace(reckon(backfill, planned, spec.existing), begun=log.begun or now)
    if spec.step is Step.SCHEDULE and log.schedules is None and backfill.workflow is not None:
        log = replace(log, schedules=backfill.workflow.schedules)
    if spec.dry_run and spec.desired_state not in FINAL_STATES:
        return _list(Look(backfill, spec, planned, log, now))
    look = Look(backfill, spec, planned, replace(log, names=()), now)
    return _finish(look) if look.over else _go_on(look)


def _without_ticks(
    backfill: ObservedBackfill, spec: BackfillSpec, words: Hindrance, now: datetime
) -> BackfillDecision:
    """Wait for a workflow with schedules. Only a schedule can change: else this is the end."""
    over = replace(backfill.log, begun=backfill.log.begun or now, finished=now, succeeded=False)
    if spec.desired_state in FINAL_STATES:
        return _says(backfill, over, (FINAL_REASONS[spec.desired_state], words[1]))
    return _says(backfill, backfill.log if spec.step is Step.SCHEDULE else over, words)


def planned_of(backfill: ObservedBackfill, spec: BackfillSpec) -> Plan | Hindrance:
    """Return the logical times, by the schedules on record or else those of the workflow."""
    schedules = backfill.log.schedules
    if spec.step is Step.SCHEDULE and schedules is None:
        if backfill.workflow is None:
            return backfill.hindrance or (Reason.PENDING, "")
        schedules = backfill.workflow.schedules
    return plan(spec, schedules or ())


def _go_on(look: Look) -> BackfillDecision:
    """Decide on a backfill that still has runs to start."""
    hindrance = _hindrance(look.backfill, look.spec)
    if hindrance is not None:
        return look.says(hindrance, next=look.at(look.order[0]))
    assert look.backfill.workflow is not None  # noqa: S101 - else it is hindered
    concurrency, others = look.backfill.workflow.concurrency, look.backfill.others
    own = len(look.log.active)
    free = room(look.spec.max_active, concurrency, own, others)
    order = look.order
    come = [place for place in order if look.at(place) <= look.now]
    future = [place for place in order if look.at(place) > look.now]
    starting, waiting = come[:free], come[free:] or future
    decision = look.says(
        _progress(look, starting, come, crowded(concurrency, own, others)),
        started=look.log.started | Places.of(starting),
        next=look.at(waiting[0]) if waiting else None,
    )
    return replace(
        decision,
        create=tuple(map(look.new_run, starting)),
        look_again_at=min(map(look.at, future)) if future and len(come) <= free else None,
    )


def _progress(
    look: Look, starting: Sequence[int], come: Sequence[int], crowd: str | None
) -> Hindrance:
    """Say what a backfill does, or what it waits for while none of its runs is active."""
    if starting or look.log.active:
        return Reason.RUNNING, look.failures()
    if come:
        return Reason.WAITING_FOR_TURN, crowd or ""
    first = min(map(look.at, look.order))
    return Reason.WAITING_FOR_TIME, f"the next logical time is {rfc3339(first)}"


def _hindrance(backfill: ObservedBackfill, spec: BackfillSpec) -> Hindrance | None:
    """Return what keeps any run from starting now."""
    if spec.desired_state is BackfillState.PAUSE:
        return Reason.PAUSED, "desiredState is Pause"
    if backfill.workflow is None:
        return backfill.hindrance or (Reason.PENDING, "")
    try:
        resolve(backfill.workflow.params, {given.name: given.value for given in spec.params})
    except InvalidParamsError as error:
        return Reason.INVALID_PARAMS, f"spec.params: {error}"
    return None


def _list(look: Look) -> BackfillDecision:
    """Show what a backfill would do."""
    order = look.order
    message = (
        f"{len(order)} of {look.log.total} logical times would get a run; set dryRun to false to"
        " begin"
    )
    return look.says(
        (Reason.DRY_RUN, message),
        names=tuple(look.new_run(place).run.name for place in order[:SHOWN_NAMES]),
        next=look.at(order[0]) if order else None,
    )


def _finish(look: Look) -> BackfillDecision:
    """Wait for active runs, cancel them if somebody wants that, and record the end."""
    active = look.active()
    if not active:
        return _end(look)
    cancels = look.spec.desired_state is BackfillState.CANCEL
    cancel = tuple(run.name for run in active if not run.cancelling)
    decision = look.says(_still(look, [run.name for run in active]), next=None)
    return replace(decision, cancel=cancel if cancels else ())


def _still(look: Look, names: Sequence[str]) -> Hindrance:
    """Say what a backfill waits for that starts nothing more."""
    state, waits = look.spec.desired_state, f"waits for {listed(names, NAMED)}"
    if state in FINAL_STATES:
        return ENDING_REASONS[state], f"desiredState is {state}; {waits}"
    if look.gives_up and look.log.open:
        return Reason.STOPPING, f"onFailure is Stop; {look.failures()}; {waits}"
    return Reason.RUNNING, look.failures()


def _end(look: Look) -> BackfillDecision:
    """Record the end. A backfill succeeded if each logical time was done or skipped."""
    left, state = len(look.log.open), look.spec.desired_state
    reason = Reason.FAILED if look.log.bad else Reason.SUCCEEDED
    if state in FINAL_STATES and (left or (state is BackfillState.CANCEL and look.log.bad)):
        reason = FINAL_REASONS[state]
    never = f"{left} never started" if left else ""
    message = "; ".join(filter(None, (look.failures(), never)))
    succeeded = reason is Reason.SUCCEEDED
    return look.says((reason, message), finished=look.now, succeeded=succeeded, next=None)


def _says(backfill: ObservedBackfill, log: BackfillLog, words: Hindrance) -> BackfillDecision:
    """Return the decision to show a state, if it is not on record already."""
    reason, message = words
    generation = backfill.generation
    log = replace(log, reason=reason, message=clip(message), observed_generation=generation)
    return BackfillDecision(status=None if log == backfill.log else log)
