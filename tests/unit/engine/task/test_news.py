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
        pytest.param(TaskLog(), RUNS, [], id="it runs, which needs no words"),
        pytest.param(
            RUNS,
            FAILED_ONCE,
            [(Reason.NON_ZERO_EXIT, "attempt 1 failed: ended with exit code 3")],
            id="an attempt failed, and there will be another",
        ),
        pytest.param(FAILED_ONCE, FAILED_ONCE, [], id="the same failure is told once"),
        pytest.param(
            RUNS,
            GIVEN_UP,
            [(Reason.NON_ZERO_EXIT, "exit code 3; no more")],
            id="the last attempt is told with the end",
        ),
        pytest.param(GIVEN_UP, GIVEN_UP, [], id="the same end is told once"),
        pytest.param(
            RUNS, WAITS, [(Reason.UNSCHEDULABLE, "no node has room")], id="a trouble that is new"
        ),
        pytest.param(WAITS, replace(WAITS, message="2 nodes"), [], id="other words for a trouble"),
        pytest.param(
            RUNS,
            LOST,
            [(Reason.POD_LOST, "attempt 1 goes on elsewhere: pod x was lost (Drain)")],
            id="a pod was lost, and the attempt goes on",
        ),
        pytest.param(LOST, LOST, [], id="the same loss is told once"),
        pytest.param(RUNS, ended(Outcome.SUCCEEDED), [], id="a success"),
        pytest.param(RUNS, ended(Outcome.CANCELLED), [], id="somebody cancelled it"),
    ],
)
def test_news(old: TaskLog, new: TaskLog, want: list[tuple[Reason, str]]) -> None:
    """Failures and troubles, each once."""
    assert want == list(news(old, new))
