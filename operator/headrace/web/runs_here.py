"""
A run of this machine that somebody begins on the page, in a process that outlives the server.

It is `headrace run` or `headrace rerun`, which say what they cannot do. Knows processes; judges
nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headrace.cli.window.exits import WindowError
from headrace.cli.window.laptop import LaptopSource
from headrace.local.held import holder
from headrace.views.objects import name

_PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()")
_PATIENCE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.05
_WORDS: Final = 2000


def begin(source: LaptopSource, words: Sequence[str], state: Path) -> str:
    """
    Begin a run; return its name as soon as it exists.

    Args:
        source: Where the run will be.
        words: The words of the command.
        state: The folder of state.

    Raises:
        WindowError: It does not begin; the message is the command's own.

    """
    before = _names(source)
    handle, log = tempfile.mkstemp(prefix="ui-", suffix=".log", dir=source.stored.folder.root)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*_PROGRAM, *words, f"--state={state}", "--plain"],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends the server, and no run
        )
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            over = process.poll() is not None
            made = _made(source, _names(source) - before, process.pid, over=over)
            if made:
                return made
            if over:
                said = Path(log).read_text(errors="replace").strip()
                raise WindowError(said[-_WORDS:] or "the run ended at once")
            time.sleep(_LOOK_SECONDS)
    finally:
        os.close(handle)
        Path(log).unlink()  # the process keeps writing to it, and nobody reads that
    raise WindowError("the run has not begun yet; headrace list --local shows it then")


def _made(source: LaptopSource, new: set[str], process: int, *, over: bool) -> str | None:
    """Return the new run that a process holds; once it is over, the only one that nobody holds."""
    holders = {each: holder(source.stored.folder, each) for each in sorted(new)}
    wanted = None if over else str(process)
    return next((each for each, held in holders.items() if held == wanted), None)


def _names(source: LaptopSource) -> set[str]:
    return {name(run) for run in source.stored.runs()}
