"""What follows a failed attempt: `headrace.engine.task.retry`."""

from datetime import timedelta

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import Backoff, RetryPolicy
from headrace.engine.task.attempts import close
from headrace.engine.task.classify import Failure, Kind
from headrace.engine.task.observed import Attempt, TaskLog
from headrace.engine.task.retry import (
    GiveUp,
    RetryAt,
    after_failure,
    backoff,
    budget,
    matching_rule,
)
from support.builders import at, failed, log, on, retries

R = Reason


def charged(policy: RetryPolicy, *attempts: Attempt) -> TaskLog:
    """Return the log of a task after these failures, with its budgets charged."""
    known = TaskLog()
    for attempt in attempts:
        assert attempt.reason is not None
        assert attempt.finished is not None
        opened = Attempt(attempt.number, created=at(0), progress=attempt.progress)
        known = log(*known.attempts, opened, **_budgets(known))
        known = close(known, Failure(attempt.reason, ""), policy, attempt.finished)
    return known


def _budgets(known: TaskLog) -> dict[str, int]:
    return {
        "user_failures": known.user_failures,
        "infrastructure_failures": known.infrastructure_failures,
    }


def answer(policy: RetryPolicy, *attempts: Attempt) -> str:
    """Say when the next attempt is, in seconds after noon, or why there is none."""
    match after_failure(policy, charged(policy, *attempts), "uid/task/1"):
        case RetryAt(when):
            return f"{(when - at(0)).total_seconds():g}"
        case GiveUp(reason):
            return reason
    raise AssertionError


LOST = failed(R.NODE_LOST, code=None)
OOM = failed(R.OOM_KILLED, code=137)
DENIED = failed(R.ADMISSION_DENIED, code=None)


@pytest.mark.parametrize(
    ("policy", "attempts", "want"),
    [
        pytest.param(retries(1), [failed()], "15", id="the first retry waits the backoff"),
        pytest.param(retries(2), [failed(), failed(number=2)], "25", id="the wait doubles"),
        pytest.param(
            retries(9, factor=3), [failed(), failed(number=2)], "35", id="the factor is chosen"
        ),
        pytest.param(
            retries(9, max_seconds=12),
            [failed(), failed(number=2)],
            "17",
            id="maxSeconds bounds the wait",
        ),
        pytest.param(
            retries(1, seconds=0), [failed()], "5", id="a backoff of 0 seconds does not wait"
        ),
        pytest.param(retries(0), [failed()], "NonZeroExit", id="no retry is the default"),
        pytest.param(
            retries(1),
            [failed(), failed(number=2)],
            "RetriesExhausted",
            id="the limit counts retries, not attempts",
        ),
        pytest.param(retries(0), [LOST], "15", id="a lost node is retried although limit is 0"),
        pytest.param(
            retries(0, infrastructure=0),
            [LOST],
            "NodeLost",
            id="infrastructureLimit 0 forbids a retry after a lost node",
        ),
        pytest.param(
            retries(1),
            [LOST, failed(R.EVICTED, 2, code=None), failed(number=3)],
            "45",
            id="infrastructure failures leave the user's retries alone",
        ),
        pytest.param(
            retries(0, infrastructure=1),
            [LOST, failed(R.PREEMPTED, 2, code=None)],
            "RetriesExhausted",
            id="infrastructure failures have a limit",
        ),
        pytest.param(retries(5), [DENIED], "AdmissionDenied", id="no retry helps a definition"),
        pytest.param(
            retries(5, on(2, then="Fail")),
            [failed(code=2)],
            "NonZeroExit",
            id="a rule says Fail to an exit code",
        ),
        pytest.param(
            retries(5, on("OOMKilled", then="Fail")),
            [OOM],
            "OOMKilled",
            id="a rule says Fail to a reason",
        ),
        pytest.param(
            retries(5, on(2, then="Fail")),
            [failed(code=3)],
            "15",
            id="a rule does not match other exit codes",
        ),
        pytest.param(
            retries(0, on(75, then="Ignore")), [failed(code=75)], "15", id="Ignore does not count"
        ),
        pytest.param(
            retries(0, on("NodeLost", then="Fail")),
            [LOST],
            "NodeLost",
            id="a rule can refuse what is retried by default",
        ),
        pytest.param(
            retries(0, on(1, then="Retry")),
            [failed()],
            "NonZeroExit",
            id="Retry still counts against the limit",
        ),
        pytest.param(
            retries(1, on("AdmissionDenied", then="Retry")),
            [DENIED],
            "15",
            id="a rule can want a definition tried again",
        ),
        pytest.param(
            retries(1, on("AdmissionDenied", then="Retry")),
            [DENIED, failed(R.ADMISSION_DENIED, 2, code=None)],
            "RetriesExhausted",
            id="a retried definition failure counts against the limit",
        ),
        pytest.param(
            retries(5, on(1, then="Fail"), on(1, then="Ignore")),
            [failed()],
            "NonZeroExit",
            id="the first rule that matches wins",
        ),
        pytest.param(
            retries(5, on(1, then="Fail")),
            [failed(code=1), failed(number=2, code=3)],
            "25",
            id="only the last failure is judged by rules",
        ),
        pytest.param(
            retries(5, on(137, then="Fail")),
            [OOM],
            "OOMKilled",
            id="a rule on an exit code matches with any reason",
        ),
    ],
)
def test_after_failure(policy: RetryPolicy, attempts: list[Attempt], want: str) -> None:
    """The policy gives one answer for each history of failures."""
    assert want == answer(policy, *attempts)


