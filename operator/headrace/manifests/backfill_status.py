"""
Between the engine's log of a backfill and the `status` of a Backfill, both ways.

The API types name the fields. Decides nothing.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, Final

from headrace.api.v1alpha1.backfill import BackfillSchedule, BackfillStatus, BackfillTicks
from headrace.api.v1alpha1.conditions import Condition, ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.backfill.observed import BackfillLog
from headrace.engine.backfill.plan import MOST
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.text import time_taken
from headrace.manifests.conditions import STUCK, Past, States, conditions, succeeded_of
from headrace.manifests.json_form import Json, as_patch, name_of, read

_TICKS: Final = name_of(BackfillStatus, "ticks")
_COUNTED: Final = tuple(name_of(BackfillTicks, each) for each in ("succeeded", "failed", "skipped"))

STALLED: Final = STUCK | {
    Reason.INVALID_DEFINITION,
    Reason.INVALID_PARAMS,
    Reason.NO_TICKS,
    Reason.TEMPLATE_NOT_READY,
    Reason.WORKFLOW_NOT_FOUND,
}
"""Reasons that last until somebody changes something."""


def backfill_status(log: BackfillLog, past: Past) -> Json:
    """Return a Backfill's next status, from its log and the previous status."""
    settled = log.settled
    return as_patch(
        BackfillStatus(
            conditions=_conditions(log, past),
            observed_generation=log.observed_generation,
            schedules=None if log.schedules is None else tuple(map(_schedule, log.schedules)),
            start_time=log.begun,
            completion_time=log.finished,
            duration=time_taken(log.begun, log.finished),
            total=log.total,
            done=len(log.good),
            failed=len(log.bad),
            active=len(log.active),
            skipped=len(log.skipped),
            progress=f"{len(settled)}/{log.total}" if log.total else "",
            next=log.next,
            ticks=BackfillTicks(
                started=str(log.started),
                succeeded=str(log.good),
                failed=str(log.bad),
                skipped=str(log.skipped),
            ),
            names=log.names,
        )
    )


def read_backfill_status(written: Mapping[str, Any]) -> BackfillLog:
    """
    Read the result of `backfill_status`. An empty status is an empty log.

    Raises:
        ValueError: if somebody has written something else there.

    """
    if not written:
        return BackfillLog()
    status = read(BackfillStatus, written)
    succeeded, reason, message = succeeded_of(status.conditions)
    places = (status.ticks.started, status.ticks.succeeded, status.ticks.failed)
    started, good, bad = (Places.read(text, status.total) for text in places)
    return BackfillLog(
        reason=reason,
        message=message,
        succeeded=None if status.completion_time is None else succeeded,
        begun=status.start_time,
        finished=status.completion_time,
        observed_generation=status.observed_generation,
        schedules=None if status.schedules is None else tuple(map(_read, status.schedules)),
        total=status.total,
        started=started,
        good=good,
        bad=bad,
        skipped=Places.read(status.ticks.skipped, status.total),
        next=status.next,
        names=status.names,
    )


def settled_of(written: Mapping[str, Any]) -> Places:
    """Return the logical times that a status has counted; a part that somebody garbled has none."""
    ticks = written.get(_TICKS)
    if not isinstance(ticks, dict):
        return NO_PLACES
    texts = (ticks.get(name) for name in _COUNTED)
    legible = (Places.read_legible(text, MOST) for text in texts if isinstance(text, str))
    return reduce(or_, legible, NO_PLACES)


def _schedule(schedule: Schedule) -> BackfillSchedule:
    return BackfillSchedule(
        cron=schedule.cron, every_seconds=schedule.every_seconds, time_zone=schedule.time_zone
    )


def _read(status: BackfillSchedule) -> Schedule:
    return Schedule(
        cron=status.cron, every_seconds=status.every_seconds, time_zone=status.time_zone
    )


def _conditions(log: BackfillLog, past: Past) -> tuple[Condition, ...]:
    states = _states(log)
    since = {
        kind: past.since(kind, state, log.finished, first=log.finished is None)
        for kind, state in states.items()
    }
    return conditions(states, (log.reason, log.message, log.observed_generation), since)


def _states(log: BackfillLog) -> States:
    """Derive the four conditions: in progress, listed, stalled or ended."""
    yes, no, unknown = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
    stalled = log.reason in STALLED and log.finished is None
    if log.finished is not None:
        outcome = yes if log.succeeded else no
        ready, moving, stuck = outcome, no, no if log.succeeded else yes
    elif log.reason is Reason.DRY_RUN:
        outcome, ready, moving, stuck = unknown, yes, no, no
    else:
        outcome, ready = unknown, unknown
        moving, stuck = (no, yes) if stalled else (yes, no)
    return {
        ConditionType.SUCCEEDED: outcome,
        ConditionType.READY: ready,
        ConditionType.RECONCILING: moving,
        ConditionType.STALLED: stuck,
    }
