"""From an attempt to a process: `headrace.local.launcher`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import compile_workflow
from headrace.engine.task.actions import StartAttempt
from headrace.local.folder import AttemptFiles
from headrace.local.launcher import ProcessLauncher
from headrace.local.supervision import CannotStartError

Start = Callable[..., StartAttempt]


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "pipelines"
    home.mkdir()
    return home


@pytest.fixture
def interpreter(tmp_path: Path) -> Path:
    return executable(tmp_path / "venv" / "bin" / "python3")


@pytest.fixture
def launcher(home: Path, interpreter: Path) -> Callable[..., ProcessLauncher]:
    def build(**inherited: str) -> ProcessLauncher:
        return ProcessLauncher(interpreter, home, {"PATH": "/usr/bin:/bin", **inherited})

    return build


Build = Callable[..., ProcessLauncher]


def test_python_is_the_chosen_interpreter(
    launcher: Build, start: Start, files: AttemptFiles, interpreter: Path
) -> None:
    """Whatever it is called on this machine, and whatever else is on the PATH."""
    for name in ("python", "python3"):
        program = launcher().program(start(name, "-m", "etl"), files)
        assert (str(interpreter), "-m", "etl") == program.arguments


def test_programs_of_the_environment_come_first(
    launcher: Build, start: Start, files: AttemptFiles, interpreter: Path
) -> None:
    """`dbt` is the one beside the interpreter, not one that happens to be installed."""
    own = executable(interpreter.parent / "env")

    assert (str(own),) == launcher().program(start("env"), files).arguments


def test_a_relative_path_is_in_the_folder_of_the_manifest(
    launcher: Build, start: Start, files: AttemptFiles, home: Path
) -> None:
    """It means the same wherever headrace is called from."""
    script = executable(home / "bin" / "load")

    program = launcher().program(start("./bin/load"), files)

    assert (str(script), home) == (str(Path(program.arguments[0])), program.folder)


def test_a_working_folder_is_where_the_program_runs_and_is_looked_for(
    launcher: Build, start: Start, files: AttemptFiles, tmp_path: Path
) -> None:
    """As in a container: a relative command, and PWD, are of that folder."""
    work = tmp_path / "work"
    script = executable(work / "load")

    program = launcher().program(start("./load", workingDir=str(work)), files)

    assert (str(script), work, str(work)) == (
        str(Path(program.arguments[0])),
        program.folder,
        program.environment["PWD"],
    )


def test_a_working_folder_that_went_away_stops_the_start(
    launcher: Build, start: Start, files: AttemptFiles, tmp_path: Path
) -> None:
    """Nothing runs in another folder instead: it may hold what the program would remove."""
    with pytest.raises(CannotStartError, match=r"there is no folder '.*/gone' on this machine"):
        launcher().program(start("true", workingDir=str(tmp_path / "gone")), files)


def test_a_missing_folder_is_the_only_problem_of_a_program_in_it(
    launcher: Build, tmp_path: Path
) -> None:
    """Its program is missing for that reason alone."""
    spec = WorkflowSpec.model_validate(
        {
            "defaults": {"image": "example.org/etl:1", "workingDir": str(tmp_path / "gone")},
            "tasks": [
                {"name": "a", "command": ["./load"]},
                {"name": "b", "command": ["./load"]},
                {"name": "c", "command": ["true"], "workingDir": str(tmp_path)},
            ],
        }
    )

    problems = list(launcher().problems(spec, compile_workflow(spec)))

    assert ["spec.defaults.workingDir"] == [problem.path for problem in problems]


def test_a_word_that_the_shell_knows_is_a_program_too(
    launcher: Build, start: Start, files: AttemptFiles
) -> None:
    """The shell in between gets absolute paths, so none of its own words."""
    for word in ("echo", "test", "true"):
        assert launcher().program(start(word), files).arguments[0].startswith("/")


@pytest.mark.parametrize("word", ["exit", "set", "no-such-program"])
def test_what_is_no_program_cannot_start(
    launcher: Build, start: Start, files: AttemptFiles, word: str
) -> None:
    """The message names it and the cure."""
    with pytest.raises(CannotStartError, match=f"no program '{word}' on this machine; install"):
        launcher().program(start(word), files)


def test_args_follow_the_command(launcher: Build, start: Start, files: AttemptFiles) -> None:
    """As in a container."""
    program = launcher().program(start("echo", "a", args=["b", "$(c)"]), files)

    assert ("a", "b", "$(c)") == program.arguments[1:]


@pytest.mark.parametrize(
    ("inherited", "env", "want"),
    [
        pytest.param({"A": "shell"}, [], {"A": "shell"}, id="the shell's variables are seen"),
        pytest.param(
            {"A": "shell"},
            [{"name": "A", "value": "task"}],
            {"A": "task"},
            id="the task's variables win",
        ),
        pytest.param(
            {"A": "shell"},
            [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            {"A": "shell"},
            id="valueFrom takes the shell's value",
        ),
        pytest.param(
            {"HEADRACE_TASK": "outer", "HEADRACE_OLD": "outer"},
            [],
            {"HEADRACE_TASK": "load", "HEADRACE_OLD": None},
            id="an outer task's HEADRACE_ variables do not leak",
        ),
        pytest.param({"PWD": "/"}, [], {"PWD": "{home}"}, id="PWD is the folder of the task"),
        pytest.param({}, [], {"PYTHONUNBUFFERED": "1"}, id="Python does not buffer its output"),
        pytest.param(
            {"PYTHONUNBUFFERED": ""},
            [],
            {"PYTHONUNBUFFERED": ""},
            id="the task can make Python buffer its output",
        ),
        pytest.param(
            {},
            [{"name": "PATH", "value": "/opt/bin:/bin"}],
            {"PATH": "{bin}:/opt/bin:/bin"},
            id="the environment's programs are on any PATH",
        ),
    ],
)
def test_variables(  # noqa: PLR0913, PLR0917 - fixtures
    launcher: Build,
    start: Start,
    files: AttemptFiles,
    home: Path,
    interpreter: Path,
    inherited: Mapping[str, str],
    env: list[dict[str, Any]],
    want: Mapping[str, str | None],
) -> None:
    """What a task finds in its environment."""
    program = launcher(**inherited).program(start("true", env=env), files)

    places = {"home": str(home), "bin": str(interpreter.parent)}
    expected = {name: value and value.format(**places) for name, value in want.items()}
    assert expected == {name: program.environment.get(name) for name in want}


def test_a_name_that_a_shell_would_drop_is_passed_on(
    launcher: Build, start: Start, files: AttemptFiles
) -> None:
    """Some programs are configured by names with dots."""
    env = [{"name": "discovery.type", "value": "single node"}]

    program = launcher().program(start("true", env=env), files)

    assert "single node" == program.environment["discovery.type"]
    assert "single node" not in " ".join(program.arguments)


def test_a_variable_without_a_value_is_empty(
    launcher: Build, start: Start, files: AttemptFiles
) -> None:
    """As in a pod, also where the runner's own shell has one of its name."""
    program = launcher(REGION="eu").program(start("true", env=[{"name": "REGION"}]), files)

    assert "" == program.environment["REGION"]


