"""
The log of a task, updated from the world's state.

Knows how attempts open, move and close, and which budget a failure uses. Does not decide what
follows a failure.
"""

from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.engine.outcome import Outcome
from headrace.engine.task.classify import End, Failure, Kind, Success, classify
from headrace.engine.task.item_clocks import timely
from headrace.engine.task.item_ends import begun, end_of_items, with_ended_items, without_end
from headrace.engine.task.item_outputs import gathered
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import (
    RUN,
    Attempt,
    Ending,
    Progress,
    SeenItems,
    Sighting,
    Stage,
    TaskLog,
)
from headrace.engine.task.retry import budget
from headrace.engine.task.terms import NO_TERMS, Terms
from headrace.engine.task.timer import passed
from headrace.engine.text import clip

LOGGED_ATTEMPTS = 10
"""How many attempts a log keeps."""

FIRST_WORDS_STAY = frozenset({Reason.IMAGE_PULL_FAILED, Reason.CONTAINER_CONFIG_ERROR})
"""Reasons for which Kubernetes alternates between several messages. The first message names the
cause."""


def follow(
    log: TaskLog,
    sighting: Sighting | None,
    policy: RetryPolicy,
    now: datetime,
    terms: Terms = NO_TERMS,
) -> TaskLog:
    """
    Update a task's log from the state of its newest attempt.

    A closed attempt never changes. A log without changes is returned as the same object.

    Args:
        log: The task's log.
        sighting: The newest attempt in the world.
        policy: The retry policy of the task.
        now: The time of the turn.
        terms: What the task must give to succeed.

    """
    if log.outcome is not None:
        return log
    if sighting is not None and sighting.number > log.count:
        log = _open(_closed(log, policy, now), sighting, now)
    last = log.last
    if last is None or not last.open:
        return log
    if sighting is None or sighting.number < last.number:
        return close(log, _vanished(last), policy, now)
    sighting = timely(sighting, terms, now)
    log = with_ended_items(log, sighting, policy, terms)
    end = _ended(log, sighting, terms, now)
    if end is not None:
        return _end(_known(log, sighting), sighting, end, policy, now)
    if sighting.stage is Stage.GONE:
        log = _known(log, sighting)
        removed = _vanished(log.attempts[-1], sighting.message)
        return close(log, removed, policy, now, sighting.items)
    bereft = _bereft(last, sighting)
    log = _without_instance(log, last, now) if bereft else _known(log, sighting)
    return _progress(log, sighting)


def _ended(
    log: TaskLog, sighting: Sighting, terms: Terms, now: datetime
) -> tuple[Ending, End] | None:
    """Return how an attempt ended, by itself or because its instant has come; None: it goes on."""
    if log.items is not None and not log.items.open:
        return end_of_items(log, log.items, sighting, terms, now)
    ending = sighting.ending or _overdue(sighting, now)
    if ending is not None:
        return ending, classify(ending, terms.outputs)
    ending = passed(sighting, now)
    return None if ending is None else (ending, Success())


def close(
    log: TaskLog,
    failure: Failure,
    policy: RetryPolicy,
    at: datetime,
    progress: Progress | SeenItems | None = None,
) -> TaskLog:
    """
    Close the open attempt as failed, and charge the budget that it uses.

    An attempt with items charges the items that have not ended, and no budget of its own.
    """
    last = log.attempts[-1]
    seen = progress if isinstance(progress, SeenItems) else None
    closed = replace(
        last,
        progress=progress if isinstance(progress, Progress) else last.progress,
        finished=at,
        reason=failure.reason,
        message=clip(failure.message),
    )
    if log.items is not None:
        items = without_end(log.items, failure, policy)
        outputs = gathered(log.outputs, seen, items)
        attempts = (*log.attempts[:-1], closed)
        return replace(log, attempts=attempts, items=items, outputs=outputs)
    kind = budget(policy, closed)
    return replace(
        log,
        attempts=(*log.attempts[:-1], closed),
        user_failures=log.user_failures + (kind is Kind.USER),
        infrastructure_failures=log.infrastructure_failures + (kind is Kind.INFRASTRUCTURE),
    )


def _closed(log: TaskLog, policy: RetryPolicy, now: datetime) -> TaskLog:
    """Close an open attempt, because a later one exists."""
    last = log.last
    return close(log, _vanished(last), policy, now) if last is not None and last.open else log


def _overdue(sighting: Sighting, now: datetime) -> Ending | None:
    """Return how an attempt has ended by itself, if its time is over."""
    expected = sighting.expected
    return expected if expected is not None and now >= expected.at else None


def _vanished(attempt: Attempt, how: str = "") -> Failure:
    """Return the failure of an attempt that somebody deleted before its end was seen."""
    unit = attempt.where.unit
    what = f"the {unit.kind}" if unit is not None else "the attempt"
    is_run = unit is not None and unit.kind == RUN
    reason = Reason.RUN_DELETED if is_run else Reason.JOB_DELETED
    return Failure(reason, how or f"{what} was deleted before its end was seen")


