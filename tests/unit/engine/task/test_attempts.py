"""The log of a task, brought up to date: `headrace.engine.task.attempts`."""

from dataclasses import replace

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.task.attempts import close, follow
from headrace.engine.task.classify import Failure
from headrace.engine.task.observed import Attempt, Ending, One, Sighting, TaskLog
from headrace.engine.task.obstacles import Denied
from headrace.engine.task.refusal import refuse
from headrace.engine.text import LONGEST_MESSAGE
from headrace.manifests.where import where
from support.builders import (
    at,
    broken,
    ended,
    exited,
    failed,
    gone,
    log,
    on,
    retries,
    running,
    starting,
)

POLICY = retries(2)
NOW = at(60)
OPEN = log(Attempt(1, where=where("job-1"), created=at(0)), reason=Reason.STARTING)
RUNS = follow(OPEN, running(), POLICY, NOW)


def seen(known: TaskLog, sighting: Sighting | None) -> TaskLog:
    """Bring a log up to date, a minute after noon."""
    return follow(known, sighting, POLICY, NOW)


def story(known: TaskLog) -> str:
    """Tell a log in a few words."""
    attempts = [
        f"{a.number}{'' if a.open else f' {a.reason} at {a.finished:%S}'}" for a in known.attempts
    ]
    return f"{known.outcome or known.reason}: {', '.join(attempts) or 'no attempt'}"


@pytest.mark.parametrize(
    ("known", "sighting", "want"),
    [
        pytest.param(TaskLog(), None, "Pending: no attempt", id="the task has no attempt"),
        pytest.param(TaskLog(), starting(), "Starting: 1", id="a new attempt starts"),
        pytest.param(TaskLog(), running(), "Running: 1", id="a new attempt runs already"),
        pytest.param(
            TaskLog(),
            exited(0),
            "Succeeded: 1 Succeeded at 05",
            id="a new attempt has succeeded already",
        ),
        pytest.param(
            TaskLog(),
            exited(3),
            "Starting: 1 NonZeroExit at 05",
            id="a new attempt has failed already",
        ),
        pytest.param(
            TaskLog(), gone(), "Starting: 1 JobDeleted at 00", id="a new attempt is gone already"
        ),
        pytest.param(OPEN, starting(), "Starting: 1", id="the attempt still starts"),
        pytest.param(
            OPEN,
            starting(waiting=Reason.UNSCHEDULABLE),
            "Unschedulable: 1",
            id="the attempt cannot start",
        ),
        pytest.param(OPEN, running(), "Running: 1", id="the attempt runs"),
        pytest.param(OPEN, exited(0), "Succeeded: 1 Succeeded at 05", id="the attempt succeeded"),
        pytest.param(OPEN, exited(1), "Starting: 1 NonZeroExit at 05", id="the attempt failed"),
        pytest.param(
            OPEN,
            broken(Reason.EVICTED),
            "Starting: 1 Evicted at 05",
            id="the attempt's pod was evicted",
        ),
        pytest.param(
            OPEN, gone(), "Starting: 1 JobDeleted at 00", id="somebody deleted the attempt's Job"
        ),
        pytest.param(
            OPEN, None, "Starting: 1 JobDeleted at 00", id="the attempt vanished without an end"
        ),
        pytest.param(
            log(failed(), Attempt(2, created=at(6))),
            exited(0, number=1),
            "Pending: 1 NonZeroExit at 05, 2 JobDeleted at 00",
            id="only the previous attempt still exists",
        ),
        pytest.param(
            log(failed()),
            exited(0),
            "Pending: 1 NonZeroExit at 05",
            id="a closed attempt stays closed",
        ),
        pytest.param(
            log(failed()), running(2), "Running: 1 NonZeroExit at 05, 2", id="the next attempt runs"
        ),
        pytest.param(
            OPEN, running(2), "Running: 1 JobDeleted at 00, 2", id="a later attempt exists already"
        ),
        pytest.param(
            ended(Outcome.SUCCEEDED),
            None,
            "Succeeded: 1 Succeeded at 05",
            id="a succeeded task stays succeeded",
        ),
        pytest.param(
            ended(Outcome.FAILED),
            running(2),
            "Failed: 1 NonZeroExit at 05",
            id="a failed task stays failed",
        ),
        pytest.param(
            RUNS,
            starting(pod="pod-1"),
            "Running: 1",
            id="an older sighting of the same pod changes nothing",
        ),
        pytest.param(
            RUNS, starting(), "Starting: 1", id="the pod is gone, and no other pod exists yet"
        ),
        pytest.param(
            RUNS,
            starting(waiting=Reason.SUSPENDED),
            "Suspended: 1",
            id="somebody suspended the Job, which removed the pod",
        ),
        pytest.param(
            RUNS, starting(message="the pod was lost"), "Starting: 1", id="the pod was lost"
        ),
        pytest.param(RUNS, starting(pod="pod-2"), "Starting: 1", id="another pod starts"),
    ],
)
def test_follow(known: TaskLog, sighting: Sighting | None, want: str) -> None:
    """A log opens attempts, moves them and closes them by what the world shows."""
    assert want == story(seen(known, sighting))


