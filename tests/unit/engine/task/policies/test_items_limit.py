"""The policy `items_limit` in the chain."""

from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import MAX_CHILDREN, ForEach
from headrace.engine.definition.ways import FROM, MESSAGE, PARAM
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.verdict import TaskView, Turn
from support.builders import asking, at, calls, pause, task, workflow
from support.views import GO, MET, answer

GIVEN = ForEach(from_="tasks.up.outputs.list")
LONG = "x" * 300_000
TASKS = workflow(
    task("up"),
    calls("call", "up", for_each=GIVEN, params={"word": "${{ item }}"}),
    asking("ask", "up", for_each=GIVEN, message="${{ item }}?"),
    pause("wait", "up", for_each=GIVEN, until="timestamp(item)"),
).tasks


def view(name: str, path: str, items: list[Any], values: list[Any]) -> TaskView:
    """Return a task that could start: its items are known, and the values of each."""
    known = Evaluated(fields={FROM: items}, each={path: values})
    return TaskView(Turn(at(10), "uid-1", GO), TASKS[name], upstream=MET, evaluated=known)


MANY = ["a"] * (MAX_CHILDREN + 1)
VALUE = PARAM.format(0)


@pytest.mark.parametrize(
    ("want", "judged"),
    [
        pytest.param("start 1", view("call", VALUE, MANY[:-1], MANY[:-1]), id="as many as can be"),
        pytest.param(
            "Failed InvalidDefinition", view("call", VALUE, MANY, MANY), id="one run too many"
        ),
        pytest.param(
            "Failed InvalidDefinition", view("ask", MESSAGE, MANY, MANY), id="one question too many"
        ),
        pytest.param(
            "Failed InvalidDefinition",
            view("ask", MESSAGE, ["a", "b"], [LONG[:150_000], LONG[:150_000]]),
            id="questions that are too long together",
        ),
        pytest.param(
            "start 1",
            view("wait", "wait.until", MANY, [at(0)] * len(MANY)),
            id="waits need no object each",
        ),
    ],
)
def test_each_item_with_an_object_has_its_price(want: str, judged: TaskView) -> None:
    """Whoever names the items: those in the definition are counted when it is accepted."""
    assert want == answer(judged)
