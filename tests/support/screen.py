"""A terminal of a test: a program draws on it, and the test reads what somebody would see."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 30
_PROGRAM = (sys.executable, "-c", "from headrace.cli.main import main; main()")
_PIECE = re.compile(r"\x1b\[(?P<given>[?0-9;]*)(?P<code>[A-Za-z])|(?P<text>[^\x1b])", re.DOTALL)


@dataclass
class Screen:
    """The few things of a terminal that our commands use; anything else fails the test."""

    width: int
    height: int
    other: bool = False
    """Whether the other screen is shown, which leaves no trace."""
    cursor: bool = True
    wraps: bool = True
    kept: list[str] = field(default_factory=list)
    """The lines of the usual screen."""
    _lines: list[str] = field(default_factory=list)
    _row: int = 0
    _column: int = 0
    _rest: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines that somebody sees now."""
        return [line.rstrip() for line in (self._lines if self.other else self.kept)]

    def draw(self, text: str) -> None:
        """Draw what a program has written. A piece of a sequence waits for its rest."""
        text = self._rest + text
        begun = re.search(r"\x1b(\[[?0-9;]*)?$", text)
        self._rest = begun.group() if begun else ""
        for piece in _PIECE.finditer(text[: len(text) - len(self._rest)]):
            if piece["code"]:
                self._obey(piece["code"], piece["given"])
            else:
                self._put(piece["text"])

    def _obey(self, code: str, given: str) -> None:
        match code, given:
            case (("h" | "l"), "?1049"):
                self.other = code == "h"
                self._lines, self._row, self._column = [], 0, 0
            case (("h" | "l"), "?25"):
                self.cursor = code == "h"
            case (("h" | "l"), "?7"):
                self.wraps = code == "h"
            case "H", "":
                self._row = self._column = 0
            case "K", "":
                self._line(self._line()[: self._column])
            case "J", "":
                self._line(self._line()[: self._column])
                del self._lines[self._row + 1 :]
            case "m", _:
                pass  # a colour
            case _:
                raise AssertionError(f"no terminal of a test knows ESC [ {given} {code}")

    def _put(self, letter: str) -> None:
        if not self.other:
            self._keep(letter)
        elif letter == "\n":
            self._row += 1
            assert self._row < self.height, "the table is higher than the screen"
        elif letter == "\r":
            self._column = 0
        elif self._column < self.width:
            line = self._line().ljust(self._column)
            self._line(line[: self._column] + letter + line[self._column + 1 :])
            self._column += 1
        else:
            assert not self.wraps, "a long line moves the ones below it"

    def _keep(self, letter: str) -> None:
        if letter == "\n":
            self.kept.append("")
        elif letter != "\r":
            self.kept[-1:] = [f"{self.kept[-1] if self.kept else ''}{letter}"]

    def _line(self, new: str | None = None) -> str:
        while len(self._lines) <= self._row:
            self._lines.append("")
        if new is not None:
            self._lines[self._row] = new
        return self._lines[self._row]


class Terminal:
    """A command at a terminal of this size."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = Screen(width, height)
        self._ours, self._theirs = pty.openpty()
        self.resize(width, height)
        self._process: asyncio.subprocess.Process | None = None
        self._drawn = asyncio.Event()

    async def start(self, *words: str, **environ: str) -> None:
        """Type a command."""
        variables = {name: value for name, value in os.environ.items() if name not in _SIZES}
        options: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), self._theirs)
        self._process = await asyncio.create_subprocess_exec(
            *_PROGRAM,
            *words,
            **options,
            env={**variables, "TERM": "xterm", **environ},
            preexec_fn=_takes_the_terminal,
        )
        os.close(self._theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.screen.width, self.screen.height = width, height
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    async def shows(self, pattern: str) -> list[str]:
        """Wait until a line looks like this; return all lines."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any(re.search(pattern, line) for line in self.screen.lines):
                self._drawn.clear()
                await self._drawn.wait()
        return self.screen.lines

    async def ended(self) -> int:
        """Wait for the end of the command; return its exit code."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._process.wait()
        await asyncio.sleep(0)
        self._read()
        return code

    def _read(self) -> None:
        try:
            drawn = os.read(self._ours, 1 << 20)
        except OSError:  # Linux says so when the other side is closed
            asyncio.get_running_loop().remove_reader(self._ours)
            return
        self.screen.draw(drawn.decode())
        self._drawn.set()


_SIZES = frozenset({"COLUMNS", "LINES", "NO_COLOR"})


def _takes_the_terminal() -> None:
    """Make the terminal the one of the process, so that Ctrl-C reaches it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests in the background would ignore it
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
