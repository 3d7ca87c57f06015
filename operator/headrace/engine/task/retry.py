"""
The decision after a failed attempt.

Knows attempts, exit codes, budgets and time. Does not know the graph, or the work of a task.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import Backoff, RetryAction, RetryPolicy, RetryRule
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.observed import Attempt, TaskLog

HELPLESS = dict.fromkeys((Reason.REJECTED, Reason.APPROVAL_TIMEOUT), "no retry rule asks again")
"""Why no attempt follows a failure that counts against no limit, if it is not the usual reason."""


class Failed(Protocol):
    """A failed attempt, or a failed item of one."""

    @property
    def reason(self) -> Reason | None:
        """How it failed."""

    @property
    def exit_code(self) -> int | None:
        """The exit code of its program."""


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


def matching_rule(policy: RetryPolicy, failed: Failed) -> RetryRule | None:
    """Return the first rule that matches a failure."""
    for rule in policy.rules:
        if failed.exit_code is not None and failed.exit_code in rule.exit_codes:
            return rule
        if str(failed.reason) in rule.reasons:
            return rule
    return None


def budget(policy: RetryPolicy, failed: Failed) -> Kind | None:
    """Return whose budget a failure uses; None for neither."""
    rule = matching_rule(policy, failed)
    kind = KINDS.get(failed.reason or Reason.FAILED)
    if rule is not None and rule.action is RetryAction.IGNORE:
        return None
    if kind is Kind.DEFINITION:
        # Only a rule can retry it; then it counts as a failure of the user.
        return Kind.USER if rule is not None and rule.action is RetryAction.RETRY else None
    return kind


def runs_again(policy: RetryPolicy, failed: Failed, user: int, infrastructure: int) -> bool:
    """
    Return whether what failed may run again.

    Args:
        policy: The retry policy of the task.
        failed: The failure.
        user: How many failures so far counted against `limit`, this one included.
        infrastructure: How many counted against `infrastructureLimit`.

    """
    rule = matching_rule(policy, failed)
    if rule is not None and rule.action is not RetryAction.RETRY:
        return rule.action is RetryAction.IGNORE
    match budget(policy, failed):
        case Kind.INFRASTRUCTURE:
            return infrastructure <= policy.infrastructure_limit
        case Kind.USER:
            return user <= policy.limit
    return False


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
    room = _room(policy, log, last)
    return RetryAt(next_start(policy, log, attempt_id), f"{failure_words(last)}; {room}")


def next_start(policy: RetryPolicy, log: TaskLog, attempt_id: str) -> datetime:
    """Return when the attempt after the last one starts, which has failed."""
    last = log.attempts[-1]
    assert last.finished is not None  # noqa: S101 - a failed attempt has ended
    return last.finished + backoff(policy.backoff, log.count, attempt_id)


def failure_words(last: Attempt) -> str:
    """Say that an attempt failed, and how."""
    return f"attempt {last.number} failed: {_how(last)}"


def _refusal(policy: RetryPolicy, log: TaskLog, last: Attempt) -> GiveUp | None:
    """Return why no attempt follows, or None if one follows."""
    if runs_again(policy, last, log.user_failures, log.infrastructure_failures):
        return None
    rule = matching_rule(policy, last)
    reason = last.reason or Reason.FAILED
    if rule is not None and rule.action is RetryAction.FAIL:
        return GiveUp(reason, _last_words(last, "a retry rule says Fail"))
    kind = budget(policy, last)
    if kind is None:
        return GiveUp(reason, _last_words(last, HELPLESS.get(reason, "no retry can help")))
    used, limit, field = _account(kind, policy, log)
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