def test_the_wait_counts_from_the_end_of_the_attempt() -> None:
    """A controller that was down meanwhile comes to the same time."""
    later = failed(when=1000)
    assert "1010" == answer(retries(1), later)


def test_giving_up_says_what_was_used_and_what_came_last() -> None:
    """The reader sees the field to change."""
    policy = retries(1)
    given_up = after_failure(policy, charged(policy, failed(), OOM), "x")
    assert isinstance(given_up, GiveUp)
    assert "OOMKilled; failed 2 times, retry.limit is 1" == given_up.message


def test_waiting_says_how_much_room_is_left() -> None:
    """The reader sees how many retries there are."""
    policy = retries(3)
    waiting = after_failure(policy, charged(policy, failed()), "x")
    assert "attempt 1 failed: NonZeroExit; 1 of 3 retries (retry.limit)" == waiting.message
    lost = after_failure(policy, charged(policy, LOST), "x")
    assert lost.message.endswith("1 of 5 retries (retry.infrastructureLimit)")


def test_an_ignored_failure_says_that_it_is_not_counted() -> None:
    """The reader is not left to wonder about the count."""
    policy = retries(0, on(75, then="Ignore"))
    waiting = after_failure(policy, charged(policy, failed(code=75)), "x")
    assert waiting.message.endswith("not counted because of a retry rule")


@pytest.mark.parametrize("failures", range(1, 60))
def test_the_wait_never_exceeds_its_ceiling_and_jitter(failures: int) -> None:
    """However many failures there have been, also where the power would be astronomical."""
    policy = Backoff(seconds=10, factor=10, max_seconds=600, jitter_percent=20)
    assert timedelta() < backoff(policy, failures, "x") <= timedelta(seconds=720)


def test_jitter_is_derived_from_the_attempt() -> None:
    """The same attempt waits the same time after a restart; other attempts spread out."""
    policy = Backoff(seconds=100, jitter_percent=20)
    waits = [backoff(policy, 1, f"uid/task/{n}").total_seconds() for n in range(1000)]
    assert waits == [backoff(policy, 1, f"uid/task/{n}").total_seconds() for n in range(1000)]
    assert 100 <= min(waits) < 101
    assert 119 < max(waits) <= 120
    assert 990 < len(set(waits))


@pytest.mark.parametrize(
    ("policy", "attempt", "want"),
    [
        pytest.param(retries(), failed(), Kind.USER, id="a bad exit code uses the user's budget"),
        pytest.param(
            retries(), LOST, Kind.INFRASTRUCTURE, id="a lost node uses the infrastructure's budget"
        ),
        pytest.param(retries(), DENIED, None, id="a definition failure uses no budget"),
        pytest.param(
            retries(0, on("NodeLost", then="Ignore")),
            LOST,
            None,
            id="an ignored failure uses no budget",
        ),
        pytest.param(
            retries(), failed(R.CANCELLED, code=None), None, id="a cancelled attempt uses no budget"
        ),
    ],
)
def test_budget(policy: RetryPolicy, attempt: Attempt, want: Kind | None) -> None:
    """Each failure uses one budget at most."""
    assert want is budget(policy, attempt)


def test_a_rule_about_exit_codes_is_not_about_ends_without_one() -> None:
    """Where no program ended there is no code to match."""
    assert matching_rule(retries(0, on(1, then="Fail")), LOST) is None
