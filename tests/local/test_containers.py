"""`headrace run` with a container engine: a stand-in, since neither can run in these tests."""

import os
import re
import signal
from pathlib import Path

import pytest

from support.local_run import HOLD, Bench, sh, until

ENGINE = """#!/bin/sh
# Does what podman does, without containers: the entrypoint runs here, and dies with its client.
echo "$@" >> "$ENGINE_FOLDER/calls"
test "$1" = run || exit 0
while test $# -gt 0; do
  case $1 in
    --volume) case $2 in
      *:/headrace/outputs) outputs=${2%:*} ;;
      *:/headrace/item:ro) item=${2%:/headrace/item:ro} ;;
    esac; shift ;;
    --entrypoint) entrypoint=$2; shift ;;
    example.org/*) shift; break ;;
  esac
  shift
done
HEADRACE_ITEM_FILE=${item:-$HEADRACE_ITEM_FILE} HEADRACE_OUTPUTS=$outputs exec "$entrypoint" "$@"
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in first on the PATH; return the file with how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "podman"
    program.write_text(ENGINE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ENGINE_FOLDER", str(folder))
    return folder / "calls"


def test_a_task_runs_in_a_container(bench: Bench, engine: Path) -> None:
    """Where an engine works it is used without asking, and the contract is the same."""
    bench.write(sh("a", 'echo "{\\"rows\\": 3}" > "$HEADRACE_OUTPUTS"'), sh("b", "exit 3"))

    result = bench.run("--runner", "auto")

    assert 1 == result.code
    assert {"rows": 3} == bench.log_of("a").outputs
    assert 3 == bench.log_of("b").attempts[0].progress.exit_code
    assert 2 == engine.read_text().count("run --rm --name etl-")


def test_each_item_runs_in_a_container(bench: Bench, engine: Path) -> None:
    """Its own, with a name of its own, and its item is mounted."""
    script = 'echo "{\\"is\\": \\"$(cat "$HEADRACE_ITEM_FILE")\\"}" > "$HEADRACE_OUTPUTS"'
    each = {"name": "each", "command": ["sh", "-c", script], "forEach": {"items": ["x", "y"]}}
    bench.write(each)

    assert 0 == bench.run("--runner", "podman").code

    outputs = bench.log_of("each").outputs
    assert {"items": [{"is": "x"}, {"is": "y"}], "count": 2} == outputs
    names = re.findall(r"run --rm --name (etl-\S+)", engine.read_text())
    assert ["0", "1"] == sorted(name.rpartition("-")[2] for name in names)


def test_the_container_of_an_item_is_removed(bench: Bench, engine: Path) -> None:
    """Its client was killed: the container would go on beside the next attempt."""
    bench.write(
        {
            "name": "each",
            "command": ["sh", "-c", "touch $HEADRACE_INDEX.ran; exec sleep 60"],
            "forEach": {"items": ["x"]},
            "retry": {"limit": 0, "infrastructureLimit": 0},
        }
    )
    runner = bench.start("--runner", "podman")
    until((bench.folder / "0.ran").exists)

    os.killpg(int(bench.files("each").of_item(0).lock.read_text()), signal.SIGKILL)

    assert 1 == runner.wait(timeout=60)
    assert re.search(r"rm --force etl-\S+-0\n", engine.read_text())


def test_a_container_whose_client_was_killed_is_removed(bench: Bench, engine: Path) -> None:
    """It would go on without its client, beside the next attempt."""
    bench.write(sh("a", HOLD, retry={"limit": 0, "infrastructureLimit": 0}))
    runner = bench.start("--runner", "podman")
    until(lambda: bench.ran("a"))

    os.killpg(int(bench.files("a").lock.read_text()), signal.SIGKILL)

    assert 1 == runner.wait(timeout=60)
    assert "rm --force etl-" in engine.read_text()


def test_an_engine_that_does_not_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said so before anything starts; asked for nothing special, processes are used."""
    monkeypatch.setenv("PATH", f"{bench.folder}{os.pathsep}/usr/bin:/bin")
    for name in ("podman", "docker"):
        (bench.folder / name).write_text("#!/bin/sh\nexit 1\n")
        (bench.folder / name).chmod(0o755)
    bench.write(sh("a"))

    asked, auto = bench.run("--runner", "docker"), bench.run("--runner", "auto")

    (bench.folder / "podman").unlink()
    absent = bench.run("--runner", "podman")

    assert (2, 0, 2) == (asked.code, auto.code, absent.code)
    assert "--runner podman: there is no podman on this machine; install it" in absent.err
    assert "--runner docker: `docker info` does not answer on this machine" in asked.err
