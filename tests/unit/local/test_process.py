"""A process group that is watched and ended: `headrace.local.process`."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.local import supervision
from headrace.local.folder import AttemptFiles
from headrace.local.process import Process, grace_seconds
from headrace.local.supervision import Program

Build = Callable[..., Program]

POLITE = "trap 'exit 7' TERM; echo $$ > fifo; while :; do sleep 0.01; done"
STUBBORN = "trap '' TERM; echo $$ > fifo; while :; do sleep 0.01; done"
SLEEPER = "echo $$ > fifo; exec sleep 600"


class Watched:
    """A program that runs, and whether its end was told."""

    def __init__(
        self, program: Program, files: AttemptFiles, *, own: bool, grace: float = 3600
    ) -> None:
        self.ended = asyncio.Event()
        self.ends = 0
        self.child = supervision.start(program, files)
        child = self.child if own else None
        self.process = Process(files, self.child.pid, child, self._end, grace)

    def _end(self) -> None:
        self.ends += 1
        self.ended.set()


async def said(program: Program) -> str:
    """Wait for what a program writes into the fifo."""
    return await asyncio.to_thread((program.folder / "fifo").read_text)


@pytest.fixture
def talker(program: Build, tmp_path: Path) -> Build:
    os.mkfifo(tmp_path / "fifo")
    return lambda script: program("/bin/sh", "-c", script)


@pytest.fixture(params=["pidfd", "lock"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the end in both ways: the second is for macOS and old kernels."""
    if request.param == "lock":
        monkeypatch.delattr(os, "pidfd_open", raising=False)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("own", [True, False], ids=["its own child", "an orphan"])
async def test_the_end_is_told_once(files: AttemptFiles, program: Build, *, own: bool) -> None:
    """For a child and for a process of a runner that is gone."""
    watched = Watched(program("/bin/true"), files, own=own)

    await watched.ended.wait()

    assert (1, 0) == (watched.ends, supervision.exit_code(files))
    watched.child.wait()


@pytest.mark.parametrize("own", [True, False], ids=["its own child", "an orphan"])
async def test_it_may_tidy_up_before_it_ends(
    files: AttemptFiles, talker: Build, *, own: bool
) -> None:
    """SIGTERM comes first, and its own exit code counts."""
    polite = talker(POLITE)
    watched = Watched(polite, files, own=own)
    await said(polite)

    watched.process.terminate()
    watched.process.terminate()
    await watched.ended.wait()

    assert 7 == supervision.exit_code(files)
    watched.child.wait()


async def test_one_that_does_not_listen_is_killed_after_the_grace(
    files: AttemptFiles, talker: Build
) -> None:
    """Nothing runs on for ever."""
    stubborn = talker(STUBBORN)
    watched = Watched(stubborn, files, own=True, grace=0.05)
    await said(stubborn)

    watched.process.terminate()
    await watched.ended.wait()

    assert supervision.exit_code(files) is None


@pytest.mark.parametrize(("asked", "want"), [(None, 10.0), (1, 1.0), (3600, 3600.0)])
def test_a_grace_is_the_tasks_or_that_of_a_terminal(asked: int | None, want: float) -> None:
    """A longer one than ours is given too: the program needs it."""
    assert want == grace_seconds(asked)


async def test_ending_what_has_ended_is_nothing(files: AttemptFiles, program: Build) -> None:
    """No signal goes to whoever has the process id by then."""
    watched = Watched(program("/bin/true"), files, own=True)
    await watched.ended.wait()

    watched.process.terminate()
    watched.process.kill()

    assert 1 == watched.ends


async def test_a_program_whose_shell_was_killed_ends_too(
    files: AttemptFiles, talker: Build
) -> None:
    """Nobody would know how it ended, so it must not go on beside the next attempt."""
    sleeper = talker(SLEEPER)
    watched = Watched(sleeper, files, own=True)
    inner = int(await said(sleeper))

    os.kill(watched.child.pid, 9)
    await watched.ended.wait()

    handle = _pidfd(inner)
    if handle is not None:
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(handle, gone.set)
        await gone.wait()
        loop.remove_reader(handle)
        os.close(handle)


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
