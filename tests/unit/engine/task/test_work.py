"""The request for an attempt: `headrace.engine.task.work`."""

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import Task
from headrace.engine.definition.ways import UNTIL
from headrace.engine.definition.work import Timer
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from support.builders import at, pause, start, task, workflow

VARIABLES = (
    EnvVar(name="PLAIN", value="as written"),
    EnvVar(name="X", value="${{ run.name }}"),
    EnvVar(name="EMPTY"),
)
DEFINED = workflow(task("a", env=VARIABLES)).tasks["a"]


def test_values_take_the_place_of_expressions() -> None:
    """In their own variables; the others stay as they are, in their order."""
    request = start_attempt(DEFINED, Start(1, env={"X": "etl-1"}), start().context, at(0))
    assert [("TOKEN",), ("PLAIN", "as written"), ("X", "etl-1"), ("EMPTY", None)] == [
        (each.name, each.value) if each.name != "TOKEN" else (each.name,)
        for each in request.work.body.env
    ]
    assert "${{ run.name }}" == DEFINED.work.body.env[2].value


def test_a_task_without_values_has_its_own_work() -> None:
    """Nothing is copied for it."""
    assert DEFINED.work is start_attempt(DEFINED, Start(1), start().context, at(0)).work


def test_memory_and_values_come_together() -> None:
    """A retry may have both."""
    request = start_attempt(DEFINED, Start(2, "2Gi", {"X": "etl-1"}), start().context, at(0))
    assert request.work.body.resources is not None
    assert "2Gi" == request.work.body.resources.limits["memory"]
    assert "etl-1" == request.work.body.env[2].value


@pytest.mark.parametrize(
    ("defined", "now", "until"),
    [
        pytest.param(pause("p", seconds=60), 0, 60, id="seconds count from the start"),
        pytest.param(
            pause("p", seconds=60), 0.25, 61, id="an instant between two seconds is the later one"
        ),
        pytest.param(pause("p", until="run.logicalTime"), 9, 5, id="an instant may be in the past"),
    ],
)
def test_a_wait_has_its_instant_from_the_start_on(defined: Task, now: float, until: float) -> None:
    """In whole seconds, as a TaskRun keeps it, and never too early."""
    resolved = start_attempt(
        workflow(defined).tasks["p"], Start(1, fields={UNTIL: at(5)}), start().context, at(now)
    )
    assert Timer(until=at(until)) == resolved.work
