"""
The rerun of a run of this machine, in a process that outlives the server.

It is `headrace rerun`, which says what it cannot do. Knows processes; judges nothing.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headrace.cli.window.exits import WindowError
from headrace.cli.window.laptop import LaptopSource
from headrace.local.folder import StateFolder
from headrace.views.objects import name, text

_PROGRAM: Final = (sys.executable, "-c", "from headrace.cli.main import main; main()")
_PATIENCE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.05
_WORDS: Final = 2000


def begin_rerun(source: LaptopSource, run: str, words: Sequence[str], state: Path) -> str:
    """
    Begin a rerun; return its name as soon as it exists.

    Raises:
        WindowError: It does not begin; the message is the command's own.

    """
    before = {name(item) for item in _repeats(source, run)}
    log = StateFolder(state.absolute()).database.with_name("ui-rerun.log")
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*_PROGRAM, *words, f"--state={state}", "--plain"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends the server, and no run
        )
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        made = [each for each in map(name, _repeats(source, run)) if each not in before]
        if made:
            return made[0]
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip()
            raise WindowError(said[-_WORDS:] or f"the rerun of {run} ended at once")
        time.sleep(_LOOK_SECONDS)
    raise WindowError(f"the rerun of {run} has not begun yet; headrace list --local shows it then")


def _repeats(source: LaptopSource, run: str) -> list[dict[str, object]]:
    runs = source.stored.runs()
    return [item for item in runs if text(item, "spec", "rerunOf", "name") == run]
