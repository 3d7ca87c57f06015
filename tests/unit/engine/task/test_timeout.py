"""The clocks of a task: `headrace.engine.task.timeout`."""

from datetime import datetime

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import Sighting, TaskLog
from headrace.engine.task.timeout import pending_deadline, total_deadline
from support.builders import at, exited, failed, limits, log, retries, running, starting

MINUTE = limits(pending=60, total=600)


@pytest.mark.parametrize(
    ("sighting", "want"),
    [
        pytest.param(starting(), at(60), id="the limit counts from the creation of the Job"),
        pytest.param(
            starting(waiting=Reason.UNSCHEDULABLE),
            at(60),
            id="the limit counts also for an unschedulable pod",
        ),
        pytest.param(
            starting(waiting=Reason.SUSPENDED), None, id="a suspended attempt has no limit"
        ),
        pytest.param(
            starting(waiting_since=at(30)),
            at(90),
            id="the limit counts from the end of the suspension",
        ),
        pytest.param(running(), None, id="a running attempt has no limit"),
        pytest.param(exited(1), None, id="an ended attempt has no limit"),
    ],
)
def test_an_attempt_has_a_time_to_start(sighting: Sighting, want: datetime | None) -> None:
    """Scheduling and image pull are in it."""
    known = follow(TaskLog(), sighting, retries(), at(10))
    assert want == pending_deadline(MINUTE, known, sighting)


def test_a_lost_pod_has_its_own_time() -> None:
    """What ran before does not count against what replaces it."""
    known = follow(TaskLog(), running(), retries(), at(10))
    lost = starting(message="the pod was lost", waiting_since=at(100))
    assert at(160) == pending_deadline(MINUTE, follow(known, lost, retries(), at(100)), lost)


def test_a_pod_that_came_late_has_no_time_of_its_own() -> None:
    """The wait for a quota, before there was a pod, is in the time to start."""
    words = starting(waiting=Reason.QUOTA_EXCEEDED, message="exceeded quota")
    known = follow(TaskLog(), words, retries(), at(50))
    first = starting(pod="pod-1", instance_created=at(50))
    assert at(60) == pending_deadline(MINUTE, follow(known, first, retries(), at(50)), first)


def test_a_pod_in_place_of_another_has_its_own_time_in_each_turn() -> None:
    """The log remembers that it is not the first, when nothing else is left of that."""
    known = follow(TaskLog(), running(), retries(), at(10))
    second = starting(pod="pod-2", instance_created=at(100))
    for now in (101, 102):
        known = follow(known, second, retries(), at(now))
        assert at(160) == pending_deadline(MINUTE, known, second)


def test_between_two_pods_the_wait_counts_from_the_loss() -> None:
    """A task whose pod is never made again does not wait for ever."""
    known = follow(TaskLog(), running(), retries(), at(10))
    words = starting(waiting=Reason.POD_NOT_CREATED, message="exceeded quota")
    between = follow(known, words, retries(), at(9999))
    assert at(9999 + 60) == pending_deadline(MINUTE, between, words)


def test_a_sighting_that_is_older_than_the_log_times_nothing_out() -> None:
    """The log says that it runs."""
    known, old = follow(TaskLog(), running(), retries(), at(10)), starting(pod="pod-1")
    assert pending_deadline(MINUTE, follow(known, old, retries(), at(11)), old) is None


def test_nothing_waits_before_the_first_attempt() -> None:
    """There is no clock yet."""
    assert pending_deadline(MINUTE, TaskLog(), None) is None
    assert total_deadline(MINUTE, TaskLog()) is None


def test_a_task_has_a_time_in_all() -> None:
    """From its first start, through all attempts, if it has a limit."""
    assert at(600) == total_deadline(MINUTE, log(failed(), failed(number=2)))
    assert total_deadline(limits(), log(failed())) is None
