"""The policy `wait_stopped` in the chain."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import ObservedTask, Sighting, Stage, TaskLog
from headrace.engine.task.verdict import TaskView
from support.builders import NOON, at, retries, running, waiting
from support.views import CANCEL, PAUSE, STOP, TERMINATE, answer, begun, view


def paused(name: str = "pause", **more: object) -> TaskView:
    """Return a wait that goes on until a minute after noon."""
    sighting = waiting(60)
    log = follow(TaskLog(), sighting, retries(), at(5))
    return view(name, log=log, seen=ObservedTask(log, sighting), **more)


def asked(name: str = "ask", **more: object) -> TaskView:
    """Return a question that is open."""
    waiting = Reason.WAITING_FOR_APPROVAL
    sighting = Sighting(1, Stage.RUNNING, created=NOON, started=NOON, waiting=waiting)
    log = follow(TaskLog(), sighting, retries(), at(5))
    return view(name, log=log, seen=ObservedTask(log, sighting), **more)


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(paused(), "wait WaitingForTime until 60", id="the run goes on"),
        pytest.param(paused(course=PAUSE), "wait WaitingForTime until 60", id="it is paused"),
        pytest.param(paused(course=STOP), "abort Cancelled", id="the run is stopped"),
        pytest.param(paused(course=CANCEL), "abort Cancelled", id="the run is cancelled"),
        pytest.param(
            paused(halted="x"), "abort Cancelled", id="another task failed and onFailure is Stop"
        ),
        pytest.param(
            paused("rest", course=STOP),
            "wait WaitingForTime until 60",
            id="a `finally` task of a stopped run goes on",
        ),
        pytest.param(
            paused("rest", course=TERMINATE),
            "abort Cancelled",
            id="a `finally` task of a terminated run ends",
        ),
        pytest.param(
            begun(None, running(), course=STOP),
            "wait Running",
            id="the run is stopped while a program runs",
        ),
        pytest.param(paused(now=700), "abort TaskTimeout", id="the task is over its time"),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A wait of a run that starts nothing new has no use; a program's work would be lost."""
    assert want == answer(judged)


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(asked(), "wait WaitingForApproval", id="the run goes on"),
        pytest.param(asked(course=PAUSE), "wait WaitingForApproval", id="it is paused"),
        pytest.param(asked(course=STOP), "abort Cancelled", id="the run is stopped"),
        pytest.param(asked(course=CANCEL), "abort Cancelled", id="the run is cancelled"),
        pytest.param(
            asked(halted="x"), "abort Cancelled", id="another task failed and onFailure is Stop"
        ),
        pytest.param(
            asked("keep", course=STOP),
            "wait WaitingForApproval",
            id="a `finally` task of a stopped run asks on",
        ),
        pytest.param(
            asked("keep", course=TERMINATE),
            "abort Cancelled",
            id="a `finally` task of a terminated run asks no longer",
        ),
    ],
)
def test_the_verdict_on_a_question(judged: TaskView, want: str) -> None:
    """Nothing would follow its answer."""
    assert want == answer(judged)
