"""
The log of a task, brought up to date with what the world shows.

Knows how attempts open, move and close, and which budget a failure uses.
Does not know what follows a failure.
"""

from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryAction, RetryPolicy
from headrace.engine.classify import KINDS, Failure, Kind, classify
from headrace.engine.outcome import Outcome
from headrace.engine.retry import matching_rule
from headrace.engine.run import LOGGED_ATTEMPTS, Attempt, Sighting, Stage, TaskLog


def follow(log: TaskLog, sighting: Sighting | None, policy: RetryPolicy, now: datetime) -> TaskLog:
    """
    Bring a task's log up to date with what the world shows of its newest attempt.

    A closed attempt stays as it is, whatever is seen later.
    """
    if log.outcome is not None:
        return log
    if sighting is not None and sighting.number > log.count:
        log = _open(log, sighting, now)
    last = log.last
    if last is None or not last.open:
        return log
    if sighting is None or sighting.number < last.number:
        return close(log, Failure(Reason.JOB_DELETED, _GONE), policy, now)
    return _update(log, last, sighting, policy, now)


_GONE = "the Job was deleted before its end was seen"


def _open(log: TaskLog, sighting: Sighting, now: datetime) -> TaskLog:
    """Add an attempt that is seen for the first time."""
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
    )


def close(log: TaskLog, failure: Failure, policy: RetryPolicy, at: datetime) -> TaskLog:
    """Close the open attempt as failed, and charge the budget that it uses."""
    last = log.attempts[-1]
    closed = replace(last, finished=at, reason=failure.reason, message=failure.message)
    rule = matching_rule(policy, closed)
    charged = rule is None or rule.action is not RetryAction.IGNORE
    kind = KINDS.get(failure.reason)
    return replace(
        log,
        attempts=(*log.attempts[:-1], closed),
        user_failures=log.user_failures + (charged and kind is Kind.USER),
        infrastructure_failures=log.infrastructure_failures
        + (charged and kind is Kind.INFRASTRUCTURE),
    )


def _update(
    log: TaskLog, last: Attempt, sighting: Sighting, policy: RetryPolicy, now: datetime
) -> TaskLog:
    known = replace(
        last,
        job=sighting.job or last.job,
        pod=sighting.pod or last.pod,
        node=sighting.node or last.node,
        created=last.created or sighting.created,
        scheduled=sighting.scheduled or last.scheduled,
        started=sighting.started or last.started,
    )
    log = replace(log, attempts=(*log.attempts[:-1], known))
    if sighting.stage is Stage.GONE:
        return close(log, Failure(Reason.JOB_DELETED, sighting.message or _GONE), policy, now)
    if sighting.ending is not None:
        return _end(log, known, sighting, policy)
    if sighting.stage is Stage.RUNNING:
        return replace(log, reason=Reason.RUNNING, message=sighting.message)
    return replace(log, reason=sighting.waiting or Reason.STARTING, message=sighting.message)


def _end(log: TaskLog, known: Attempt, sighting: Sighting, policy: RetryPolicy) -> TaskLog:
    ending = sighting.ending
    assert ending is not None  # noqa: S101 - the caller has looked
    known = replace(known, exit_code=ending.exit_code)
    log = replace(log, attempts=(*log.attempts[:-1], known))
    verdict = classify(ending)
    if isinstance(verdict, Failure):
        return close(log, verdict, policy, ending.at)
    done = replace(known, finished=ending.at, reason=Reason.SUCCEEDED)
    return replace(
        log,
        attempts=(*log.attempts[:-1], done),
        outcome=Outcome.SUCCEEDED,
        reason=Reason.SUCCEEDED,
        message="",
        finished=ending.at,
        outputs=verdict.outputs,
    )
