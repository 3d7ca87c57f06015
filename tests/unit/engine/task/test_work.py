"""The request for an attempt: `headrace.engine.task.work`."""

from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from support.builders import at, start, task, workflow

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
