"""The shell over a program: `headrace.local.supervision`."""

import ast
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from select import select

import pytest

from headrace.local import supervision
from headrace.local.folder import AttemptFiles
from headrace.local.supervision import CannotStartError, Program

Build = Callable[..., Program]

COPY_ARGUMENTS = (
    "import os, sys; open('got', 'wb').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
)
HOLD = ("/bin/sh", "-c", "read line < fifo")


def run(program: Program, files: AttemptFiles) -> int | None:
    """Run a program to its end, and return its exit code as it was written down."""
    supervision.start(program, files).wait()
    return supervision.exit_code(files)


@pytest.mark.parametrize(
    ("script", "want"),
    [
        pytest.param("exit 0", 0, id="success"),
        pytest.param("exit 3", 3, id="failure"),
        pytest.param("exit 255", 255, id="the highest code"),
        pytest.param("kill -TERM $$", 143, id="a signal is 128 and its number"),
        pytest.param("kill -KILL $$", 137, id="a signal that nobody can catch"),
        pytest.param("kill -TERM -$PPID; sleep 600", 143, id="a signal to the whole group"),
    ],
)
def test_the_exit_code_is_written_down(
    files: AttemptFiles, program: Build, script: str, want: int
) -> None:
    """Whoever looks later, runner or not, learns how the program ended."""
    assert want == run(program("/bin/sh", "-c", script), files)


def test_without_an_end_there_is_no_exit_code(files: AttemptFiles, program: Build) -> None:
    """A group that was killed as a whole leaves nothing, and that can be told."""
    child = supervision.start(program("/bin/sleep", "600"), files)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()

    assert supervision.exit_code(files) is None


@pytest.mark.parametrize("text", ["1", "", "\n", "one\n"])
def test_what_is_no_exit_code_is_none(files: AttemptFiles, text: str) -> None:
    """A full disk or a kill in between leaves a part: better no answer than a wrong one."""
    files.exit.write_text(text)

    assert supervision.exit_code(files) is None


def test_an_attempt_starts_once(files: AttemptFiles, program: Build) -> None:
    """The name is the lock: the second start is refused, whatever became of the first."""
    assert 0 == run(program("/bin/true"), files)

    with pytest.raises(FileExistsError):
        supervision.start(program("/bin/true"), files)


