"""Which object of a file is the workflow: `headrace.cli.workflow_file`."""

from pathlib import Path
from textwrap import dedent

import pytest

from headrace.api.reading.problem import Problem
from headrace.cli.input import InputError
from headrace.cli.workflow_file import find_workflow, read_workflow


def workflow(name: str, tasks: str = "[{name: a}]") -> str:
    return dedent(f"""\
        apiVersion: headrace.dev/v1alpha1
        kind: Workflow
        metadata: {{name: {name}}}
        spec:
          defaults: {{image: busybox}}
          tasks: {tasks}
        """)


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n"
IN_A_LIST = "apiVersion: v1\nkind: List\nitems:\n- " + workflow("listed").replace("\n", "\n  ")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "workflow.yaml"


ETL, A, B = workflow("etl"), workflow("a"), workflow("b")
MISSPELT = ETL.replace("Workflow", "Workflo")
NO_FIELD = workflow("etl", "[{nam: a}]")
CIRCLE = workflow("etl", "[{name: a, dependsOn: [a]}]")
NO_IMAGE = IN_A_LIST.replace("busybox", "''")


@pytest.mark.parametrize(
    ("text", "name", "want"),
    [
        pytest.param(ETL, None, "etl", id="the only object"),
        pytest.param(f"{CONFIG}---\n{ETL}", None, "etl", id="beside other kinds"),
        pytest.param(IN_A_LIST, None, "listed", id="a workflow in a List"),
        pytest.param(f"{A}---\n{B}", "b", "b", id="chosen by name"),
        pytest.param(f"{NO_FIELD}---\n{B}", "b", "b", id="beside a workflow with problems"),
    ],
)
def test_the_workflow_is_found(file: Path, text: str, name: str | None, want: str) -> None:
    """One workflow needs no name; what else is in the file does not matter."""
    file.write_text(text)

    found = read_workflow(file, name)

    assert (want, "default", ("a",)) == (found.name, found.namespace, tuple(found.definition.tasks))


@pytest.mark.parametrize(
    ("text", "name", "want"),
    [
        pytest.param("", None, ": there is no Workflow in this file", id="an empty file"),
        pytest.param(CONFIG, None, ": there is no Workflow in this file", id="another kind"),
        pytest.param(MISSPELT, None, ":2: kind: there is no kind 'Workflo'", id="meant to be one"),
        pytest.param(NO_FIELD, None, ":6: spec.tasks[0].nam", id="a field that is not there"),
        pytest.param(CIRCLE, None, ":6: spec.tasks[0].dependsOn[0]", id="what the engine finds"),
        pytest.param(NO_IMAGE, None, ":8: items[0].spec.defaults.image", id="a problem in a List"),
        pytest.param(f"{A}---\n{B}", None, "; add --name, of: a, b", id="no name"),
        pytest.param(
            A, "b", ": there is no workflow 'b' in this file; it has: a", id="an unknown name"
        ),
        pytest.param(
            f"{A}---\n{A}",
            "a",
            ":8: there is another workflow 'a'; keep one",
            id="two workflows and no name",
        ),
        pytest.param("a: [", None, ":2: this is no YAML", id="no YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    file: Path, text: str, name: str | None, want: str
) -> None:
    """File, line, field and cure, as editors and people can follow."""
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        read_workflow(file, name)
    (line, *_) = caught.value.lines
    assert line.startswith(f"{file}:")
    assert want in line


def test_a_file_that_is_not_there(file: Path) -> None:
    """It is named, with the operating system's words."""
    with pytest.raises(InputError, match=r"workflow\.yaml: cannot be read: No such file"):
        read_workflow(file, None)


def test_problems_that_are_found_later_have_lines_too(file: Path) -> None:
    """What this machine lacks is told like any other mistake."""
    file.write_text(IN_A_LIST)

    error = read_workflow(file, None).wrong([Problem("spec.tasks[0].command", "is missing")])

    assert (f"{file}:9: items[0].spec.tasks[0].command: is missing",) == error.lines


def test_the_name_is_found_whatever_else_is_wrong(file: Path) -> None:
    """A run that keeps its definition can go on, though the file of today is broken."""
    file.write_text(NO_FIELD)
    assert "etl" == find_workflow(file, None).name
    file.write_text(NO_FIELD.replace("metadata: {name: etl}", "metadata: {}"))
    assert not find_workflow(file, None).name


def test_a_workflow_without_a_name_is_listed_as_such(file: Path) -> None:
    """The list has no gap that nobody understands."""
    file.write_text(f"{A}---\n{B.replace('{name: b}', '{}')}")

    with pytest.raises(InputError, match="add --name, of: a, one without a name"):
        read_workflow(file, None)


def test_a_text_that_no_program_can_be_given_is_refused(file: Path) -> None:
    """Before the run begins, and with its line."""
    file.write_text(workflow("etl", '[{name: a, args: ["\\0"]}]'))

    with pytest.raises(InputError, match=r"yaml:6: spec\.tasks\[0\]\.args\[0\]: has a NUL"):
        read_workflow(file, None)
