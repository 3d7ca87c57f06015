"""The policy `no_items` in the chain."""

from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.definition.ways import FROM
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import Evaluated, ObservedTask
from headrace.engine.task.verdict import TaskView, Turn
from support.builders import at, failed, log, task, workflow
from support.views import GO, MET, answer

TASKS = workflow(
    task("up"),
    task("some", "up", for_each=ForEach(items=[1, 2])),
    task("none", "up", for_each=ForEach(items=[])),
    task("asked", "up", for_each=ForEach(from_="tasks.up.outputs.list")),
).tasks


def view(name: str, **more: Any) -> TaskView:
    """Return what is to be judged; upstream is done."""
    return TaskView(Turn(at(10), "uid-1", GO), TASKS[name], upstream=MET, **more)


def known(*items: Any) -> dict[str, Any]:
    """Return the items that an expression gave."""
    return {"evaluated": Evaluated(fields={FROM: list(items)})}


@pytest.mark.parametrize(
    ("want", "judged"),
    [
        pytest.param("start 1", view("some"), id="the definition has items"),
        pytest.param("Skipped Skipped", view("none"), id="the definition has none"),
        pytest.param("ask values", view("asked"), id="nobody knows the items yet"),
        pytest.param("start 1", view("asked", **known(1)), id="an expression gave items"),
        pytest.param("Skipped Skipped", view("asked", **known()), id="an expression gave none"),
    ],
)
def test_a_task_without_items_is_skipped(want: str, judged: TaskView) -> None:
    """Whoever names the items."""
    assert want == answer(judged)


def test_items_are_asked_for_once() -> None:
    """A later attempt runs those that the first one left."""
    once = log(failed(), items=ItemsLog(2))
    turn = Turn(at(60), "uid-1", GO)
    assert "start 2" == answer(TaskView(turn, TASKS["asked"], once, ObservedTask(once)))
