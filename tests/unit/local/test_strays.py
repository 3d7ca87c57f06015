"""Processes that escaped from their group: `headrace.local.strays`."""

import subprocess
from pathlib import Path

import pytest

from headrace.local import strays


@pytest.fixture
def sleeper(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Return a process of the first attempt of `load`; its folder is this test's alone."""
    environment = {"HEADRACE_OUTPUTS": f"{tmp_path}/runs/etl/load/attempt-1.outputs"}
    sleeper = subprocess.Popen(
        ["/bin/cat"],
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert sleeper.stdin is not None
    assert sleeper.stdout is not None
    # Its environment can be read a moment after it was started: it answers when it is there.
    sleeper.stdin.write(b"there\n")
    sleeper.stdin.flush()
    assert b"there\n" == sleeper.stdout.readline()
    return sleeper


@pytest.mark.parametrize(
    ("prefix", "killed"),
    [
        pytest.param("runs/etl/load/attempt-1.outputs", True, id="the attempt"),
        pytest.param("runs/etl/", True, id="the run"),
        pytest.param("runs/etl/load/attempt-2.outputs", False, id="another attempt"),
        pytest.param("runs/et/", False, id="another run"),
        pytest.param("other/runs/etl/", False, id="another folder of state"),
    ],
)
def test_only_what_belongs_there_is_killed(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, prefix: str, *, killed: bool
) -> None:
    """Known by a variable that no process but theirs has."""
    try:
        assert int(killed) == strays.kill(f"{tmp_path}/{prefix}")
        if killed:
            assert -9 == sleeper.wait()
        else:
            assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_without_proc_there_is_nothing_to_find(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On macOS, processes in the group end, and others are not looked for."""
    monkeypatch.setattr(strays, "_PROC", tmp_path / "proc")

    assert 0 == strays.kill("/state/")
