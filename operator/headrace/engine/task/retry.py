"""
The decision after a failed attempt.

Knows attempts, exit codes, budgets and time. Does not know the graph, or the work of a task.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import Backoff, RetryAction, RetryPolicy, RetryRule
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.observed import Attempt, TaskLog

HELPLESS = dict.fromkeys((Reason.REJECTED, Reason.APPROVAL_TIMEOUT), "no retry rule asks again")
"""Why no attempt follows a failure that counts against no limit, if it is not the usual reason."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The task gets another attempt, not before `when`."""

    when: datetime
    message: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The task has failed for good."""

    reason: Reason
    message: str


def matching_rule(policy: RetryPolicy, attempt: Attempt) -> RetryRule | None:
    """Return the first rule that matches the attempt's end."""
    for rule in policy.rules:
        if attempt.progress.exit_code is not None and attempt.progress.exit_code in rule.exit_codes:
            return rule
        if str(attempt.reason) in rule.reasons:
            return rule
    return None


def budget(policy: RetryPolicy, attempt: Attempt) -> Kind | None:
    """Return whose budget a failed attempt uses; None for neither."""
    rule = matching_rule(policy, attempt)
    kind = KINDS.get(attempt.reason or Reason.FAILED)
    if rule is not None and rule.action is RetryAction.IGNORE:
        return None
    if kind is Kind.DEFINITION:
        # Only a rule can retry it; then it counts as a failure of the user.
        return Kind.USER if rule is not None and rule.action is RetryAction.RETRY else None
    return kind


def after_failure(policy: RetryPolicy, log: TaskLog, attempt_id: str) -> RetryAt | GiveUp:
    """
    Decide what follows the latest failure of a task.

    The wait counts from the end of the attempt, not from now. So a controller that was down
    meanwhile decides the same.

    Args:
        policy: The retry policy of the task.
        log: The task's log; its last attempt has failed, and its budgets are charged.
        attempt_id: The source of the jitter: unique for this attempt, and the same after a crash.

    """
    last = log.attempts[-1]
    refused = _refusal(policy, log, last)
    if refused is not None:
        return refused
    assert last.finished is not None  # noqa: S101 - a failed attempt has ended
    wait = backoff(policy.backoff, log.count, attempt_id)
    message = f"attempt {last.number} failed: {_how(last)}; {_room(policy, log, last)}"
    return RetryAt(last.finished + wait, message)


def _refusal(policy: RetryPolicy, log: TaskLog, last: Attempt) -> GiveUp | None:
    """Return why no attempt follows, or None if one follows."""
    rule = matching_rule(policy, last)
    reason = last.reason or Reason.FAILED
    if rule is not None and rule.action is RetryAction.FAIL:
        return GiveUp(reason, _last_words(last, "a retry rule says Fail"))
    if rule is not None and rule.action is RetryAction.IGNORE:
        return None
    kind = budget(policy, last)
    if kind is None:
        return GiveUp(reason, _last_words(last, HELPLESS.get(reason, "no retry can help")))
    used, limit, field = _account(kind, policy, log)
    if used <= limit:
        return None
    if limit == 0:
        return GiveUp(reason, _last_words(last, f"{field} is 0"))
    return GiveUp(
        Reason.RETRIES_EXHAUSTED, f"{_how(last)}; failed {used} times, {field} is {limit}"
    )


def _account(kind: Kind, policy: RetryPolicy, log: TaskLog) -> tuple[int, int, str]:
    """Return failures so far, failures allowed, and the field that says so."""
    if kind is Kind.INFRASTRUCTURE:
        limit = policy.infrastructure_limit
        return log.infrastructure_failures, limit, "retry.infrastructureLimit"
    return log.user_failures, policy.limit, "retry.limit"


def backoff(policy: Backoff, failures: int, attempt_id: str) -> timedelta:
    """
    Return the wait after a task's n-th failed attempt: seconds · factor^(n-1), with jitter.

    Args:
        policy: The field `retry.backoff`.
        failures: How many attempts there have been, at least 1.
        attempt_id: The source of the jitter.

    """
    # The exponent is bounded, since a huge power costs time and maxSeconds cuts it anyway.
    grown = policy.seconds * policy.factor ** min(failures - 1, 40)
    wait = min(grown, policy.max_seconds)
    share = int.from_bytes(sha256(attempt_id.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=wait * (1 + share * policy.jitter_percent / 100))


def _how(attempt: Attempt) -> str:
    return f"{attempt.reason}: {attempt.message}" if attempt.message else str(attempt.reason)


def _last_words(attempt: Attempt, why: str) -> str:
    """Return how an attempt ended, and why it is the last one, without its reason."""
    return f"{attempt.message}; {why}" if attempt.message else why


def _room(policy: RetryPolicy, log: TaskLog, last: Attempt) -> str:
    """Return how much of its budget is used."""
    kind = budget(policy, last)
    if kind is None:
        return "not counted because of a retry rule"
    used, limit, field = _account(kind, policy, log)
    return f"{used} of {limit} retries ({field})"
