"""`headrace run` on a terminal."""

import os
import pty
import re
import sys

from support.local_run import Bench, sh

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(bench: Bench, **environment: str) -> tuple[int, str]:
    """Run the workflow on a terminal of its own; return the exit code, and what was drawn."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(bench.folder)
        os.execve(sys.executable, bench.command(), {**os.environ, **environment})  # noqa: S606 - no shell is wanted
    drawn = b""
    while chunk := _read(terminal):
        drawn += chunk
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), drawn.decode()


def test_somebody_at_a_terminal_sees_a_table(bench: Bench) -> None:
    """It moves while the run goes on, and its last state stays, with the cursor below it."""
    bench.write(sh("extract"), sh("load", "exit 3", dependsOn=["extract"]))

    code, drawn = on_a_terminal(bench, TERM="xterm", COLUMNS="100", LINES="30")

    assert 1 == code
    assert "\x1b[?25h" in drawn, "the cursor is shown again"
    last = ESCAPES.sub("", drawn)[-900:]
    assert re.search(r"TASK +STATUS +ATTEMPTS +DURATION +MESSAGE", last)
    assert re.search(r"extract +Succeeded +1 +\d\.\ds", last)
    assert re.search(r"load +NonZeroExit +1 +\d\.\ds +ended with exit code 3", last)
    assert "failed after" in last.splitlines()[-1]


def test_a_terminal_without_a_cursor_gets_lines(bench: Bench) -> None:
    """TERM=dumb is what editors and CI logs say."""
    bench.write(sh("extract"))

    code, drawn = on_a_terminal(bench, TERM="dumb")

    assert 0 == code
    assert "\x1b" not in drawn
    assert "extract  started" in drawn


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the other side is closed
        return b""
