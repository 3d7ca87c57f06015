"""
Functions of texts, as the strings extension of CEL defines them.

From https://pkg.go.dev/github.com/google/cel-go/ext#Strings. Positions count characters, from 0.
"""

import re
import string
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from headrace.engine.definition.expressions.functions.function import (
    Function,
    Kind,
    bounded_text,
    texts,
)

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LARGE = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_CLAUSE = re.compile(r"%(?:(%)|(?:\.(\d{1,2}))?([sdfexXbo]))")


def _char_at(text: str, position: int) -> str:
    _within(text, position)
    return text[position : position + 1]


def _within(text: str, *positions: int) -> None:
    for position in positions:
        if not 0 <= position <= len(text):
            raise ValueError(f"position {position} is not within {len(text)} characters")


def _index_of(text: str, part: str, first: int = 0) -> int:
    _within(text, first)
    return text.find(part, first)


def _last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


def _last_index_until(text: str, part: str, last: int) -> int:
    _within(text, last)
    return text.rfind(part, 0, last + len(part))


def _lower(text: str) -> str:
    return text.translate(_SMALL)


def _upper(text: str) -> str:
    return text.translate(_LARGE)


def _replace(text: str, old: str, new: str, most: int = -1) -> str:
    places = text.count(old) if most < 0 else min(most, text.count(old))
    bounded_text(len(text) + places * (len(new) - len(old)))
    return text.replace(old, new, places)


def _split(text: str, mark: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if not mark:
        pieces = list(text)
        return pieces if most < 0 else [*pieces[: most - 1], text[most - 1 :]][:most]
    return text.split(mark, most - 1 if most > 0 else -1)


def _join(parts: Sequence[Any], mark: str = "") -> str:
    pieces = texts(parts)
    bounded_text(sum(map(len, pieces)) + len(mark) * max(0, len(pieces) - 1))
    return mark.join(pieces)


def _substring(text: str, first: int, last: int | None = None) -> str:
    end = len(text) if last is None else last
    _within(text, first, end)
    if first > end:
        raise ValueError(f"position {first} comes after position {end}")
    return text[first:end]


def _reverse(text: str) -> str:
    return text[::-1]


def _format(text: str, values: Sequence[Any]) -> str:
    rest = iter(values)
    pieces: list[str] = []
    at = length = 0
    while (percent := text.find("%", at)) >= 0:
        clause = _CLAUSE.match(text, percent)
        if clause is None:
            raise ValueError(f"{text[percent : percent + 3]!r} is no clause of a format")
        piece = "%" if clause[1] else _clause(clause, rest)
        pieces += (text[at:percent], piece)
        length += len(pieces[-2]) + len(piece)
        bounded_text(length)
        at = clause.end()
    left = len(list(islice(rest, 1)))
    if left:
        raise ValueError("the format has fewer clauses than the list has values")
    pieces.append(text[at:])
    return "".join(pieces)


def _clause(clause: "re.Match[str]", values: Any) -> str:
    value = next(values, values)
    if value is values:
        raise ValueError("the format has more clauses than the list has values")
    kind, digits = clause[3], clause[2]
    wanted, write = _CLAUSES[kind]
    if type(value) not in wanted:
        raise ValueError(f"%{kind} cannot write {value!r}; use %s with string(…)")
    return write(value, int(digits) if digits else 6)


_CLAUSES: dict[str, tuple[tuple[type, ...], Callable[[Any, int], str]]] = {
    "s": ((str, int, bool), lambda value, _: _plain(value)),
    "d": ((int,), lambda value, _: f"{value:d}"),
    "f": ((float, int), lambda value, digits: f"{value:.{digits}f}"),
    "e": ((float, int), lambda value, digits: f"{value:.{digits}e}"),
    "x": ((int,), lambda value, _: f"{value:x}"),
    "X": ((int,), lambda value, _: f"{value:X}"),
    "b": ((int, bool), lambda value, _: f"{value:b}"),
    "o": ((int,), lambda value, _: f"{value:o}"),
}
"""By letter: the types that it writes, and how."""


def _plain(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_TEXT, _INT = Kind.STRING, Kind.INT


def _method(name: str, result: Kind, call: Callable[..., Any], *more: Kind) -> Function:
    return Function(name, result, (_TEXT, *more), call, method=True)


STRINGS = (
    _method("charAt", _TEXT, _char_at, _INT),
    _method("indexOf", _INT, _index_of, _TEXT),
    _method("indexOf", _INT, _index_of, _TEXT, _INT),
    _method("lastIndexOf", _INT, _last_index_of, _TEXT),
    _method("lastIndexOf", _INT, _last_index_until, _TEXT, _INT),
    _method("lowerAscii", _TEXT, _lower),
    _method("upperAscii", _TEXT, _upper),
    _method("replace", _TEXT, _replace, _TEXT, _TEXT),
    _method("replace", _TEXT, _replace, _TEXT, _TEXT, _INT),
    _method("split", Kind.STRINGS, _split, _TEXT),
    _method("split", Kind.STRINGS, _split, _TEXT, _INT),
    _method("substring", _TEXT, _substring, _INT),
    _method("substring", _TEXT, _substring, _INT, _INT),
    _method("trim", _TEXT, str.strip),
    _method("reverse", _TEXT, _reverse),
    _method("format", _TEXT, _format, Kind.LIST),
    Function("join", _TEXT, (Kind.LIST,), _join, method=True),
    Function("join", _TEXT, (Kind.LIST, _TEXT), _join, method=True),
)