def test_a_log_that_says_it_all_is_the_same_object() -> None:
    """So that a turn over thousands of tasks sees at a glance what changed."""
    for known, sighting in ((RUNS, running()), (ended(Outcome.SUCCEEDED), exited(0))):
        assert known is seen(known, sighting)


def test_what_is_known_of_an_attempt_grows() -> None:
    """Names and times are added as they are seen, and never lost again."""
    (attempt,) = seen(RUNS, starting(pod="pod-1")).attempts
    assert where("job-1", "pod-1", "n1") == attempt.where
    assert (at(0), at(0), at(1)) == (attempt.created, attempt.scheduled, attempt.started)


def test_another_pod_has_its_own_node_and_times() -> None:
    """What is told of an attempt is about the pod that is named with it."""
    (attempt,) = seen(RUNS, starting(pod="pod-2")).attempts
    assert (where("job-1", "pod-2"), None) == (attempt.where, attempt.started)
    (attempt,) = seen(RUNS, running(pod="pod-2", started=50)).attempts
    assert (where("job-1", "pod-2", "n1"), at(50)) == (attempt.where, attempt.started)
    assert at(0) == attempt.created


LEAVES = replace(running(), message="pod pod-1 is being removed: x", lost="pod pod-1 was lost (x)")


@pytest.mark.parametrize(
    ("known", "words"),
    [
        pytest.param(RUNS, "pod pod-1 is gone", id="the pod vanished unseen"),
        pytest.param(
            seen(RUNS, LEAVES), "pod pod-1 was lost (x)", id="the pod was marked before it went"
        ),
    ],
)
def test_a_pod_that_was_lost_stays_on_record(known: TaskLog, words: str) -> None:
    """While there is no other, when there is, and when that one has ended well."""
    between = seen(known, starting())
    after = seen(between, running(pod="pod-2", started=50))
    over = seen(after, exited(0, pod="pod-2"))

    assert (Reason.STARTING, f"{words}; the Job creates another") == (
        between.reason,
        between.message,
    )
    assert (None, None, NOW) == (
        *(
            between.attempts[0].where.instance,
            between.attempts[0].started,
            between.attempts[0].replaced,
        ),
    )
    assert between is seen(between, starting())
    assert (Reason.RUNNING, words) == (after.reason, after.message)
    assert ("pod pod-2", words) == (str(over.attempts[0].where.instance), over.attempts[0].message)


def test_the_words_on_a_lost_pod_fit_into_a_status() -> None:
    """Whatever somebody wrote when the pod was marked: a longer message would be refused."""
    known = seen(seen(RUNS, replace(LEAVES, lost="x" * 5000)), starting())
    assert (LONGEST_MESSAGE, Reason.STARTING) == (len(known.message), known.reason)


def test_another_pod_that_is_seen_at_once_tells_of_the_first_too() -> None:
    """Nobody may have looked while there was none."""
    other = running(pod="pod-2", started=50, instance_created=at(40))
    assert "pod pod-1 is gone" == seen(RUNS, other).message


def test_a_pod_that_ended_well_before_it_was_lost_was_not_lost() -> None:
    """The program had its end."""
    assert "" == seen(seen(RUNS, LEAVES), exited(0)).attempts[0].message


def test_the_task_starts_with_its_first_attempt() -> None:
    """The time of the task counts from there, through all retries."""
    first = seen(TaskLog(), starting())
    again = follow(
        close(first, Failure(Reason.EVICTED, ""), POLICY, at(9)), starting(2), POLICY, NOW
    )
    assert at(0) == first.started == again.started


def test_outputs_are_kept_when_the_program_ends_well() -> None:
    """They are read once."""
    assert {"rows": 3} == seen(OPEN, exited(0, output='{"rows": 3}')).outputs


