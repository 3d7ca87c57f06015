"""`headrace run` with input that cannot be used: exit code 2, the cure, and nothing started."""

from pathlib import Path
from typing import Any

import pytest

from support.local_run import Bench, sh


def secret(name: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": "warehouse", "key": "password"}}}


@pytest.mark.parametrize(
    ("arguments", "spec", "want"),
    [
        pytest.param(
            ["--param", "regoin=eu"],
            {},
            "--param: the workflow has no parameter 'regoin'; did you mean 'region'?",
            id="a parameter that is not there",
        ),
        pytest.param(
            ["--param", "count=x"],
            {},
            "--param count: 'x' is not a whole",
            id="a parameter that is no number",
        ),
        pytest.param(
            ["--param", "region"], {}, "write it as name=value", id="a parameter without a value"
        ),
        pytest.param(
            ["--param", "region=eu", "--param", "region=us"],
            {},
            "is listed twice",
            id="a parameter that is given twice",
        ),
        pytest.param(
            ["--logical-time", "noon"],
            {},
            "'noon' is no instant",
            id="a logical time that is no time",
        ),
        pytest.param(
            ["--logical-time", "2030-01-01T00:00:00"],
            {},
            "has no time zone",
            id="a logical time without a zone",
        ),
        pytest.param(
            ["--name", "other"],
            {},
            "there is no workflow 'other'",
            id="a name that is not in the file",
        ),
        pytest.param(
            ["--python", "nowhere"], {}, "nowhere cannot be run", id="a Python that does not exist"
        ),
        pytest.param(
            ["--logical-time", "0001-01-01T00:00:00+14:00"],
            {},
            "is too far away; give a time in the years 1000 to 8999",
            id="a time that has no date in UTC",
        ),
        pytest.param(
            ["--state", ""],
            {},
            "'--state': it is empty; name a folder",
            id="an empty folder of state",
        ),
        pytest.param(
            ["--resume"], {}, "no run of etl in .headrace is unfinished", id="no run to resume"
        ),
        pytest.param(
            [],
            {"tasks": [sh("a", dependsOn=["b"]), sh("b", dependsOn=["a"])]},
            "workflow.yaml:1: spec.tasks: tasks wait for each other",
            id="a cycle, with file and line",
        ),
        pytest.param(
            [],
            {"tasks": [sh("a"), {"name": "b", "command": ["no-such-program"]}]},
            "spec.tasks[1].command: there is no program 'no-such-program'",
            id="a program that is not there",
        ),
        pytest.param(
            [],
            {"tasks": [sh("a")], "finally": [{"name": "b"}]},
            "spec.finally[0].command: without a container, a task needs a command",
            id="a task without a command",
        ),
        pytest.param(
            [],
            {"tasks": [sh("a", env=[secret("PASSWORD")])]},
            "spec.tasks[0].env[0].valueFrom: its source is in the cluster",
            id="a variable from a secret",
        ),
        pytest.param(
            [],
            {"tasks": [sh("a", envFrom=[{"secretRef": {"name": "warehouse"}}])]},
            "spec.tasks[0].envFrom[0]: its source is in the cluster",
            id="all variables from a secret",
        ),
    ],
)
def test_wrong_input(bench: Bench, arguments: list[str], spec: dict[str, Any], want: str) -> None:
    """One line names the field or option and the cure, before anything has started."""
    tasks = spec.pop("tasks", [sh("a")])
    params = [
        {"name": "region", "default": "eu"},
        {"name": "count", "type": "Integer", "default": 1},
    ]
    bench.write(*tasks, params=params, **spec)

    result = bench.run(*arguments)

    assert 2 == result.code
    assert want in result.err
    assert "Traceback" not in result.err
    assert [] == bench.ran("a")
    assert not bench.state.root.exists(), "a folder of state is left where nothing began"


def test_a_program_that_cannot_be_executed(bench: Bench) -> None:
    """It is there, so the cure is not to install it."""
    (bench.folder / "load.sh").write_text("#!/bin/sh\n")
    bench.write({"name": "a", "command": ["./load.sh"]})

    result = bench.run()

    assert 2 == result.code
    assert "spec.tasks[0].command: './load.sh' cannot be executed; chmod +x it" in result.err


def test_a_repository_as_folder_of_state_stays_visible_to_git(bench: Bench) -> None:
    """What was there before is nobody's to hide."""
    bench.write(sh("a"))

    assert 0 == bench.run("--state", ".").code
    assert not (bench.folder / ".gitignore").exists()
    assert (bench.folder / "state.db").exists()


def test_a_damaged_state_is_told_with_the_cure(bench: Bench) -> None:
    """A disk that lost some of it is no programming error."""
    bench.write(sh("a"))
    bench.run()
    database = bench.state.database
    database.write_bytes(database.read_bytes()[:4096] + b"\xa5" * 40_960)

    for arguments in ([], ["--resume"]):
        result = bench.run(*arguments)
        assert 2 == result.code
        assert "state.db cannot be" in result.err
        assert "--state" in result.err


def test_a_secret_can_come_from_the_shell(bench: Bench) -> None:
    """The cure that the message names works."""
    bench.write(sh("a", 'printf %s "$PASSWORD" > got', env=[secret("PASSWORD")]))

    assert 0 == bench.run(PASSWORD="two words").code  # noqa: S106 - a test's
    assert "two words" == (bench.folder / "got").read_text()


def test_volumes_are_left_out_with_one_notice(bench: Bench) -> None:
    """A manifest that mounts volumes in a cluster runs here, and it is said what differs."""
    volume = {"name": "data", "emptyDir": {}}
    mount = {"name": "data", "mountPath": "/data"}
    mounted: dict[str, Any] = {"volumes": [volume], "volumeMounts": [mount]}
    bench.write(sh("a", **mounted), sh("b", **mounted))

    result = bench.run()

    assert 0 == result.code
    assert 1 == result.err.count("volumes and volumeMounts have no effect")


def test_a_folder_of_state_that_cannot_be(bench: Bench, tmp_path: Path) -> None:
    """It is said which folder, and what to do."""
    bench.write(sh("a"))
    (tmp_path / "file").touch()

    result = bench.run("--state", "file/state")

    assert 2 == result.code
    assert "file/state cannot be used: Not a directory; choose another folder" in result.err


def test_the_workflow_is_chosen_by_name(bench: Bench) -> None:
    """A file with several workflows needs a name, and lists those it has."""
    bench.write(sh("a"), name="first")
    file = bench.folder / "workflow.yaml"
    first = file.read_text()
    bench.write(sh("b"), name="second")
    file.write_text(f"{first}\n---\n{file.read_text()}")

    unnamed, named = bench.run(), bench.run("--name", "second")

    assert (2, 0) == (unnamed.code, named.code)
    assert "add --name, of: first, second" in unnamed.err
    assert ([], [1]) == (bench.ran("a"), bench.ran("b"))
