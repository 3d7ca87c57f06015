"""Running programs: `tools.cluster.commands`."""

import sys
from pathlib import Path

import pytest

from tools.cluster.commands import CommandFailedError, run, succeeds, wait_until
from tools.cluster.failure import ClusterError


def test_output_and_input_are_text() -> None:
    """What the program reads is given, what it writes is returned."""
    upper = "import sys; print(sys.stdin.read().upper())"
    assert run(sys.executable, "-c", upper, stdin="ä") == "Ä\n"


def test_a_failure_tells_command_code_and_last_words() -> None:
    """The reader sees what to repeat by hand."""
    fails = "import sys; print(*range(99), sep='\\n', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailedError, match=r"ended with exit code 3:\n84\n[\d\n]*98$"):
        run(sys.executable, "-c", fails)


def test_a_program_that_is_not_there_is_named() -> None:
    """No traceback of the standard library reaches the user."""
    with pytest.raises(CommandFailedError, match="no-such-program: No such file"):
        run("no-such-program")
    assert not succeeds("no-such-program")


def test_variables_come_on_top_of_our_own(tmp_path: Path) -> None:
    """The program is looked for on the PATH that it is given."""
    program = tmp_path / "say"
    program.write_text("#!/bin/sh\necho $WORD\n")
    program.chmod(0o755)
    said = run("say", environ={"PATH": f"{tmp_path}:/usr/bin:/bin", "WORD": "yes"})
    assert said == "yes\n"


def test_waiting_ends_with_what_was_waited_for() -> None:
    """What never holds is told by its name."""
    with pytest.raises(ClusterError, match="the moon is green: not so after 0 seconds"):
        wait_until("the moon is green", lambda: False, seconds=0.0, every=0.0)