def test_what_the_world_says_of_a_good_end_is_kept() -> None:
    """A success may have lost its outputs, and then it says so."""
    end = Ending(at(9), One(0), message="lost")
    assert "lost" == seen(OPEN, replace(exited(0), ending=end)).message


def test_messages_are_bounded() -> None:
    """What is kept is what the API takes, so that it is read back the same."""
    long = "x" * 5000
    assert 1024 == len(seen(OPEN, starting(message=long)).message)
    assert 1024 == len(seen(OPEN, broken(Reason.EVICTED, message=long)).attempts[0].message)


@pytest.mark.parametrize(
    ("reason", "want"),
    [
        (Reason.IMAGE_PULL_FAILED, "the first words"),
        (Reason.CONTAINER_CONFIG_ERROR, "the first words"),
        (Reason.UNSCHEDULABLE, "other words"),
    ],
)
def test_words_for_one_trouble(reason: Reason, want: str) -> None:
    """Where two texts alternate the first one stays; where the text is news the last one does."""
    first = seen(OPEN, starting(waiting=reason, message="the first words"))
    assert want == seen(first, starting(waiting=reason, message="other words")).message


@pytest.mark.parametrize(
    ("told", "want"),
    [
        pytest.param(30, 30, id="a time within the attempt"),
        pytest.param(7200, 60, id="a time in the future"),
        pytest.param(-7200, 0, id="a time before the attempt was created"),
    ],
)
def test_the_end_is_not_believed_outside_of_the_attempts_life(told: float, want: float) -> None:
    """Waits count from it, and another machine's clock tells it."""
    assert at(want) == seen(OPEN, exited(1, when=told)).attempts[0].finished


@pytest.mark.parametrize(
    ("reason", "user", "infrastructure"),
    [
        (Reason.NON_ZERO_EXIT, 1, 0),
        (Reason.NODE_LOST, 0, 1),
        (Reason.ADMISSION_DENIED, 0, 0),
        (Reason.CANCELLED, 0, 0),
        (Reason.TASK_TIMEOUT, 0, 0),
    ],
)
def test_a_failure_is_charged_to_whom_it_belongs(
    reason: Reason, user: int, infrastructure: int
) -> None:
    """And to nobody, where the attempt was ended on purpose."""
    closed = close(OPEN, Failure(reason, ""), POLICY, NOW)
    assert (user, infrastructure) == (closed.user_failures, closed.infrastructure_failures)


def test_an_ignored_failure_is_charged_to_nobody() -> None:
    """A retry rule says so."""
    ignoring = retries(0, on(75, then="Ignore"))
    assert 0 == follow(OPEN, exited(75), ignoring, NOW).user_failures


def test_the_log_keeps_ten_attempts() -> None:
    """The oldest go; numbers and counts go on."""
    known = log(*(failed(number=n) for n in range(1, 11)))
    known = seen(known, starting(11))
    assert (11, 10, 2) == (known.count, len(known.attempts), known.attempts[0].number)


# --- attempts that the world will not make ----------------------------------------------------

DENIED = Denied(Reason.ADMISSION_DENIED, "not this image", at(30))


def test_a_refusal_for_good_is_a_failed_attempt() -> None:
    """It ended when it was met, and has the world's words."""
    refused = refuse(TaskLog(), DENIED, POLICY)
    assert "Pending: 1 AdmissionDenied at 30" == story(refused)
    assert (1, at(30)) == (refused.count, refused.started)
    assert "not this image" == refused.attempts[0].message


def test_the_same_refusal_is_logged_once() -> None:
    """However often it is looked at; the next one is another attempt."""
    refused = refuse(TaskLog(), DENIED, POLICY)
    assert refused is refuse(refused, DENIED, POLICY)
    assert 2 == refuse(refused, replace(DENIED, since=at(50)), POLICY).count


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(OPEN, id="the task has an attempt"),
        pytest.param(ended(Outcome.FAILED), id="the task has ended"),
    ],
)
def test_a_refusal_that_adds_no_attempt(known: TaskLog) -> None:
    """The log stays as it is."""
    assert known is refuse(known, DENIED, POLICY)


def test_a_refused_attempt_keeps_the_memory_that_it_was_to_have() -> None:
    """What a rule has raised stays raised for the attempt after it."""
    assert "1Gi" == refuse(TaskLog(), DENIED, POLICY, "1Gi").attempts[0].memory