def _open(log: TaskLog, sighting: Sighting, now: datetime) -> TaskLog:
    """Add a new attempt to the log."""
    created = sighting.created or now
    attempt = Attempt(sighting.number, created=created, memory=sighting.memory)
    return replace(
        log,
        attempts=(*log.attempts, attempt)[-LOGGED_ATTEMPTS:],
        count=sighting.number,
        started=log.started or created,
        next_attempt=None,
        reason=Reason.STARTING,
        message="",
        items=another_try(log.items, sighting.items),
    )


def another_try(items: ItemsLog | None, seen: SeenItems | None = None) -> ItemsLog | None:
    """Return the items at the start of an attempt: the world knows them since the first one."""
    if items is not None:
        return begun(items)
    return ItemsLog(seen.total, digest=seen.digest) if seen is not None else None


def _bereft(last: Attempt, sighting: Sighting) -> bool:
    """Return whether an attempt's instance is gone, and the world has no other yet."""
    lost = last.where.instance is not None and sighting.where.instance is None
    return lost and sighting.waiting is not Reason.SUSPENDED


def _without_instance(log: TaskLog, last: Attempt, now: datetime) -> TaskLog:
    """Note that the open attempt lost its instance. Its node and its times go with it."""
    bereft = Attempt(
        number=last.number,
        where=last.where.only_unit(),
        created=last.created,
        memory=last.memory,
        replaced=now,
        message=_loss(last),
    )
    return replace(log, attempts=(*log.attempts[:-1], bereft))


def _loss(last: Attempt) -> str:
    return last.message or f"{last.where.instance} is gone"


def _known(log: TaskLog, sighting: Sighting) -> TaskLog:
    """Add new facts of the sighting to the open attempt."""
    last = log.attempts[-1]
    instance = sighting.where.instance
    replaced = instance is not None and last.where.instance not in (None, instance)
    # Another instance has its own machine and times.
    before = Attempt(last.number, last.where.only_unit()) if replaced else last
    known = Attempt(
        number=last.number,
        where=sighting.where.over(before.where),
        created=last.created or sighting.created,
        scheduled=sighting.scheduled or before.scheduled,
        started=before.started or sighting.started,
        memory=last.memory or sighting.memory,
        replaced=sighting.instance_created if replaced else last.replaced,
        message=clip(sighting.lost) or (_loss(last) if replaced else last.message),
    )
    return log if known == last else replace(log, attempts=(*log.attempts[:-1], known))


def _progress(log: TaskLog, sighting: Sighting) -> TaskLog:
    """Set the progress of the open attempt, and what it waits for."""
    last, reason = log.attempts[-1], sighting.waiting or Reason.STARTING
    runs = sighting.stage is Stage.RUNNING and sighting.waiting is None
    if runs or (last.started and _silent(sighting)):
        reason = Reason.RUNNING  # after the start, a sighting without it is an old one
    message = clip(sighting.message or _replacement(last))
    if reason is log.reason and reason in FIRST_WORDS_STAY and log.message:
        return log
    if reason is log.reason and message == log.message:
        return log
    return replace(log, reason=reason, message=message)


def _replacement(last: Attempt) -> str:
    """Return why an attempt is not in its first instance."""
    if last.replaced is None or not last.message:
        return ""
    if last.where.instance is not None or last.where.unit is None:
        return last.message
    return f"{last.message}; the {last.where.unit.kind} creates another"


def _silent(sighting: Sighting) -> bool:
    return sighting.waiting is None and not sighting.message


def _end(
    log: TaskLog, sighting: Sighting, end: tuple[Ending, End], policy: RetryPolicy, now: datetime
) -> TaskLog:
    """Close the open attempt with the end from the world."""
    last, (ending, result) = log.attempts[-1], end
    at = _between(last.created, ending.at, now)
    match result:
        case Failure() as failure:
            return close(log, failure, policy, at, sighting.items or ending.progress)
        case Success(outputs):
            # An instance that was about to be lost has succeeded.
            message = last.message if last.replaced else ending.message
            done = replace(
                last,
                progress=ending.progress,
                finished=at,
                reason=Reason.SUCCEEDED,
                message=message,
            )
            return replace(
                log,
                attempts=(*log.attempts[:-1], done),
                outcome=Outcome.SUCCEEDED,
                reason=Reason.SUCCEEDED,
                message=ending.message,
                finished=at,
                outputs=outputs,
            )


def _between(first: datetime | None, instant: datetime, last: datetime) -> datetime:
    """Bound a time from another machine's clock: a wait may count from it."""
    return max(first or instant, min(instant, last))
