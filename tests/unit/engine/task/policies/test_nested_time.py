"""The policy `nested_time` in the chain."""

import pytest

from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.task.attempts import follow
from headrace.engine.task.observed import ObservedTask, Sighting, TaskLog
from headrace.engine.task.verdict import TaskView
from headrace.manifests.where import in_run
from support.builders import at, running
from support.views import TASK, answer, begun, view

RUN: Sighting = running(where=in_run("etl-1-call-1"), passed=DesiredState.RUN)


def called(now: float) -> TaskView:
    """Return a task whose run goes on."""
    known = follow(TaskLog(), RUN, TASK.tasks["call"].retry, at(5))
    return view("call", now, log=known, seen=ObservedTask(known, RUN))


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(called(599), "wait Running until 600", id="a second before the limit"),
        pytest.param(called(600), "abort AttemptTimeout", id="the run is over its time"),
        pytest.param(
            begun(None, running(), now=599), "wait Running", id="a kubelet ends a container"
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """It counts from the creation of the run."""
    assert want == answer(judged)
