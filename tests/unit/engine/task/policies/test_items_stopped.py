"""The policy `items_stopped` in the chain."""

import pytest

from headrace.api.v1alpha1.call import WorkflowCall
from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.course import Course
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Attempt, ObservedTask, SeenItems, Sighting, Stage
from headrace.engine.task.verdict import TaskView, Turn
from support.builders import at, calls, last, log, workflow
from support.views import GO, PAUSE, STOP, answer

EACH = ForEach(items=("a", "b", "c"), max_parallel=1)
INNER = WorkflowCall(name="inner")
TASKS = workflow(calls("call", for_each=EACH), last("tidy", for_each=EACH, workflow=INNER)).tasks


def view(course: Course, running: Places, name: str = "call") -> TaskView:
    """Return a task of which the first item succeeded, and others may go on."""
    known = log(
        Attempt(1, created=at(0)), items=ItemsLog(3, succeeded=Places.of([0]), running=running)
    )
    sighting = Sighting(1, Stage.RUNNING, alive=bool(running), items=SeenItems(3, running=running))
    seen = ObservedTask(known, sighting)
    return TaskView(Turn(at(10), "uid-1", course), TASKS[name], known, seen)


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(view(STOP, NO_PLACES), "abort Cancelled", id="no run goes on"),
        pytest.param(view(STOP, Places.of([1])), "wait", id="a run still goes on"),
        pytest.param(view(GO, NO_PLACES), "wait", id="the next run starts at once"),
        pytest.param(view(PAUSE, NO_PLACES), "wait", id="the next run starts later"),
        pytest.param(view(STOP, NO_PLACES, "tidy"), "wait", id="a finally task goes on"),
    ],
)
def test_a_stopped_run_starts_no_further_item(judged: TaskView, want: str) -> None:
    """The attempt ends once the runs that were stopped have ended."""
    assert answer(judged).startswith(want)
