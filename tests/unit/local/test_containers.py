"""From an attempt to podman or docker: `headrace.local.containers`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.task.actions import StartAttempt
from headrace.local import containers
from headrace.local.containers import ContainerLauncher
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import CannotStartError
from headrace.manifests.names import job_name

Start = Callable[..., StartAttempt]
NAME = job_name("etl-1", "uid", "load", 1)
CONTRACT = (
    *("NAMESPACE", "WORKFLOW", "RUN", "TASK", "ATTEMPT", "LOGICAL_TIME"),
    *("INTERVAL_START", "INTERVAL_END", "PARAMS", "OUTPUTS"),
)


@pytest.fixture
def launcher(tmp_path: Path) -> ContainerLauncher:
    return ContainerLauncher("/usr/bin/podman", tmp_path, {"HOME": "/home/me", "HEADRACE_RUN": "x"})


@pytest.mark.parametrize(
    ("command", "body", "want"),
    [
        pytest.param((), {}, ["example.org/etl:1"], id="the image's own program"),
        pytest.param(
            ("python", "-m", "etl"),
            {},
            ["--entrypoint", "python", "example.org/etl:1", "-m", "etl"],
            id="a command replaces the entrypoint",
        ),
        pytest.param(
            (),
            {"args": ["a", "b"]},
            ["example.org/etl:1", "a", "b"],
            id="args replace the image's own",
        ),
        pytest.param(
            ("sh",),
            {"args": ["-c", "$(id) `id`"]},
            ["--entrypoint", "sh", "example.org/etl:1", "-c", "$(id) `id`"],
            id="command and args are passed word for word",
        ),
        pytest.param(
            (),
            {
                "env": [
                    {"name": "REGION", "value": "eu west"},
                    {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                ]
            },
            ["--env", "REGION=eu west", "--env", "PASSWORD", "example.org/etl:1"],
            id="a secret is passed by name, so it is not among the arguments",
        ),
    ],
)
def test_arguments(  # noqa: PLR0913, PLR0917 - fixtures
    launcher: ContainerLauncher,
    start: Start,
    files: AttemptFiles,
    command: tuple[str, ...],
    body: dict[str, Any],
    want: list[str],
) -> None:
    """The command line, whole: neither engine can be tried in these tests."""
    program = launcher.program(start(*command, **body), files)

    contract = [part for name in CONTRACT for part in ("--env", f"HEADRACE_{name}")]
    head = ["/usr/bin/podman", "run", "--rm", "--name", NAME]
    outputs = ["--volume", f"{files.outputs}:/headrace/outputs"]
    assert [*head, *outputs, *contract, *want] == list(program.arguments)


def test_an_item_is_shown_as_in_a_pod(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """Two files that nobody can change, at the paths that the variables name."""
    own = files.of_item(7)
    own.items.mkdir()
    for file in (own.item_file, own.task_file):
        file.touch(0o600)

    program = launcher.program(start(), own)

    words = program.arguments
    assert f"{NAME}-7" == words[words.index("--name") + 1]
    assert program.removal == ("/usr/bin/podman", "rm", "--force", f"{NAME}-7")
    volumes = [words[at + 1] for at, word in enumerate(words) if word == "--volume"]
    assert [
        f"{own.outputs}:/headrace/outputs",
        f"{own.item_file}:/headrace/item:ro",
        f"{own.task_file}:/headrace/task.json:ro",
    ] == volumes
    want = {
        "HEADRACE_INDEX": "7",
        "HEADRACE_ITEM_FILE": "/headrace/item",
        "HEADRACE_TASK_FILE": "/headrace/task.json",
    }
    assert want.items() <= program.environment.items()
    assert want.keys() <= set(words)
    assert {0o644} == {file.stat().st_mode & 0o777 for file in (own.item_file, own.task_file)}


@pytest.mark.parametrize(
    ("body", "want"),
    [
        pytest.param({}, [], id="the engine's own choice"),
        pytest.param({"imagePullPolicy": "Always"}, ["--pull", "always"], id="each time"),
        pytest.param({"imagePullPolicy": "IfNotPresent"}, ["--pull", "missing"], id="if missing"),
        pytest.param({"imagePullPolicy": "Never"}, ["--pull", "never"], id="never"),
        pytest.param({"workingDir": "/work"}, ["--workdir", "/work"], id="a folder"),
    ],
)
def test_image_and_folder_are_the_engines_options(
    launcher: ContainerLauncher,
    start: Start,
    files: AttemptFiles,
    body: dict[str, Any],
    want: list[str],
) -> None:
    """They stand before the image; what the task leaves open, the engine and the image choose."""
    arguments = launcher.program(start("true", **body), files).arguments

    options = arguments[: arguments.index("example.org/etl:1")]
    given = [part for part in options if part in want or part in {"--pull", "--workdir"}]
    assert want == given


def test_the_contract_reaches_the_container_by_way_of_the_client(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """Parameters are in nobody's list of processes."""
    environment = launcher.program(start(), files).environment

    assert ("etl-1", "/headrace/outputs", "/home/me") == (
        environment["HEADRACE_RUN"],
        environment["HEADRACE_OUTPUTS"],
        environment["HOME"],
    )