def test_problems_name_each_task(launcher: Build) -> None:
    """All of them, before anything starts."""
    spec = WorkflowSpec.model_validate(
        {
            "defaults": {"image": "example.org/etl:1"},
            "tasks": [
                {"name": "a", "command": ["true"]},
                {"name": "b"},
                {"name": "c", "command": ["no-such-program"]},
            ],
            "finally": [{"name": "d", "command": ["./missing"]}],
        }
    )

    problems = launcher().problems(spec, compile_workflow(spec))

    want = ["spec.tasks[1].command", "spec.tasks[2].command", "spec.finally[0].command"]
    assert want == [problem.path for problem in problems]


def test_programs_of_a_path_that_is_not_known_yet_are_looked_for_at_the_start(
    launcher: Build,
) -> None:
    """The task before it may say where they are."""
    path = {"name": "PATH", "value": "${{ run.name }}"}
    tasks = [{"name": "a", "image": "x", "command": ["no-such-program"], "env": [path]}]
    spec = WorkflowSpec.model_validate({"tasks": tasks})

    assert [] == list(launcher().problems(spec, compile_workflow(spec)))


def test_a_file_without_the_right_to_be_executed(
    launcher: Build, start: Start, files: AttemptFiles, home: Path
) -> None:
    """It is there, so nobody is told to install it."""
    (home / "load.sh").touch(0o644)

    with pytest.raises(CannotStartError, match=r"'\./load\.sh' cannot be executed; chmod \+x it"):
        launcher().program(start("./load.sh"), files)


def test_arguments_have_the_values_of_variables(
    launcher: Build, start: Start, files: AttemptFiles, interpreter: Path
) -> None:
    """The program too may be named by one; PATH is as the task's author has written it."""
    env = [{"name": "TOOL", "value": "python"}, {"name": "PATH", "value": "/bin:$(TOOL)"}]
    attempt = start("$(TOOL)", "-m=$(TOOL)", args=["$(PATH)", "$(HOME)"], env=env)

    program = launcher(HOME="/home/me").program(attempt, files)

    want = (str(interpreter), "-m=python", "/bin:$(TOOL)", "$(HOME)")
    assert want == program.arguments


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param("no-such-tool", 1, id="its name is known, and there is none"),
        pytest.param("sh", 0, id="its name is known, and there is one"),
        pytest.param("${{ run.name }}", 0, id="an expression names it"),
    ],
)
def test_a_program_that_a_variable_names_is_looked_for(
    launcher: Build, value: str, want: int
) -> None:
    """Before anything starts, unless only its attempt knows the name."""
    env = [{"name": "TOOL", "value": value}]
    task = {"name": "load", "image": "i", "command": ["$(TOOL)"], "env": env}
    spec = WorkflowSpec.model_validate({"tasks": [task]})

    found = list(launcher().problems(spec, compile_workflow(spec)))

    assert want * ["spec.tasks[0].command"] == [problem.path for problem in found]
