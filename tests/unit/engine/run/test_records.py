"""Which logs are worth a write: `headrace.engine.run.records`."""

from dataclasses import replace
from datetime import datetime

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.run.records import due
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import ObservedTask, Sighting, TaskLog
from support.builders import at, broken, ended, exited, failed, log, retries, running, starting

POLICY = retries(3)


def after(known: TaskLog, *sightings: Sighting) -> TaskLog:
    """Return a log after these sightings."""
    for sighting in sightings:
        known = follow(known, sighting, POLICY, at(1))
    return known


NEW = log()
STARTING = after(NEW, starting())
RUNS = after(NEW, running())
STUCK = after(NEW, starting(waiting=Reason.UNSCHEDULABLE, message="0/3 nodes"))
AGAIN = replace(log(failed()), reason=Reason.WAITING_FOR_RETRY)


@pytest.mark.parametrize(
    ("old", "new", "written", "want"),
    [
        pytest.param(RUNS, RUNS, None, None, id="nothing changed"),
        pytest.param(NEW, STARTING, None, at(2), id="an attempt that starts may wait"),
        pytest.param(NEW, RUNS, None, at(2), id="so may one that runs"),
        pytest.param(STARTING, RUNS, None, at(4), id="and, where a start is told, its program"),
        pytest.param(AGAIN, after(AGAIN, running(2)), None, at(2), id="also in a retry"),
        pytest.param(NEW, after(NEW, exited(0)), None, at(1), id="a success is told at once"),
        pytest.param(NEW, after(NEW, exited(1)), None, at(1), id="so is a failure"),
        pytest.param(
            RUNS, after(RUNS, broken(Reason.EVICTED)), None, at(1), id="that comes after a record"
        ),
        pytest.param(NEW, STUCK, None, at(1), id="so is trouble"),
        pytest.param(STUCK, after(STUCK, starting()), None, at(1), id="and that it is over"),
        pytest.param(
            STUCK, replace(STUCK, message="0/4 nodes"), at(0), at(10), id="other words may wait"
        ),
        pytest.param(
            STUCK, replace(STUCK, message="0/4 nodes"), at(-10), at(1), id="but not for ever"
        ),
        pytest.param(
            STARTING,
            after(STARTING, starting(pod="pod-1")),
            at(0),
            at(10),
            id="so may a pod's name",
        ),
        pytest.param(
            NEW, replace(NEW, reason=Reason.QUOTA_EXCEEDED), None, at(1), id="no room is trouble"
        ),
        pytest.param(
            STUCK,
            replace(STUCK, message="0/4 nodes"),
            at(3600),
            at(1),
            id="a clock that went backwards holds nothing up",
        ),
    ],
)
def test_due(old: TaskLog, new: TaskLog, written: datetime | None, want: datetime | None) -> None:
    """What is known at one second after noon is written now, later, or not at all."""
    assert want == due(ObservedTask(old), new, written, at(1))


def test_an_attempt_made_by_a_clock_that_is_ahead_is_told_now() -> None:
    """Its creation has not come yet; waiting for it could take for ever."""
    ahead = after(NEW, replace(starting(), created=at(3600)))
    assert at(1) == due(ObservedTask(NEW), ahead, None, at(1))


def test_an_end_that_is_on_record_is_not_written_again() -> None:
    """A finished task is quiet."""
    known = ended(Outcome.SUCCEEDED)
    assert due(ObservedTask(known), replace(known), None, at(1)) is None