def test_who_looks_finds_it_running_and_later_ended(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """The lock tells, and carries the process id; no id is trusted that nobody stands for."""
    os.mkfifo(tmp_path / "fifo")
    child = supervision.start(program(*HOLD), files)

    assert child.pid == supervision.running(files)

    (tmp_path / "fifo").write_text("go on\n")
    child.wait()
    assert supervision.running(files) is None


def test_a_process_id_without_a_holder_means_nothing(files: AttemptFiles) -> None:
    """After a restart of the machine the id belongs to somebody else."""
    files.lock.write_text(f"{os.getpid()}\n")

    assert supervision.running(files) is None


def test_the_program_does_not_hold_the_lock(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """What escapes into the background does not make the attempt look alive."""
    escape = "setsid /bin/sh -c 'echo $$ > pid; read line < fifo' & until test -s pid; do :; done"
    os.mkfifo(tmp_path / "fifo")

    assert 0 == run(program("/bin/sh", "-c", escape), files)
    assert supervision.running(files) is None
    (tmp_path / "fifo").write_text("go on\n")


def test_what_it_leaves_in_the_background_ends_with_it(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """The program is over when its first process is, as in a container."""
    left = "sleep 600 & echo $! > pid"

    assert 0 == run(program("/bin/sh", "-c", left), files)
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Wait for the end of a process that is being killed; False if it goes on."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_all_bytes_arrive_as_arguments(files: AttemptFiles, program: Build, tmp_path: Path) -> None:
    """The shell in between expands nothing and drops nothing."""
    bytewise = [os.fsdecode(bytes([value])) for value in range(1, 256)]
    hostile = [
        "",
        " ",
        "$(id)",
        "`id`",
        "${HOME}",
        "a\nb\n",
        "*",
        "~",
        "--",
        "-n",
        "\\n",
        "'\"",
        "!x",
    ]
    arguments = [*hostile, *bytewise, "".join(bytewise)]

    assert 0 == run(program(sys.executable, "-S", "-c", COPY_ARGUMENTS, *arguments), files)
    got = (tmp_path / "got").read_bytes().split(b"\0")
    assert [os.fsencode(each) for each in arguments] == got


def test_all_bytes_arrive_as_variables(files: AttemptFiles, program: Build, tmp_path: Path) -> None:
    """Values of any bytes but NUL, under any name that a shell takes."""
    values = {f"V{value}": os.fsdecode(bytes([value, value])) for value in range(1, 256)}
    code = (
        "import os; open('got', 'wb').write(b'\\0'.join(b'='.join(i) for i in os.environb.items()))"
    )

    assert 0 == run(program(sys.executable, "-S", "-c", code, **values), files)
    got = dict(line.split(b"=", 1) for line in (tmp_path / "got").read_bytes().split(b"\0"))
    assert {name: os.fsencode(value) for name, value in values.items()} == {
        name: got[name.encode()] for name in values
    }


def test_a_thousand_hostile_parameters_arrive(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """HEADRACE_PARAMS is data on its whole way."""
    pieces = [
        "$(id)",
        "`id`",
        "${x}",
        "{{x}}",
        "';--",
        '"',
        "\\",
        "\n",
        "\r",
        "\t",
        "\u202e",
        "日本",
        "%s",
    ]
    hostile = {f"p{n}": "".join(pieces[(n >> k) % 13] for k in range(6)) for n in range(1000)}
    text = json.dumps(hostile, ensure_ascii=False)
    code = "import os; open('got', 'wb').write(os.environb[b'HEADRACE_PARAMS'])"

    assert 0 == run(program(sys.executable, "-S", "-c", code, HEADRACE_PARAMS=text), files)
    assert text.encode() == (tmp_path / "got").read_bytes()


def test_both_streams_go_into_one_log(files: AttemptFiles, program: Build) -> None:
    """In the order in which they were written."""
    run(program("/bin/sh", "-c", "echo one; echo two >&2; echo three"), files)

    assert "one\ntwo\nthree\n" == files.log.read_text()


def test_nothing_can_be_read_from_standard_input(files: AttemptFiles, program: Build) -> None:
    """A program that asks a question gets no answer, and does not wait for one."""
    assert 1 == run(program("/bin/sh", "-c", "read line"), files)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("/bin/true", "a\0b"), id="a character that no argument can have"),
        pytest.param(("/bin/true", "x" * 200_000), id="an argument that is too long"),
    ],
)
def test_what_cannot_be_started_is_told(
    files: AttemptFiles, program: Build, arguments: tuple[str, ...]
) -> None:
    """It is an error of the attempt, not of the runner."""
    with pytest.raises(CannotStartError, match="cannot be started"):
        supervision.start(program(*arguments), files)
    assert supervision.running(files) is None


def test_what_the_shell_says_names_headrace(files: AttemptFiles, program: Build) -> None:
    """A program that vanished: the log says who could not start it, and names no file of ours."""
    assert 127 == run(program("/nowhere/load"), files)

    assert files.log.read_text().startswith("headrace: ")
    assert files.exit.name not in files.log.read_text()


def test_the_program_gets_its_arguments_and_variables_alone(
    files: AttemptFiles, program: Build, tmp_path: Path
) -> None:
    """Nothing that the shell in between needs for itself."""
    show = "import os, sys; open('got', 'w').write(repr((sys.argv[1:], sorted(os.environ))))"

    assert 0 == run(program(sys.executable, "-c", show, "", "a b"), files)

    arguments, variables = ast.literal_eval((tmp_path / "got").read_text())
    assert ["", "a b"] == arguments
    assert set(variables) <= {"PATH", "PWD", "LC_CTYPE", "OLDPWD", "SHLVL", "_"}
