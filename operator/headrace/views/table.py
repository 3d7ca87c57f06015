"""
Rows of text in columns that stand under each other.

Knows widths. Knows no object, no terminal and no colours.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from headrace.views.columns import Column
from headrace.views.objects import Object
from headrace.views.tones import Tone, tone

_GAP = "   "
_LONGEST = 60
"""A cell is not wider, unless it is the last one: a question may have thousands of characters."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text on one line, and its mood if it has a colour."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one object."""

    cells: tuple[Cell, ...]


def rows(items: Iterable[Object], columns: Sequence[Column], now: datetime) -> list[Row]:
    """Return one row for each object."""
    return [
        Row(
            tuple(
                Cell(_one_line(column.cell(item, now)), tone(item) if column.toned else None)
                for column in columns
            )
        )
        for item in items
    ]


def shown(columns: Iterable[Column], *, wide: bool) -> list[Column]:
    """Return the columns to show."""
    return [column for column in columns if wide or not column.wide]


def aligned(titles: Sequence[str], body: Sequence[Row]) -> list[list[Cell]]:
    """
    Return the lines of a table: its head and its rows, each cell padded to the column's width.

    A column is as wide as its widest cell. The last one is not padded.
    """
    lines = [[Cell(title) for title in titles], *([*row.cells] for row in body)]
    last = len(titles) - 1
    cut = [
        [
            cell if place == last else Cell(_clipped(cell.text), cell.tone)
            for place, cell in enumerate(line)
        ]
        for line in lines
    ]
    widths = [max(_width(line[place].text) for line in cut) for place in range(last)]
    return [
        [
            Cell(_padded(cell.text, widths[place]) + _GAP if place < last else cell.text, cell.tone)
            for place, cell in enumerate(line)
        ]
        for line in cut
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split()) if not text.isprintable() or "  " in text else text


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _width(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
