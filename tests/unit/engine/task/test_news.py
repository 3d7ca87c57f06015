"""What Events tell of a task: `headrace.engine.task.news`."""

from dataclasses import replace

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.news import news
from headrace.engine.task.observed import Attempt, TaskLog
from support.builders import at, ended, failed, log

RUNS = log(Attempt(1, created=at(0)))
FAILED_ONCE = replace(
    log(replace(failed(), message="ended with exit code 3")), reason=Reason.WAITING_FOR_RETRY
)
GIVEN_UP = replace(
    FAILED_ONCE, outcome=Outcome.FAILED, reason=Reason.NON_ZERO_EXIT, message="exit code 3; no more"
)
LOST = log(Attempt(1, created=at(0), message="pod x was lost (Drain)"))
WAITS = replace(RUNS, reason=Reason.UNSCHEDULABLE, message="no node has room")


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(TaskLog(), RUNS, [], id="the attempt runs: no Event"),
        pytest.param(
            RUNS,
            FAILED_ONCE,
            [(Reason.NON_ZERO_EXIT, "attempt 1 failed: ended with exit code 3")],
            id="an attempt failed, and another one follows",
        ),
        pytest.param(FAILED_ONCE, FAILED_ONCE, [], id="the same failure has one Event"),
        pytest.param(
            RUNS,
            GIVEN_UP,
            [(Reason.NON_ZERO_EXIT, "exit code 3; no more")],
            id="the last failure has the Event of the task's end",
        ),
        pytest.param(GIVEN_UP, GIVEN_UP, [], id="the same end has one Event"),
        pytest.param(
            RUNS, WAITS, [(Reason.UNSCHEDULABLE, "no node has room")], id="a new reason to wait"
        ),
        pytest.param(
            WAITS, replace(WAITS, message="2 nodes"), [], id="another message of the same reason"
        ),
        pytest.param(
            RUNS,
            LOST,
            [(Reason.POD_LOST, "attempt 1 goes on elsewhere: pod x was lost (Drain)")],
            id="the attempt lost its pod and goes on",
        ),
        pytest.param(LOST, LOST, [], id="the same loss has one Event"),
        pytest.param(RUNS, ended(Outcome.SUCCEEDED), [], id="the task succeeded"),
        pytest.param(RUNS, ended(Outcome.CANCELLED), [], id="somebody cancelled the task"),
    ],
)
def test_news(old: TaskLog, new: TaskLog, want: list[tuple[Reason, str]]) -> None:
    """Failures and troubles, each once."""
    assert want == list(news(old, new))
