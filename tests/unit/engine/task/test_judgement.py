"""One task in one turn: `headrace.engine.task.judgement`."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course, Mode
from headrace.engine.definition.run_when import Tally
from headrace.engine.outcome import Outcome
from headrace.engine.task.judgement import judge_lost, judge_seen, judge_unseen
from headrace.engine.task.observed import EMPTY, ObservedTask, TaskLog
from headrace.engine.task.verdict import Start, TaskView, Turn, Wait
from support.builders import at, exited, limits, retries, running, starting, task, workflow

TASKS = workflow(
    task("a", retry=retries(1, seconds=0), timeouts=limits(60)),
    task("slow", retry=retries(1, seconds=30), timeouts=limits(60)),
).tasks
GO, CANCEL = Course(Mode.GO), Course(Mode.CANCEL, Reason.CANCELLED, "desiredState is Cancel")


def turn(now: float = 10, course: Course = GO) -> Turn:
    """Return a turn so many seconds after noon."""
    return Turn(at(now), "uid-1", course)


def test_an_attempt_that_is_given_up_is_closed_and_followed_in_one_turn() -> None:
    """The end of the attempt and what follows are written together."""
    judged = judge_seen(turn(60), TASKS["slow"], ObservedTask(EMPTY, starting()), None)
    assert isinstance(judged.verdict, Wait)
    assert Reason.PENDING_TIMEOUT == judged.log.attempts[0].reason
    assert (Reason.WAITING_FOR_RETRY, at(90)) == (judged.log.reason, judged.log.next_attempt)


def test_a_cancelled_attempt_and_its_task_end_together() -> None:
    """The log says both, with the same time."""
    judged = judge_seen(turn(course=CANCEL), TASKS["a"], ObservedTask(EMPTY, running()), None)
    assert Outcome.CANCELLED == judged.outcome == judged.log.outcome
    assert at(10) == judged.log.finished == judged.log.attempts[0].finished


def test_a_retry_without_a_wait_says_that_it_starts() -> None:
    """The log that closes the attempt is the one that is read meanwhile."""
    judged = judge_seen(turn(), TASKS["a"], ObservedTask(EMPTY, exited(1)), None)
    assert Start(2) == judged.verdict
    assert (Reason.STARTING, "") == (judged.log.reason, judged.log.message)


def test_a_task_that_only_starts_has_nothing_new_to_tell() -> None:
    """Its log is written when the attempt is there."""
    judged = judge_seen(turn(), TASKS["a"], ObservedTask(EMPTY), None)
    assert Start(1) == judged.verdict
    assert judged.log is EMPTY


def test_a_wait_is_written_into_the_log() -> None:
    """What users read is what was decided."""
    paused = Course(Mode.PAUSE, Reason.PAUSED, "desiredState is Pause")
    judged = judge_seen(turn(course=paused), TASKS["a"], ObservedTask(EMPTY), None)
    assert (Reason.PAUSED, "desiredState is Pause") == (judged.log.reason, judged.log.message)


def test_a_task_that_has_not_started_has_no_log() -> None:
    """There is no TaskRun to keep one."""
    failed = Tally(1, failures=1, failed=("up",))
    judged = judge_unseen(TaskView(turn(), TASKS["a"], upstream=failed))
    assert Outcome.OMITTED == judged.outcome
    assert TaskLog() == judged.log


def test_a_lost_task_fails_and_its_log_has_no_time() -> None:
    """What is worked out anew each turn must come out the same."""
    assert judge_lost(turn(10), TASKS["a"]) == judge_lost(turn(99), TASKS["a"])
    assert Outcome.FAILED == judge_lost(turn(), TASKS["a"]).outcome
