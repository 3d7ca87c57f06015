"""The policy `when` in the chain."""

from collections.abc import Mapping
from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.course import Course
from headrace.engine.definition.expressions.types import Failure
from headrace.engine.task.chain import judge
from headrace.engine.task.observed import Evaluated, ObservedTask, TaskLog
from headrace.engine.task.verdict import Start, TaskView, Turn
from support.builders import at, task, workflow
from support.views import FULL, GO, MET, OPEN, PAUSE, STOP, answer

X = EnvVar(name="X", value="${{ params.x }}")
TASKS = workflow(
    task("up"),
    task("plain", "up"),
    task("conditional", "up", when="true"),
    task("given", "up", env=(X,)),
    task("both", "up", when="true", env=(X,)),
    params=({"name": "x", "default": ""},),
).tasks
WRONG = Failure("x", 1, "no such key")


def view(name: str, course: Course = GO, **more: Any) -> TaskView:
    """Return what is to be judged; upstream is done if not said."""
    return TaskView(Turn(at(10), "uid-1", course), TASKS[name], **{"upstream": MET, **more})


def known(when: object = None, **env: Any) -> dict[str, Evaluated]:
    """Return values that are known."""
    return {"evaluated": Evaluated(when, env)}  # type: ignore[arg-type] # any value


SEEN: Mapping[str, Any] = {"seen": ObservedTask()}


@pytest.mark.parametrize(
    ("judged", "want"),
    [
        pytest.param(view("plain"), "start 1", id="the task has no expressions"),
        pytest.param(view("conditional"), "ask when", id="nobody knows if the task runs"),
        pytest.param(view("both"), "ask when", id="nobody knows anything"),
        pytest.param(view("given"), "ask values", id="nobody knows a variable"),
        pytest.param(view("conditional", **known(when=True)), "start 1", id="the task runs"),
        pytest.param(
            view("both", **known(X="3")), "ask when", id="the variables are known, and no condition"
        ),
        pytest.param(view("conditional", **known(when=False)), "Skipped Skipped", id="it does not"),
        pytest.param(
            view("conditional", **known(WRONG)),
            "Failed InvalidExpression",
            id="the condition has no value",
        ),
        pytest.param(
            view("both", **known(when=False, X=WRONG)),
            "Skipped Skipped",
            id="the task is skipped, so its variables do not matter",
        ),
        pytest.param(
            view("given", **known(X=WRONG)),
            "Failed InvalidExpression",
            id="a variable has no value",
        ),
        pytest.param(view("given", **known(X="3")), "start 1", id="the variables are known"),
        pytest.param(view("conditional", **SEEN), "start 1", id="the task has begun"),
        pytest.param(view("both", **SEEN), "ask values", id="a begun task needs its values again"),
        pytest.param(
            view("conditional", upstream=OPEN), "wait WaitingForUpstream", id="not its turn yet"
        ),
        pytest.param(view("conditional", PAUSE), "wait Paused", id="the run is paused"),
        pytest.param(
            view("conditional", STOP, **known(when=False)),
            "Cancelled RunStopped",
            id="the run was stopped before",
        ),
        pytest.param(
            view("given", obstacle=FULL),
            "wait QuotaExceeded until 100",
            id="the world has no room: nothing is asked before",
        ),
    ],
)
def test_the_verdict(judged: TaskView, want: str) -> None:
    """A task runs if its condition is true, and starts with the values of its expressions."""
    assert want == answer(judged)


def test_a_start_has_the_values() -> None:
    """As text, whatever they are."""
    assert Start(1, env={"X": "3"}) == judge(view("given", **known(X=3)))


def test_the_words_say_which_expression_and_where() -> None:
    """Enough to correct it."""
    verdict = judge(view("given", **known(X=WRONG)))
    assert "env X: column 1 of 'x': no such key" == verdict.message  # type: ignore[union-attr]
    verdict = judge(view("conditional", **known(when=False)))
    assert "when is false: true" == verdict.message  # type: ignore[union-attr]


def test_a_task_on_its_own_may_have_values() -> None:
    """Its TaskRun is there from the beginning."""
    asked = view("given", seen=ObservedTask(TaskLog()), upstream=OPEN)
    assert "ask values" == answer(asked)
