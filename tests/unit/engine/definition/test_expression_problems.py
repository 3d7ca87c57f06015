"""What is wrong with the expressions of a workflow: `headrace.engine.definition`."""

import subprocess
import sys
from typing import Any

import pytest

from headrace.api.v1alpha1.params import Param
from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import Defaults, NamedTask
from headrace.engine.definition.expression_problems import problems_alone
from headrace.engine.definition.problems import problems
from support.builders import calls, last, param, spec, task

ROWS = ({"name": "rows", "type": "Integer"},)


def env(value: str) -> tuple[EnvVar, ...]:
    """Return one variable."""
    return (EnvVar(name="X", value=value),)


def told(*tasks: NamedTask, **fields: Any) -> list[str]:
    """Return the problems of a workflow, each on a line."""
    return [str(problem) for problem in problems(spec(*tasks, **fields))]


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("tasks.c.outcome == 'Failed'", "task 'c' does not end before this one"),
        ("tasks.b.outcome == 'Failed'", "task 'b' does not end before this one"),
        ("tasks.z.outcome == 'Failed'", "task 'z' does not end before this one"),
        ("tasks.aa.outcome == 'Failed'", "did you mean 'a'?"),
        ("params.dya == 'x'", "did you mean 'day'?"),
        ("params.day", "needed is true or false"),
        ("tasks.a.outputs.row > 0", "did you mean 'rows'?"),
        ("tasks.a.outputs.rows == 'x'", "does not take"),
        ("tasks.a.outputs.rows >", "syntax"),
        ("item == 1", "of a task with forEach"),
    ],
)
def test_a_condition_is_checked_when_a_workflow_is_accepted(source: str, want: str) -> None:
    """With field, column, and the nearest name that is in scope."""
    tasks = (task("a", outputs=ROWS), task("b", "a", when=source), task("c", "a"), last("z"))
    (problem,) = told(*tasks, params=(param("day", default="x"),))
    assert problem.startswith("spec.tasks[1].when: column ")
    assert want in problem


def test_outputs_beside_a_call_are_all_that_can_be_read_of_it() -> None:
    """As with those of a program: what is declared is what there is."""
    (problem,) = told(calls("c", outputs=ROWS), task("r", "c", when="tasks.c.outputs.row > 0"))
    assert "there is no 'row' in what task 'c' declares as outputs; did you mean" in problem


def test_tasks_upstream_can_be_read_through_others() -> None:
    """However many are between."""
    names = [f"t{n}" for n in range(50)]
    tasks = [task(name, *names[max(0, n - 1) : n]) for n, name in enumerate(names)]
    assert [] == told(*tasks, task("z", "t49", when="tasks.t0.outcome == 'Succeeded'"))


def test_a_finally_task_reads_all_tasks_but_the_other_finally_tasks() -> None:
    """Those have no order."""
    good, bad = "tasks.a.outcome == 'Failed'", "tasks.y.outcome == 'Failed'"
    assert [] == told(task("a"), last("y"), last("z", when=good))
    (problem,) = told(task("a"), last("y"), last("z", when=bad))
    assert problem.startswith("spec.finally[1].when: column ")


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("${{ params.x }}", "column 11 of 'params.x': the workflow has no parameter 'x'"),
        ("a ${{ run.nam }}", "did you mean 'name'?"),
        ("${{ run.name", "is not closed"),
        ("${{ }}", "the expression is empty"),
        ("${{ tasks.b.outcome }}", "task 'b' does not end before this one"),
    ],
)
def test_variables_are_checked(value: str, want: str) -> None:
    """Columns are those of the field."""
    (problem,) = told(task("a", env=env(value)), task("b", "a"))
    assert problem.startswith("spec.tasks[0].env[0].value: column ")
    assert want in problem


def test_a_default_is_checked_for_each_task_that_gets_it() -> None:
    """The first one that it does not fit is named, once."""
    defaults = Defaults(image="x", env=env("${{ tasks.a.outcome }}"))
    tasks = (task("a", env=env("own")), task("b", "a"), task("c"), task("d"))
    (problem,) = told(*tasks, defaults=defaults)
    assert problem.startswith("spec.defaults.env[0].value: for task 'c': column ")


def test_a_cycle_is_told_alone() -> None:
    """Nobody is before anybody in it."""
    (problem,) = told(task("a", "b", when="tasks.b.outcome == ''"), task("b", "a"))
    assert "tasks wait for each other" in problem


def test_a_task_on_its_own_reads_its_parameters_and_nothing_else() -> None:
    """There is no other task."""
    params = (Param(name="day", default="monday"),)
    assert [] == list(problems_alone(env("${{ params.day }} ${{ run.name }}"), params))
    (problem,) = problems_alone(env("${{ tasks.a.outcome }}"), params)
    assert "spec.env[0].value" == problem.path
    assert "there is no task 'a'" in problem.message


LOADED = """
import sys
import headrace.cli.run, headrace.local.world
from headrace.api.reading.parse import parse_workflow
from headrace.engine.definition.compile import compile_workflow
task = {"name": "a", "image": "x", "env": [{"name": "X", "value": "$(Y) {{ z }}"}]}
manifest = {"metadata": {"name": "w"}, "spec": {"tasks": [task]}}
compile_workflow(parse_workflow(manifest))
print("cel_expr_python" in sys.modules)
"""


def test_a_workflow_without_expressions_loads_no_language() -> None:
    """It takes a third of a second, and most runs need none."""
    words = [sys.executable, "-c", LOADED]
    assert "False" == subprocess.check_output(words, text=True).strip()  # noqa: S603 - its own words
