"""`headrace run` asks people: at a terminal, ahead on the command line, or not at all."""

import os
import pty
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from support.local_run import HOLD, Bench, sh, until

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
DEPLOY = sh("deploy", dependsOn=["ask"])


def ask(**fields: Any) -> dict[str, Any]:
    """Return a task that asks."""
    return {"name": "ask", "approval": {"message": "Deploy?", **fields}}


class Terminal:
    """A run of the workflow on a terminal of its own."""

    def __init__(self, bench: Bench, *words: str, term: str = "xterm") -> None:
        self.drawn = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(bench.folder)
            variables = {**os.environ, "TERM": term, "COLUMNS": "120", "LINES": "30"}
            os.execve(sys.executable, [*bench.command(), *words], variables)  # noqa: S606 - no shell is wanted

    def until(self, text: str) -> None:
        """Read until a text was shown."""
        while text not in ESCAPES.sub("", self.drawn):
            chunk = self._read()
            assert chunk, f"{text!r} was not shown, but: {self.drawn}"
            self.drawn += chunk.decode()

    def types(self, line: bytes) -> None:
        """Let somebody type."""
        os.write(self._terminal, line)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self._pid, number)

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while chunk := self._read():
            self.drawn += chunk.decode()
        os.close(self._terminal)
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bytes:
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # Linux says so when the other side is closed
            return b""


@pytest.mark.parametrize("term", ["xterm", "dumb"], ids=["a table", "lines"])
def test_somebody_at_a_terminal_is_asked(bench: Bench, term: str) -> None:
    """With the choices; what is no choice is asked again, and a comment is kept."""
    bench.write(ask(), DEPLOY)
    terminal = Terminal(bench, term=term)
    terminal.until("answer with a word or its number")
    terminal.types(b"perhaps\n")
    terminal.until("answer approve or reject, or its number")
    terminal.types(b"1 looks good\n")
    assert 0 == terminal.end()
    outputs = bench.log_of("ask").outputs or {}
    assert ("approve", "looks good") == (outputs["choice"], outputs["comment"])
    assert Outcome.SUCCEEDED == bench.log_of("deploy").outcome


def test_two_questions_are_asked_one_after_the_other(bench: Bench) -> None:
    """Each answer goes to the question that was shown."""
    bench.write(ask(), {"name": "other", "approval": {"message": "And now?", "failOn": []}})
    terminal = Terminal(bench)
    terminal.until("ask asks: Deploy?")
    terminal.types(b"approve\n")
    terminal.until("other asks: And now?")
    terminal.types(b"reject\n")
    assert 0 == terminal.end()
    choices = [(bench.log_of(task).outputs or {})["choice"] for task in ("ask", "other")]
    assert ["approve", "reject"] == choices


def control_c(terminal: Terminal) -> None:
    terminal.types(b"\x03")


def terminate(terminal: Terminal) -> None:
    terminal.send(signal.SIGTERM)


@pytest.mark.parametrize("how", [control_c, terminate])
def test_a_run_can_be_cancelled_while_it_asks(
    bench: Bench, how: Callable[[Terminal], None]
) -> None:
    """As at any other moment: the question is withdrawn, and `finally` tasks run."""
    bench.write(ask(), DEPLOY, last=[sh("tidy")])
    terminal = Terminal(bench)
    terminal.until("answer with a word or its number")
    how(terminal)
    assert 1 == terminal.end()
    assert Outcome.CANCELLED == bench.log_of("ask").outcome
    assert Outcome.SUCCEEDED == bench.log_of("tidy").outcome


def test_a_terminal_without_more_to_say_leaves_the_run(bench: Bench) -> None:
    """Ctrl-D: nobody will answer, so the run stops, and can be resumed with the answer."""
    bench.write(ask(), DEPLOY)
    terminal = Terminal(bench)
    terminal.until("answer with a word or its number")
    terminal.types(b"\x04")
    assert 1 == terminal.end()
    said = " ".join(ESCAPES.sub("", terminal.drawn).split())
    assert "--resume --approve ask=approve (or reject)" in said
    assert 0 == bench.run("--resume", "--approve", "ask=approve").code
    assert Outcome.SUCCEEDED == bench.log_of("deploy").outcome


def test_without_a_terminal_a_run_goes_as_far_as_it_can(bench: Bench) -> None:
    """Then it says what to type, and ends; what was typed is kept when it goes on."""
    bench.write(sh("beside", "sleep 0.3"), ask(), DEPLOY)
    left = bench.run()
    assert 1 == left.code
    assert "nobody can answer here" in left.out
    assert "--resume --approve ask=approve (or reject)" in left.out
    assert Reason.WAITING_FOR_APPROVAL == bench.log_of("ask").reason
    assert Outcome.SUCCEEDED == bench.log_of("beside").outcome
    assert 0 == bench.run("--resume", "--approve", "ask=approve").code
    assert Outcome.SUCCEEDED == bench.log_of("deploy").outcome


def test_an_answer_survives_the_runner(bench: Bench) -> None:
    """The run was killed after the answer: nobody is asked again."""
    bench.write(ask(), sh("slow", HOLD, dependsOn=["ask"]))
    terminal = Terminal(bench)
    terminal.until("answer with a word or its number")
    terminal.types(b"approve\n")
    until(lambda: bench.ran("slow"))
    terminal.send(signal.SIGKILL)
    terminal.end()
    bench.let_go("slow")
    assert 0 == bench.run("--resume").code
    assert "approve" == (bench.log_of("ask").outputs or {})["choice"]


def test_a_deadline_holds_while_no_runner_runs(bench: Bench) -> None:
    """The time counts from the question, and a choice counts without an answer."""
    bench.write(ask(timeoutSeconds=1, onTimeout="approve"), DEPLOY)
    first = bench.run()
    assert first.code in (0, 1)  # A slow machine is at the deadline already.
    if first.code == 1:
        terminal = Terminal(bench, "--resume")
        assert 0 == terminal.end()
    assert "so approve counts" in bench.log_of("ask").message


def test_questions_take_no_slot(bench: Bench) -> None:
    """A program may run while somebody thinks."""
    bench.write(ask(), sh("beside"))
    bench.run("--max-parallel", "1")
    assert Outcome.SUCCEEDED == bench.log_of("beside").outcome


def test_a_wrong_answer_is_refused_before_anything_starts(bench: Bench) -> None:
    """With exit code 2, as any wrong input."""
    bench.write(sh("first"), ask())
    done = bench.run("--approve", "ask=perhaps")
    assert (2, True) == (done.code, "choose approve or reject" in done.err)
