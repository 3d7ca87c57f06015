"""What is told of a run: `headrace.engine.run.status`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.admission import Held, Refused
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import Counts, ObservedRun, RunKey, RunLog, Watched
from headrace.engine.run.status import MAX_ATTENTION, refused, waiting
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import ObservedTask, TaskLog
from headrace.engine.task.obstacles import Busy
from support.builders import (
    at,
    chain,
    ended,
    last,
    log,
    retries,
    running,
    starting,
    task,
    workflow,
)

O = Outcome  # noqa: E741 - one letter in a table
THREE = workflow(task("a"), task("b"), task("c"))
RUNS = ObservedTask(log(), running())


def observed(definition: Definition | None, **more: Any) -> ObservedRun:
    """Return a run that began at noon."""
    status = more.pop("log", RunLog(started=at(0)))
    key = RunKey("default", "etl-1")
    return ObservedRun(key, "uid-1", at(0), definition, log=status, generation=3, **more)


def over(outcome: Outcome, reason: Reason | None = None, message: str = "") -> ObservedTask:
    """Return a task that ended."""
    return ObservedTask(ended(outcome, reason, message))


def told(
    definition: Definition, desired: DesiredState = DesiredState.RUN, /, **tasks: ObservedTask
) -> RunLog:
    """Return the status of a run ten seconds after noon."""
    decision = decide(observed(definition, tasks=tasks, desired=desired), at(10))
    assert decision.status is not None
    return decision.status


def test_counts_add_up() -> None:
    """Each task is in one of them."""
    definition = workflow(
        *(task(name) for name in "abcde"), task("f", "e"), task("g", "f"), last("h")
    )
    status = told(
        definition, a=over(O.SUCCEEDED), b=over(O.FAILED), c=over(O.CANCELLED), d=RUNS, e=RUNS
    )
    assert (
        Counts(total=8, pending=3, running=2, succeeded=1, failed=1, cancelled=1) == status.counts
    )
    assert 3 == status.counts.ended
    assert (3, None) == (status.observed_generation, status.finished)


def test_a_task_between_two_attempts_is_running() -> None:
    """It has started and not ended."""
    failed = ended(O.FAILED)
    waits = replace(failed, outcome=None, reason=Reason.WAITING_FOR_RETRY, finished=None)
    definition = workflow(task("a", retry=retries(3, seconds=600)))
    assert 1 == told(definition, a=ObservedTask(waits)).counts.running


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        pytest.param(O.SUCCEEDED, O.SUCCEEDED, (True, "Succeeded", ""), id="all tasks succeeded"),
        pytest.param(
            O.SUCCEEDED,
            O.FAILED,
            (False, "Failed", "b failed: broke"),
            id="a task failed, with its message",
        ),
        pytest.param(
            O.FAILED,
            O.SUCCEEDED,
            (True, "Succeeded", "1 failed (a)"),
            id="a task with allowFailure failed",
        ),
        pytest.param(
            O.FAILED,
            O.FAILED,
            (False, "Failed", "b failed: broke; 2 failed (a, b)"),
            id="two tasks failed, one with allowFailure",
        ),
    ],
)
def test_the_end_of_a_run(a: Outcome, b: Outcome, want: tuple[bool, str, str]) -> None:
    """A run succeeded if no task failed, or only those that may."""
    definition = workflow(task("a", allow_failure=True), task("b"))
    status = told(definition, a=over(a, message="no matter"), b=over(b, message="broke"))
    assert want == (status.succeeded, str(status.reason), status.message)
    assert at(10) == status.finished


def test_the_end_counts_what_was_left_out() -> None:
    """The reader sees why there are fewer results than tasks; of many, three are named."""
    definition = workflow(task("a"), *(task(f"b{n}", "a") for n in range(5)))
    status = told(definition, a=over(O.FAILED))
    assert "1 failed (a); 5 omitted (b0, b1, b2 and 2 more)" == status.message


@pytest.mark.parametrize(
    ("desired", "reason"),
    [(DesiredState.STOP, Reason.STOPPED), (DesiredState.CANCEL, Reason.CANCELLED)],
)
def test_a_run_that_was_cut_short_says_so(desired: DesiredState, reason: Reason) -> None:
    """Who wanted it, and what was cut."""
    status = told(chain("a", "b"), desired, a=over(O.SUCCEEDED))
    assert (False, reason) == (status.succeeded, status.reason)
    assert f"desiredState is {desired}; 1 cancelled (b)" == status.message


@pytest.mark.parametrize(
    ("desired", "reason", "message"),
    [
        (DesiredState.RUN, Reason.RUNNING, ""),
        (DesiredState.PAUSE, Reason.PAUSED, "desiredState is Pause"),
        (DesiredState.STOP, Reason.STOPPING, "desiredState is Stop"),
    ],
)
def test_a_run_that_goes_on_says_how(desired: DesiredState, reason: Reason, message: str) -> None:
    """The reason is what it is at."""
    status = told(chain("a", "b"), desired, a=RUNS)
    assert (None, reason, message) == (status.succeeded, status.reason, status.message)


def stuck(reason: Reason, message: str = "") -> ObservedTask:
    """Return a task whose program cannot start, as is on record."""
    sighting = starting(waiting=reason, message=message)
    return ObservedTask(follow(TaskLog(), sighting, retries(), at(1)), sighting)


def test_what_needs_attention_is_named_failures_first() -> None:
    """With reason, message and since when; and in the order of the definition."""
    status = told(
        workflow(task("a"), task("b"), task("c")),
        a=stuck(Reason.UNSCHEDULABLE, "0/3 nodes"),
        b=RUNS,
        c=over(O.FAILED, message="broke"),
    )
    assert [
        ("c", Reason.FAILED, "broke", at(5)),
        ("a", Reason.UNSCHEDULABLE, "0/3 nodes", at(0)),
    ] == [(each.task, each.reason, each.message, each.since) for each in status.attention]
    assert "c: Failed; a: Unschedulable" == status.message


def test_what_cannot_even_get_a_task_run_needs_attention() -> None:
    """There is no TaskRun to look at, so the run tells it."""
    full = Busy(Reason.QUOTA_EXCEEDED, "no room", at(60))
    decision = decide(observed(THREE, obstacles={"b": full}, tasks={}), at(10))
    assert decision.status is not None
    assert (Watched("b", Reason.QUOTA_EXCEEDED, "no room", at(10)),) == decision.status.attention


def test_what_is_tried_again_is_told_as_before() -> None:
    """The try has not shown yet that it is otherwise; it is told since when it was so at first."""
    before = Watched("b", Reason.QUOTA_EXCEEDED, "no room", at(3))
    told_ = RunLog(started=at(0), attention=(before,))
    full = Busy(Reason.QUOTA_EXCEEDED, "no room", at(10))
    decision = decide(observed(THREE, obstacles={"b": full}, tasks={}, log=told_), at(10))
    assert decision.status is not None
    assert (before,) == decision.status.attention


@pytest.mark.parametrize("reason", [Reason.STARTING, Reason.WAITING_FOR_TIME, None])
def test_what_is_usual_needs_no_attention(reason: Reason | None) -> None:
    """A task that starts or waits for others is no news."""
    seen = RUNS if reason is None else stuck(reason)
    assert () == told(chain("a", "b"), a=seen).attention


def test_attention_is_bounded() -> None:
    """A run of thousands of failures stays small."""
    names = [f"t{n}" for n in range(100)]
    definition = workflow(*(task(name) for name in names))
    status = told(definition, **{name: over(O.FAILED) for name in reversed(names)})
    assert names[:MAX_ATTENTION] == [each.task for each in status.attention]
    assert status.message.startswith("100 failed (t0, t1, t2 and 97 more)")


def test_messages_are_bounded() -> None:
    """They are read back as they were written."""
    status = told(chain("a"), a=over(O.FAILED, message="x" * 1024))
    assert 1024 == len(status.message)


def test_positions_are_of_task_runs_that_were_seen() -> None:
    """A start that was refused for now leaves no trace, else the task would be missed later."""
    run = observed(THREE, tasks={"a": RUNS}, log=RunLog(started=at(0), positions="2"))
    decision = decide(run, at(10))
    starts = [each for each in decision.actions if isinstance(each, StartAttempt)]
    assert ["b"] == [each.task for each in starts]
    assert decision.status is not None
    assert "0,2" == decision.status.positions


def test_a_run_that_never_ran_says_why() -> None:
    """Its tasks count as cancelled, and it has no start time."""
    run = observed(THREE, log=RunLog(revision="etl-x"))
    status = refused(run, Refused(Reason.INVALID_PARAMS, "x" * 2000), at(10))
    assert (False, Reason.INVALID_PARAMS) == (status.succeeded, status.reason)
    assert (None, at(10), "etl-x") == (status.started, status.finished, status.revision)
    assert Counts(total=3, cancelled=3) == status.counts
    assert 1024 == len(status.message)


def test_a_run_that_cannot_go_on_counts_the_rest_as_cancelled() -> None:
    """Nothing is left pending or running of a run that has ended."""
    counts = Counts(total=4, pending=1, running=2, succeeded=1)
    begun = observed(None, log=RunLog(started=at(0), counts=counts))
    status = refused(begun, Refused(Reason.REVISION_NOT_FOUND, ""), at(10))
    assert Counts(total=4, succeeded=1, cancelled=3) == status.counts


def test_a_run_that_waits_says_why() -> None:
    """Its tasks are pending; if it has begun, its counts stay."""
    held = Held(Reason.PAUSED, "desiredState is Pause")
    assert Counts(total=3, pending=3) == waiting(observed(THREE, log=RunLog()), held).counts
    begun = RunLog(started=at(0), counts=Counts(total=3, running=3))
    assert begun.counts == waiting(observed(None, log=begun), held).counts