def test_arguments_have_the_values_of_variables(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """One argument stays one, and looks like an option of the engine to nobody."""
    env = [{"name": "TOOL", "value": "--rm"}, {"name": "TABLE", "value": "a b $(TOOL)"}]
    attempt = start("$(TOOL)", "-t=$(TABLE)", args=["$(TOOL)", "$(date)"], env=env)

    program = launcher.program(attempt, files)

    want = ("--entrypoint", "--rm", "example.org/etl:1", "-t=a b $(TOOL)", "--rm", "$(date)")
    assert want == program.arguments[-6:]


@pytest.mark.parametrize("name", ["", " ", "null", '["sh", "-c", "id"]', ' ["sh"]', '["sh", '])
def test_a_program_is_no_list_of_words(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles, name: str
) -> None:
    """Podman would make a command of a list as JSON; without a program, the image's would run."""
    attempt = start("$(TOOL)", "x", env=[{"name": "TOOL", "value": name}])

    with pytest.raises(CannotStartError, match="is not the name of a program"):
        launcher.program(attempt, files)


def test_a_program_may_have_an_odd_name(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """Such as the one that tests."""
    arguments = launcher.program(start("[", "-n", "x", "]"), files).arguments

    assert ("--entrypoint", "[", "example.org/etl:1", "-n", "x", "]") == arguments[-6:]


def test_any_user_of_an_image_can_write_outputs(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """The file is there before the container is, or the engine would make a folder."""
    launcher.program(start(), files)

    assert 0o666 == files.outputs.stat().st_mode & 0o777


def test_a_container_goes_with_its_client(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """A client that was killed cannot end it, so its name is kept."""
    program = launcher.program(start(), files)

    assert ("/usr/bin/podman", "rm", "--force", NAME) == program.removal == launcher.removal(NAME)


def test_an_image_is_no_option(
    launcher: ContainerLauncher, start: Start, files: AttemptFiles
) -> None:
    """A name like --privileged would be one."""
    with pytest.raises(CannotStartError, match="'--privileged' is not the name of an image"):
        launcher.program(start(image="--privileged"), files)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("#!/bin/sh\n", True, id="the engine answers"),
        pytest.param("#!/bin/sh\nexit 1\n", False, id="the engine's daemon does not run"),
        pytest.param("#!/no/such/program\n", False, id="the engine cannot be run"),
    ],
)
def test_an_engine_counts_when_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, *, found: bool
) -> None:
    """Installed is not enough: many machines have a client without a daemon."""
    program = tmp_path / "docker"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (str(program) if found else None) == containers.find("docker")
    assert containers.find("podman") is None
