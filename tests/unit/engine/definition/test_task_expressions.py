"""The expressions of a task: `headrace.engine.definition.task_expressions`."""

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import Defaults
from headrace.engine.definition.expressions.types import Expression, Template, Wants
from headrace.engine.definition.task_expressions import NO_EXPRESSIONS
from support.builders import last, task, workflow


def test_a_task_without_expressions_has_none() -> None:
    """Whatever looks like one: `$(NAME)`, `{{ }}` and `$X` are text."""
    plain = (EnvVar(name="X", value="$(HOME) {{ x }} $X"), EnvVar(name="Y"))
    assert NO_EXPRESSIONS is workflow(task("a", env=plain)).tasks["a"].expressions


def test_they_are_found_in_the_condition_and_in_variables() -> None:
    """Also in variables that the defaults give, with the tasks that they read."""
    defaults = Defaults(image="x", env=(EnvVar(name="D", value="${{ run.name }}"),))
    own = (EnvVar(name="X", value="n ${{ tasks.a.outputs.n }}"),)
    when = "tasks['b-c'].outcome == 'Succeeded'"
    tasks = workflow(
        *(task("a"), task("b-c", "a"), task("d", "b-c", when=when, env=own), last("z")),
        defaults=defaults,
    ).tasks
    found = tasks["d"].expressions
    assert Expression(when, Wants.BOOL) == found.when
    assert ["D", "X"] == list(found.env)
    assert Template(("n ", Expression("tasks.a.outputs.n", column=7))) == found.env["X"]
    assert {"a", "b-c"} == found.reads
    assert ["D"] == list(tasks["z"].expressions.env)


def test_a_variable_of_a_task_replaces_the_default() -> None:
    """With its expression."""
    defaults = Defaults(image="x", env=(EnvVar(name="X", value="${{ run.name }}"),))
    own = workflow(task("a", env=(EnvVar(name="X", value="own"),)), defaults=defaults)
    assert NO_EXPRESSIONS is own.tasks["a"].expressions
