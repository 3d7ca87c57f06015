"""
Words for people: counts, paths, and harmless forms of text from programs.

Knows no run, no task and no terminal.
"""

import re
from pathlib import Path
from typing import Final

# Characters that move the cursor, change colours or a window's title, or reverse the order of
# letters (https://unicode.org/reports/tr9/#Directional_Formatting_Characters) are made harmless
# here.
_CONTROL: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b."
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_BREAKS: Final = re.compile(r"\s*[\t\r\n\v\f\x85\u2028\u2029]\s*")


def counted(number: int, thing: str) -> str:
    """Write a number of things: `1 task`, `2 tasks`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def harmless(text: str) -> str:
    """Return a text that is harmless to a terminal."""
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """Return a text as one line that is harmless to a terminal."""
    return harmless(_BREAKS.sub(" ", text.strip()))


def near(path: Path) -> str:
    """Write a path relative to the current folder, if that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # it is elsewhere, or the current folder is gone
        return str(path)
