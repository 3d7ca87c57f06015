"""The chain of policies over one task: `headrace.engine.task.verdict`."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course, Mode
from headrace.engine.definition.run_when import Tally
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.task.attempts import follow
from headrace.engine.task.chain import TASK_POLICIES, judge
from headrace.engine.task.observed import (
    Attempt,
    ObservedTask,
    Obstacle,
    Sighting,
    TaskLog,
)
from headrace.engine.task.verdict import Abort, Start, TaskView, Turn, Verdict, Wait
from support.builders import (
    at,
    ended,
    exited,
    failed,
    gone,
    last,
    limits,
    log,
    on,
    retries,
    running,
    starting,
    task,
    workflow,
)

R = Reason
TASK = workflow(
    task("up"),
    task("a", "up", retry=retries(2, on(9, then="Fail")), timeouts=limits(60, total=600)),
    task("patient", "up", retry=retries(1, on("AdmissionDenied", then="Retry"), seconds=5)),
    last("tidy"),
)
GO = Course(Mode.GO)
PAUSE = Course(Mode.PAUSE, R.PAUSED, "paused")
STOP = Course(Mode.STOP, R.STOPPED, "stopped")
CANCEL = Course(Mode.CANCEL, R.CANCELLED, "cancelled")
TERMINATE = Course(Mode.TERMINATE, R.TERMINATED, "terminated")
FULL = Obstacle(R.QUOTA_EXCEEDED, "no room", at(100))
DENIED = Obstacle(R.ADMISSION_DENIED, "not so", at(5))
TAKEN = Obstacle(R.NAME_TAKEN, "taken", at(5))
MET, OPEN, RULED_OUT = Tally(1, successes=1), Tally(1), Tally(1, failures=1, failed=("up",))


def view(
    name: str = "a",
    now: float = 10,
    course: Course = GO,
    halted: str | None = None,
    unfinished: str | None = None,
    **more: Any,
) -> TaskView:
    """Return what is to be judged, ten seconds after noon; upstream is done if not said."""
    turn = Turn(at(now), "uid-1", course, halted, unfinished)
    return TaskView(turn, TASK.tasks[name], **{"upstream": MET, **more})


def begun(known: TaskLog | None = None, sighting: Sighting | None = None, **more: Any) -> TaskView:
    """Return a task that has a TaskRun; its log follows the sighting."""
    known = follow(known or TaskLog(), sighting, TASK.tasks["a"].retry, at(5))
    return view(log=known, seen=ObservedTask(known, sighting), **more)


def word(verdict: Verdict) -> str:
    """Say a verdict in a few words."""
    match verdict:
        case Start(number):
            return f"start {number}"
        case Wait(reason, _, until):
            return f"wait {reason}{_time(until)}"
        case Abort(reason):
            return f"abort {reason}"
        case Ended(outcome, reason):
            return f"{outcome} {reason}"


def _time(until: datetime | None) -> str:
    return "" if until is None else f" until {(until - at(0)).total_seconds():g}"


FAILED_ONCE = log(failed(when=5))


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(view(), "start 1", id="nothing objects"),
        # already_ended
        pytest.param(
            begun(ended(Outcome.SUCCEEDED), course=CANCEL), "Succeeded Succeeded", id="ended"
        ),
        # task_run_deleted
        pytest.param(view(lost=True), "Failed TaskRunDeleted", id="its record is gone"),
        pytest.param(
            view(lost=True, course=CANCEL), "Failed TaskRunDeleted", id="also when cancelled"
        ),
        # cancelled
        pytest.param(
            begun(None, running(), course=CANCEL), "abort Cancelled", id="cancel: it runs"
        ),
        pytest.param(
            begun(FAILED_ONCE, course=CANCEL), "Cancelled Cancelled", id="cancel: it waits"
        ),
        pytest.param(begun(course=CANCEL), "Cancelled Cancelled", id="cancel: it never ran"),
        # total_time
        pytest.param(begun(None, running(), now=599), "wait Running", id="in its time"),
        pytest.param(begun(None, running(), now=600), "abort TaskTimeout", id="over its time"),
        pytest.param(
            begun(FAILED_ONCE, now=600), "Failed TaskTimeout", id="over, between attempts"
        ),
        # pending_time
        pytest.param(begun(None, starting(), now=59), "wait Starting until 60", id="it may start"),
        pytest.param(
            begun(None, starting(), now=60), "abort PendingTimeout", id="it did not start"
        ),
        # in_progress
        pytest.param(
            begun(None, running(), course=PAUSE), "wait Running", id="paused, but it runs"
        ),
        pytest.param(
            begun(None, running(), course=STOP), "wait Running", id="stopped, but it runs"
        ),
        # retry
        pytest.param(begun(FAILED_ONCE), "wait WaitingForRetry until 15", id="its backoff"),
        pytest.param(begun(FAILED_ONCE, now=15), "start 2", id="its backoff is over"),
        pytest.param(
            begun(log(failed(code=9)), now=15), "Failed NonZeroExit", id="a rule says Fail"
        ),
        pytest.param(begun(FAILED_ONCE, now=15, course=STOP), "start 2", id="stop lets it retry"),
        pytest.param(begun(FAILED_ONCE, now=15, course=PAUSE), "wait Paused", id="pause does not"),
        # leaving
        pytest.param(
            begun(FAILED_ONCE, gone(alive=True), now=15),
            "wait WaitingForRetry",
            id="the attempt before still runs",
        ),
        pytest.param(begun(FAILED_ONCE, gone(), now=15), "start 2", id="it is gone"),
        pytest.param(begun(FAILED_ONCE, exited(1), now=15), "start 2", id="it is over"),
        # upstream
        pytest.param(view(upstream=OPEN), "wait WaitingForUpstream", id="upstream is open"),
        pytest.param(view(upstream=RULED_OUT), "Omitted UpstreamFailed", id="upstream failed"),
        pytest.param(begun(upstream=OPEN), "start 1", id="a rule is asked once"),
        # stopped
        pytest.param(view(course=STOP), "Cancelled RunStopped", id="stop: it may not start"),
        pytest.param(view(course=CANCEL), "Cancelled RunStopped", id="cancel: nor then"),
        pytest.param(view(halted="x"), "Cancelled RunStopped", id="nor after a failure"),
        pytest.param(begun(course=STOP), "Cancelled RunStopped", id="stop: it never had a Job"),
        pytest.param(
            view(course=STOP, upstream=OPEN),
            "wait WaitingForUpstream",
            id="stop: it may be left out",
        ),
        pytest.param(
            view(course=STOP, upstream=RULED_OUT), "Omitted UpstreamFailed", id="stop: it was"
        ),
        # others_first
        pytest.param(view("tidy", unfinished="a"), "wait WaitingForTasks", id="finally comes last"),
        pytest.param(view("tidy"), "start 1", id="finally, at last"),
        pytest.param(view("tidy", course=CANCEL), "start 1", id="finally, also when cancelled"),
        pytest.param(
            view("tidy", course=TERMINATE), "Cancelled RunStopped", id="finally, but not terminated"
        ),
        pytest.param(view("tidy", course=STOP), "start 1", id="finally, also when stopped"),
        # still_running
        pytest.param(view(beside="pod x of b"), "wait WaitingForRemoval", id="b is not gone"),
        pytest.param(
            view("tidy", beside="pod x of b"), "wait WaitingForRemoval", id="finally waits too"
        ),
        pytest.param(
            view(beside="pod x of b", course=STOP), "Cancelled RunStopped", id="stop: at once"
        ),
        # paused
        pytest.param(view(course=PAUSE), "wait Paused", id="paused"),
        pytest.param(view("tidy", course=PAUSE), "wait Paused", id="finally is paused too"),
        # obstructed
        pytest.param(view(obstacle=FULL), "wait QuotaExceeded until 100", id="no room"),
        pytest.param(view(obstacle=FULL, now=100), "start 1", id="tried again"),
        pytest.param(view(obstacle=TAKEN), "Failed NameTaken", id="no TaskRun can be made"),
        pytest.param(
            view("patient", obstacle=DENIED),
            "wait AdmissionDenied until 35",
            id="a rule may",
        ),
        pytest.param(view("patient", obstacle=DENIED, now=35), "start 1", id="and so it is"),
        pytest.param(begun(None, running(), obstacle=FULL), "wait Running", id="it runs after all"),
    ],
)
def test_judge(judged: TaskView, want: str) -> None:
    """The first policy with an answer wins."""
    assert want == word(judge(judged))


def test_the_chain_is_on_one_screen() -> None:
    """Every policy of the module is in the chain, once."""
    assert len(set(TASK_POLICIES)) == len(TASK_POLICIES) == 14


def test_a_timed_out_attempt_says_what_it_waited_for() -> None:
    """The reader learns what was in the way."""
    stuck = starting(waiting=R.UNSCHEDULABLE, message="0/3 nodes are available")
    verdict = judge(begun(None, stuck, now=60))
    assert isinstance(verdict, Abort)
    assert (
        "not started after 60 s; it waited for Unschedulable: 0/3 nodes are available"
        == verdict.message
    )


def test_a_wait_for_a_retry_says_when() -> None:
    """Users see the time of the next attempt."""
    verdict = judge(begun(FAILED_ONCE))
    assert isinstance(verdict, Wait)
    assert at(15) == verdict.next_attempt


def test_older_attempts_that_still_run_hold_the_next_one() -> None:
    """Attempts never overlap, whichever it is that is left."""
    held = begun(log(failed(), failed(number=2)), now=60)
    seen = replace(held.seen or ObservedTask(), lingering=frozenset({1}))
    assert "wait WaitingForRetry" == word(judge(replace(held, seen=seen)))


def test_the_next_attempt_gets_the_memory_that_a_rule_gives() -> None:
    """From the task's own resources, or the default's."""
    growing = retries(2, on("OOMKilled", then="Retry", memory_factor_percent=150))
    defined = workflow(task("a", retry=growing)).tasks["a"]
    oom = Attempt(1, created=at(0), finished=at(5), reason=R.OOM_KILLED)
    known = log(oom, user_failures=1)
    turn = Turn(at(60), "uid-1", GO)
    assert Start(2, "1536Mi") == judge(TaskView(turn, defined, known, ObservedTask(known)))
