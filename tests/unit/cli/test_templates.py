"""Templates of files, for `headrace validate` and `headrace run`: `headrace.cli.templates`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headrace.cli.main import main

TEMPLATE = """\
apiVersion: headrace.dev/v1alpha1
kind: {kind}
metadata: {{name: greet.v1{where}}}
spec:
  image: busybox
  command: [sh, -c, 'echo "$WITH_word" > "$HEADRACE_OUTPUTS"']
  params:
    - {{name: word, required: true, description: what to say}}
    - {{name: token, type: Secret}}
"""
WORKFLOW = """\
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: hello}
spec:
  params: [{name: word, default: "{}"}]
  tasks:
    - name: say
      uses: greet@v1
      with:
        word: ${{ params.word }}
"""


def template(kind: str = "TaskTemplate", where: str = "") -> str:
    """Return the template's file."""
    return TEMPLATE.format(kind=kind, where=where)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, words)


def written(folder: Path, *parts: str, name: str = "w.yaml") -> str:
    """Write a file of some objects."""
    (folder / name).write_text("---\n".join(parts))
    return name


@pytest.mark.parametrize("kind", ["TaskTemplate", "ClusterTaskTemplate"])
def test_a_template_of_the_same_file_is_known(here: Path, kind: str) -> None:
    """Before or after the workflow that uses it."""
    for parts in ((template(kind), WORKFLOW), (WORKFLOW, template(kind))):
        done = call("validate", written(here, *parts))
        assert 0 == done.exit_code, done.output
        assert f"{kind} 'greet.v1' is valid" in done.output


def test_a_template_of_another_file_is_known(here: Path) -> None:
    """As a platform team writes it."""
    file, other = written(here, WORKFLOW), written(here, template(), name="greet.yaml")
    assert 0 == call("validate", file, other).exit_code
    assert 0 == call("run", file, other, "--runner", "process", "--plain").exit_code


def test_a_template_of_another_namespace_is_not(here: Path) -> None:
    """On a cluster it would not be found either."""
    done = call("validate", written(here, template(where=", namespace: other"), WORKFLOW))
    assert 2 == done.exit_code
    assert "there is no template 'greet@v1'; name its file too" in done.output


@pytest.mark.parametrize(
    ("wrong", "want"),
    [
        (
            "        wrd: a\n",
            "w.yaml:11: spec.tasks[0].with.wrd: template greet@v1 has no",
        ),
        ("        token: a\n", "w.yaml:11: spec.tasks[0].with.token: is a secret"),
        (
            "      image: a\n",
            "w.yaml:11: spec.tasks[0].image: a task with uses runs",
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_line(here: Path, wrong: str, want: str) -> None:
    """In the words of the controller, and before anything runs."""
    file = written(here, WORKFLOW + wrong, template())
    for words in (("validate", file), ("run", file, "--runner", "process")):
        done = call(*words)
        assert 2 == done.exit_code
        assert want in done.output


def test_a_wrong_expression_is_told_where_it_was_written(here: Path) -> None:
    """Not at the variable that it becomes."""
    file = written(here, WORKFLOW.replace("params.word", "params.wrod"), template())
    done = call("validate", file)
    assert "w.yaml:10: spec.tasks[0].with.word: column 11 of 'params.wrod'" in done.output


def test_a_program_gets_its_parameters_as_they_are(here: Path) -> None:
    """No shell and no template language reads them again."""
    file = written(here, WORKFLOW, template())
    hostile = '{"a": "$(touch x) `touch x` ${{ 1 }} $HOME"}'
    done = call("run", file, "--runner", "process", "--plain", "--param", f"word={hostile}")
    assert 0 == done.exit_code, done.output
    (outputs,) = here.glob(".headrace/runs/*/say/attempt-1.outputs*")
    assert hostile == outputs.read_text().strip()
    assert not (here / "x").exists()


def test_a_secret_comes_from_the_shell(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no Secret here; without the variable, the run does not begin."""
    given = "        token: {secretRef: {name: login, key: api}}\n"
    say = template().replace("$WITH_word", '{\\"t\\": \\"$WITH_token\\"}')
    file = written(here, WORKFLOW + given, say)
    refused = call("run", file, "--runner", "process", "--plain")
    assert 2 == refused.exit_code
    assert "w.yaml:11: spec.tasks[0].with.token: its source is in the cluster" in refused.output
    assert "set WITH_token in the shell" in refused.output
    monkeypatch.setenv("WITH_token", "from-the-shell")
    assert 0 == call("run", file, "--runner", "process", "--plain").exit_code
    database = (here / ".headrace" / "state.db").read_bytes()
    assert b"greet" not in database or b"from-the-shell" not in database
