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
        pytest.param(NEW, RUNS, None, at(2), id="an attempt that runs may wait"),
        pytest.param(
            STARTING,
            RUNS,
            None,
            at(4),
            id="the start of a program may wait after the start of its attempt",
        ),
        pytest.param(
            AGAIN, after(AGAIN, running(2)), None, at(2), id="the start of a retry may wait"
        ),
        pytest.param(NEW, after(NEW, exited(0)), None, at(1), id="a success is written at once"),
        pytest.param(NEW, after(NEW, exited(1)), None, at(1), id="a failure is written at once"),
        pytest.param(
            RUNS,
            after(RUNS, broken(Reason.EVICTED)),
            None,
            at(1),
            id="a failure after an earlier write is written at once",
        ),
        pytest.param(NEW, STUCK, None, at(1), id="a new reason to wait is written at once"),
        pytest.param(
            STUCK,
            after(STUCK, starting()),
            None,
            at(1),
            id="the end of that reason is written at once",
        ),
        pytest.param(
            STUCK,
            replace(STUCK, message="0/4 nodes"),
            at(0),
            at(10),
            id="another message of the same reason may wait",
        ),
        pytest.param(
            STUCK,
            replace(STUCK, message="0/4 nodes"),
            at(-10),
            at(1),
            id="another message waits for a bounded time",
        ),
        pytest.param(
            STARTING,
            after(STARTING, starting(pod="pod-1")),
            at(0),
            at(10),
            id="the name of a pod may wait",
        ),
        pytest.param(
            NEW,
            replace(NEW, reason=Reason.QUOTA_EXCEEDED),
            None,
            at(1),
            id="a full quota is written at once",
        ),
        pytest.param(
            STUCK,
            replace(STUCK, message="0/4 nodes"),
            at(3600),
            at(1),
            id="a clock that was set back delays no write",
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
