"""
The forms in which commands print objects: a table, JSON, YAML, or names.

Knows forms and colours. The columns come from `headrace.views`.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import click

from headrace.cli.streams import tell
from headrace.cli.words import harmless
from headrace.kube.resources import Resource
from headrace.views.columns import NAMESPACE, Column
from headrace.views.objects import Object, field, name
from headrace.views.table import Cell, Row, aligned, rows, shown
from headrace.views.tones import Tone

F = TypeVar("F", bound=Callable[..., Any])

TABLE, WIDE, JSON, YAML, NAME = "table", "wide", "json", "yaml", "name"

_COLOURS: Final[Mapping[Tone, str]] = {
    Tone.WAITING: "2",
    Tone.BUSY: "36",
    Tone.TROUBLE: "33",
    Tone.GOOD: "32",
    Tone.BAD: "1;31",
    Tone.OFF: "2",
}


def output(command: F) -> F:
    """Give a command `-o`."""
    option = click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice([TABLE, WIDE, JSON, YAML, NAME]),
        default=TABLE,
        help="How to print.",
    )
    return option(command)


def printing(command: F) -> F:
    """Give a command that changes something `--print`."""
    option = click.option(
        "--print",
        "show_only",
        is_flag=True,
        help="Print the kubectl command or manifest that does the same, and change nothing.",
    )
    return option(command)


def is_table(form: str) -> bool:
    """Return whether a form is for people."""
    return form in {TABLE, WIDE}


def put_list(  # noqa: PLR0913 - what to print, and how
    items: Sequence[Object],
    kind: Resource,
    form: str,
    columns: Iterable[Column],
    now: datetime,
    *,
    everywhere: bool = False,
) -> None:
    """Print objects."""
    if is_table(form):
        where = [NAMESPACE] if everywhere else []
        put_table(items, [*where, *shown(columns, wide=form == WIDE)], now)
    elif form == NAME:
        tell(f"{kind.kind.lower()}.{kind.group}/{name(item)}" for item in items)
    else:
        listed = [plain(item) for item in items]
        put_value({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": listed}, form)


def put_object(item: Object, kind: Resource, form: str) -> None:
    """Print one object as JSON, YAML or its name."""
    if form == NAME:
        tell([f"{kind.kind.lower()}.{kind.group}/{name(item)}"])
    else:
        put_value(plain(item), form)


def put_table(items: Sequence[Object], columns: Sequence[Column], now: datetime) -> None:
    """Print objects as a table, the state in the colour of its mood."""
    lines(table_lines([column.title for column in columns], rows(items, columns, now)))


def table_lines(titles: Sequence[str], body: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table, with colours where they are wanted."""
    colour = coloured()
    for number, line in enumerate(aligned(titles, body)):
        yield "".join(_painted(cell, dim=number == 0, colour=colour) for cell in line).rstrip()


def lines(text_lines: Iterable[str]) -> None:
    """Print lines that are harmless already, besides our own colours."""
    try:
        for line in text_lines:
            click.echo(line, color=True)
    except BrokenPipeError:
        sys.stdout = None  # the reader has left, as `head` does


def put_value(value: Any, form: str) -> None:
    """Print a value as JSON or YAML, as kubectl does."""
    if form == JSON:
        tell(json.dumps(value, indent=4, ensure_ascii=False).splitlines())
        return
    tell(as_yaml(value).splitlines())


def as_yaml(value: Any) -> str:
    """Write a value as YAML."""
    import yaml  # noqa: PLC0415 - slow to load, and often not needed

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    written: str = yaml.dump(
        value, Dumper=dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    return written


def plain(item: Object) -> dict[str, Any]:
    """Return an object without the accounts of who wrote which field, as kubectl shows it."""
    metadata = field(item, "metadata") or {}
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**item, "metadata": kept}


def coloured() -> bool:
    """Return whether standard output shows colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def painted(words: str, tone: Tone) -> str:
    """Return words in the colour of a mood, if there are colours."""
    return _painted(Cell(words, tone), dim=False, colour=coloured())


def _painted(cell: Cell, *, dim: bool, colour: bool) -> str:
    safe = harmless(cell.text)
    code = "2" if dim else _COLOURS.get(cell.tone) if cell.tone else None
    if not colour or code is None:
        return safe
    return f"\x1b[{code}m{safe}\x1b[0m"
