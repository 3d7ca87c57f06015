"""Called workflows among files: `headrace.cli.called`, and `headrace validate` of calls."""

from pathlib import Path

import pytest

from headrace.cli.called import find_called
from headrace.cli.input import InputError
from headrace.cli.validate import validate
from headrace.cli.workflow_file import read_workflow

CALL = "{name: call, workflow: {name: NAME, params: [PARAMS]}}"


def manifest(name: str, *tasks: str, params: str = "") -> str:
    """Return a workflow as text."""
    listed = "".join(f"    - {task}\n" for task in tasks)
    return f"""\
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {{name: {name}}}
spec:
  defaults: {{image: "busybox:1.37"}}
  params: [{params}]
  tasks:
{listed}---
"""


def call(name: str, params: str = "") -> str:
    """Return a task that calls a workflow."""
    return CALL.replace("NAME", name).replace("PARAMS", params)


INNER = manifest(
    "inner", "{name: a}", params="{name: rows, type: Integer}, {name: day, enum: [monday, sunday]}"
)
FITS = "{name: rows, value: 3}, {name: day, value: monday}"


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Return a file for manifests."""
    return tmp_path / "w.yaml"


def test_called_workflows_are_found_through_others(found: Path, tmp_path: Path) -> None:
    """In the same file, and in the ones that are named too."""
    found.write_text(manifest("outer", call("mid")) + manifest("mid", call("inner", FITS)))
    other = tmp_path / "inner.yaml"
    other.write_text(INNER)
    assert {"mid", "inner"} == find_called(read_workflow(found, "outer"), [other]).keys()


def test_a_workflow_that_calls_none_reads_no_other_file(found: Path) -> None:
    """Files that are wrong do not matter to it."""
    found.write_text(manifest("outer", "{name: a}"))
    assert {} == find_called(read_workflow(found, None), [Path("/nowhere.yaml")])


def test_a_missing_workflow_is_said_before_anything_starts(found: Path) -> None:
    """With the line of its name, and the nearest one that is there."""
    found.write_text(manifest("outer", call("iner")) + INNER)
    with pytest.raises(InputError) as caught:
        find_called(read_workflow(found, "outer"), [])
    (line,) = caught.value.lines
    assert f"{found}:8: spec.tasks[0].workflow.name: there is no Workflow 'iner'" in line
    assert line.endswith("did you mean 'inner'?")


@pytest.mark.parametrize(
    ("params", "want"),
    [
        (FITS, None),
        ('{name: rows, value: "${{ run.name }}"}, {name: day, value: monday}', None),
        ('{name: rows, value: "n ${{ run.name }}"}, {name: day, value: monday}', "'rows' must be"),
        (
            "{name: rows, value: three}, {name: day, value: monday}",
            "'rows' must be of type Integer",
        ),
        ("{name: rows, value: 3}", "'day' has no default; give it a value"),
        (f"{FITS}, {{name: dya, value: x}}", "no parameter 'dya'; did you mean 'day'?"),
        ("{name: rows, value: 3}, {name: day, value: friday}", "allowed: monday, sunday"),
        ('{name: rows, value: 3}, {name: day, value: "x ${{ run.name }}"}', None),
    ],
)
def test_values_are_compared_with_the_called_workflow(
    found: Path, params: str, want: str | None
) -> None:
    """By `validate` and by `run`; what an expression gives is known later."""
    found.write_text(manifest("outer", call("inner", params)) + INNER)
    problems = validate([str(found)]).problems
    if want is None:
        assert [] == problems
        assert {"inner"} == find_called(read_workflow(found, "outer"), []).keys()
        return
    (problem,) = problems
    assert "spec.tasks[0].workflow.params: " in problem
    assert want in problem
    with pytest.raises(InputError, match=r"workflow\.params"):
        find_called(read_workflow(found, "outer"), [])


def test_outputs_are_compared_with_the_called_workflow(found: Path) -> None:
    """By `validate` and by `run`: a misspelt name is not found out in the night."""
    reader = "{name: r, dependsOn: [call], when: tasks.call.outputs.row > 0}"
    inner = INNER + "  outputs: [{name: rows, expression: tasks.a.outputs.rows}]"
    found.write_text(manifest("outer", call("inner", FITS), reader) + inner.replace("---\n", ""))
    (problem,) = validate([str(found)]).problems
    assert f"{found}:9: spec.tasks[1].when: column 19 of" in problem
    assert problem.endswith("which task 'call' calls; did you mean 'rows'?")
    with pytest.raises(InputError, match="did you mean 'rows'"):
        find_called(read_workflow(found, "outer"), [])


def test_circles_are_refused(found: Path) -> None:
    """Each workflow of it is told, with the way."""
    found.write_text(manifest("one", call("two")) + manifest("two", call("one")))
    problems = validate([str(found)]).problems
    assert 2 == len(problems)
    assert "workflows call each other: one -> two -> one; remove a call" in problems[0]
    with pytest.raises(InputError, match="call each other"):
        find_called(read_workflow(found, "one"), [])


def test_a_workflow_that_calls_itself_is_refused_alone(found: Path) -> None:
    """Its own name is enough to see it."""
    found.write_text(manifest("one", call("one")))
    (problem,) = validate([str(found)]).problems
    assert "task 'call' calls its own workflow" in problem


def test_a_call_of_another_namespace_is_not_compared(found: Path) -> None:
    """A task calls workflows of its own namespace only."""
    other = INNER.replace("{name: inner}", "{name: inner, namespace: other}")
    found.write_text(manifest("outer", call("inner")) + other)
    assert [] == validate([str(found)]).problems
    with pytest.raises(InputError, match="there is no Workflow 'inner'"):
        find_called(read_workflow(found, "outer"), [])
