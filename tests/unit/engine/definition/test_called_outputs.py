"""What a workflow reads of its calls: `headrace.engine.definition.called_outputs`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.task import NamedTask
from headrace.engine.definition.called_outputs import output_problems
from headrace.engine.definition.compile import Definition, compile_workflow
from support.builders import calls, last, output, spec, task, workflow

INNER = workflow(
    task("a"),
    outputs=(
        output("rows", "tasks.a.outputs.rows", type="Integer"),
        output("until", "run.logicalTime", type="Timestamp"),
        output("more", "tasks.a.outputs.more"),
    ),
)
SILENT = workflow(task("a"))
KNOWN = {"inner": INNER, "silent": SILENT}


def told(*tasks: NamedTask, known: dict[str, Definition] = KNOWN, **fields: Any) -> list[str]:
    """Return the problems of a workflow beside others, each on a line."""
    outer = spec(*tasks, **fields)
    return [str(problem) for problem in output_problems(outer, compile_workflow(outer), known)]


@pytest.mark.parametrize(
    ("source", "want"),
    [
        pytest.param("tasks.c.outputs.row > 0", "did you mean 'rows'?", id="a slip of the pen"),
        pytest.param(
            "tasks.c.outputs.pages > 0",
            "no 'pages' in the outputs of workflow 'inner', which task 'c' calls; there are more,",
            id="another name",
        ),
        pytest.param("tasks.c.outputs.rows == 'x'", "does not take", id="another type"),
        pytest.param("tasks.c.outputs.rows", "needed is true or false", id="no condition"),
    ],
)
def test_a_reader_of_a_call_is_told_what_the_workflow_gives(source: str, want: str) -> None:
    """With field, column, and the nearest name: the words for outputs of a program."""
    (problem,) = told(calls("c"), task("b", "c"), task("r", "b", when=source))
    assert problem.startswith("spec.tasks[2].when: column ")
    assert want in problem


@pytest.mark.parametrize("name", ["rows", "until", "more"])
def test_each_output_of_the_workflow_can_be_read(name: str) -> None:
    """Also one without a type; outcomes need no output."""
    when = f"has(tasks.c.outputs.{name}) && tasks.c.outcome == 'Succeeded'"
    assert [] == told(calls("c"), task("r", "c", when=when), last("z", when=when))


def test_a_workflow_without_outputs_gives_none() -> None:
    """Whoever reads one could only fail."""
    (problem,) = told(calls("c", of="silent"), last("z", when="tasks.c.outputs.rows > 0"))
    assert problem.startswith("spec.finally[0].when: ")
    assert problem.endswith("which task 'c' calls; there are none")


def test_a_workflow_that_is_not_known_may_give_anything() -> None:
    """It is perhaps in the cluster already."""
    assert [] == told(calls("c"), task("r", "c", when="tasks.c.outputs.pages > 0"), known={})


def test_the_outputs_of_a_workflow_may_read_those_of_its_calls() -> None:
    """They are checked as all expressions are."""
    (problem,) = told(calls("c"), outputs=(output("sum", "tasks.c.outputs.row"),))
    assert problem.startswith("spec.outputs[0].expression: ")


@pytest.mark.parametrize(
    ("name", "kind", "want"),
    [
        ("rows", "Integer", None),
        ("rows", "Number", None),
        ("rows", "Json", None),
        ("until", "String", None),
        ("more", "Boolean", None),
        ("rows", "String", ".type: workflow 'inner' gives 'rows' as Integer; write type: Integer"),
        (
            *("row", "Integer"),
            ".name: workflow 'inner' gives no output 'row'; did you mean 'rows'?",
        ),
        (
            *("z", "Integer"),
            ".name: workflow 'inner' gives no output 'z'; there are more, rows, until",
        ),
    ],
)
def test_a_call_promises_no_other_outputs_than_the_workflow_gives(
    name: str, kind: str, want: str | None
) -> None:
    """It would fail each time. A type that each value has too is another matter."""
    promised = [{"name": name, "type": kind}]
    whole = None if want is None else f"spec.tasks[0].outputs[0]{want}"
    assert ([] if whole is None else [whole]) == told(calls("c", outputs=promised))
