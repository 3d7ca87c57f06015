"""What may still run although it is over: `headrace.engine.run.leftovers`."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.run.leftovers import closed, endings
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import ObservedTask, Sighting, TaskLog
from support.builders import at, ended, exited, failed, gone, log, retries, running, starting

OPEN = follow(TaskLog(), starting(), retries(), at(1))


@pytest.mark.parametrize(
    ("known", "sighting", "want"),
    [
        pytest.param(OPEN, running(), [], id="an open attempt goes on"),
        pytest.param(log(failed()), running(), [1], id="a closed attempt that still runs is ended"),
        pytest.param(
            ended(Outcome.SUCCEEDED), running(), [1], id="an attempt of an ended task is ended"
        ),
        pytest.param(
            log(failed(), failed(number=2)),
            running(1),
            [1],
            id="an attempt before the newest one is ended",
        ),
        pytest.param(
            ended(Outcome.SUCCEEDED),
            exited(0),
            [],
            id="an attempt that has ended is kept, with its logs",
        ),
        pytest.param(
            log(failed()),
            gone(alive=True),
            [],
            id="an attempt that is being removed is not ended again",
        ),
        pytest.param(log(failed()), None, [], id="the attempt does not exist"),
    ],
)
def test_endings(known: TaskLog, sighting: Sighting | None, want: list[int]) -> None:
    """What must not run is ended, and nothing else."""
    seen = ObservedTask(known, sighting)
    assert want == [each.number for each in endings("a", known, seen)]


def test_older_attempts_that_linger_are_ended() -> None:
    """In the order of their numbers."""
    seen = ObservedTask(OPEN, running(3), frozenset({2, 1}))
    known = log(failed(), failed(number=2), *OPEN.attempts)
    assert [1, 2] == [each.number for each in endings("a", known, seen)][:2]


def test_a_task_left_open_by_its_run_is_closed() -> None:
    """With the reason of the run's end."""
    known = closed(ObservedTask(OPEN, running()), "RevisionNotFound", at(60))
    assert (Outcome.CANCELLED, Reason.CANCELLED) == (known.outcome, known.reason)
    assert "the run ended: RevisionNotFound" == known.message == known.attempts[0].message
    assert at(60) == known.finished


def test_what_ended_by_itself_keeps_its_outcome() -> None:
    """Also when that is seen only now."""
    known = closed(ObservedTask(OPEN, exited(0)), "whatever", at(60))
    assert Outcome.SUCCEEDED == known.outcome


def test_what_is_closed_stays_the_same_object() -> None:
    """A finished run is quiet."""
    known = ended(Outcome.FAILED)
    assert known is closed(ObservedTask(known, running()), "whatever", at(60))
