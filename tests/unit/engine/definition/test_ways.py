"""The ways that a task does its work: `headrace.engine.definition.ways`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import Defaults, TaskTimeouts, Wait
from headrace.engine.definition.expressions.types import Expression, Wants
from headrace.engine.definition.problems import problems
from headrace.engine.definition.ways import UNTIL
from headrace.engine.definition.work import Container, Timer
from support.builders import last, limits, pause, retries, spec, task, workflow


def test_a_wait_needs_no_image() -> None:
    """It runs nothing; the task beside it does."""
    definition = workflow(task("a", image="busybox"), pause("p", "a", seconds=60), defaults=NONE)
    assert Timer(seconds=60) == definition.tasks["p"].work
    assert isinstance(definition.tasks["a"].work, Container)
    assert ["a"] == [each.name for each, _ in definition.programs]


def test_an_instant_is_an_expression_of_its_field() -> None:
    """It has to give a timestamp; the variables of the defaults are for programs."""
    defaults = Defaults(env=(EnvVar(name="X", value="${{ run.name }}"),))
    p = workflow(pause("p", until="run.logicalTime"), defaults=defaults).tasks["p"]
    assert Timer() == p.work
    assert {UNTIL: Expression("run.logicalTime", Wants.TIMESTAMP)} == p.expressions.fields
    assert {} == p.expressions.env


NONE = Defaults()
AT = "spec.tasks[0]"
ALONE = "a task with wait runs no program; remove"


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"image": "busybox"}, f"{AT}.image: {ALONE} image", id="an image"),
        pytest.param({"command": ("a",)}, f"{AT}.command: {ALONE} command", id="a program"),
        pytest.param({"retry": retries(1)}, f"{AT}.retry: {ALONE} retry", id="time does not fail"),
        pytest.param(
            {"service_account_name": "x"},
            f"{AT}.serviceAccountName: {ALONE} serviceAccountName",
            id="a field is named as in the manifest",
        ),
        pytest.param(
            {"timeouts": TaskTimeouts(attempt_seconds=5)},
            f"{AT}.timeouts.attemptSeconds: {ALONE} attemptSeconds",
            id="a limit of programs",
        ),
        pytest.param(
            {"timeouts": TaskTimeouts(total_seconds=60)},
            f"{AT}.wait.seconds: the wait is not shorter than timeouts.totalSeconds (60)",
            id="a limit that is never kept",
        ),
        pytest.param(
            {"wait": Wait(until="timestamp(tasks.b.outputs.x)")},
            f"{AT}.wait.until: column 16",
            id="an expression over a task that comes later",
        ),
        pytest.param(
            {"wait": Wait(until="run.name")},
            f"{AT}.wait.until: column 1 of 'run.name': gives text; needed is a timestamp",
            id="an expression of another type",
        ),
    ],
)
def test_what_contradicts_a_wait_is_told(fields: dict[str, Any], want: str) -> None:
    """With the field and the cure."""
    wrong = problems(spec(pause("p", **{"seconds": 60, **fields}), task("b", "p")))
    assert [want] == [str(each)[: len(want)] for each in wrong]


def test_a_limit_of_all_tasks_must_leave_time_for_a_wait() -> None:
    """A wait that could only fail is refused, also in `finally`."""
    wrong = problems(
        spec(
            task("a"),
            last("z", wait=Wait(seconds=600)),
            defaults=Defaults(image="busybox", timeouts=limits(total=600)),
        )
    )
    assert ["spec.finally[0].wait.seconds"] == [each.path for each in wrong]


def test_a_task_may_have_a_limit_of_its_own() -> None:
    """It counts in place of the defaults."""
    own = TaskTimeouts(total_seconds=700)
    definition = workflow(
        pause("p", seconds=600, timeouts=own), defaults=Defaults(timeouts=limits(total=600))
    )
    assert 700 == definition.tasks["p"].timeouts.total_seconds
