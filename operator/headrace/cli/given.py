"""
From text on a command line to values: parameters, instants, interpreters.

Knows the types of parameters. The engine decides whether a value is allowed.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from headrace.api.checks.instants import FIRST_YEAR, LAST_YEAR, read_time
from headrace.api.checks.param_kinds import PYTHON_TYPES, Declared, Known, Value
from headrace.cli.input import InputError
from headrace.engine.definition.params import InvalidParamsError, resolve
from headrace.views.objects import entries, field, text

_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}
_LONGEST: Final = 80
"""How many characters of a wrong value are shown."""
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,19}")
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**63 - 1


def _integer(words: str) -> int:
    """Read a number as a manifest could hold it: ASCII digits, 64 bits."""
    if _DIGITS.fullmatch(words) is None or not _SMALLEST <= int(words) <= _LARGEST:
        raise ValueError
    return int(words)


def _boolean(words: str) -> bool:
    return _TRUTH[words.lower()]


_READERS: Final[Mapping[str, tuple[Callable[[str], Value], str]]] = {
    "String": (str, "text"),
    "Integer": (_integer, "a whole number of at most 64 bits"),
    "Boolean": (_boolean, "true or false"),
}


def params(declared: Sequence[Declared], given: Iterable[str]) -> dict[str, Value]:
    """
    Read `name=value` texts as values of declared parameters.

    Raises:
        InputError: A text cannot be read, or does not fit the workflow.

    """
    known = {param.name: param for param in declared}
    values: dict[str, Value] = {}
    wrong: list[str] = []
    for each in given:
        name, separator, value = each.partition("=")
        param = known.get(name, Known("unknown"))
        if not separator:
            wrong.append(f"--param {each}: write it as name=value")
        elif name in values:
            wrong.append(f"--param {name}: is listed twice; keep one")
        else:
            try:
                values[name] = _read(param.type, value)
            except (ValueError, KeyError):
                wrong.append(f"--param {name}: {_short(value)} is not {_READERS[param.type][1]}")
                values[name] = stand_in(param)
    missing = [param for param in declared if param.default is None and param.name not in values]
    wrong.extend(_ask(param) for param in missing)
    try:
        resolve(declared, {**{param.name: stand_in(param) for param in missing}, **values})
    except InvalidParamsError as error:
        wrong.extend(f"--param: {problem}" for problem in error.problems)
    if wrong:
        raise InputError(*wrong)
    return values


def manifest(values: Mapping[str, Value]) -> list[dict[str, Value]]:
    """Return values as a manifest has them."""
    return [{"name": name, "value": value} for name, value in values.items()]


def declared(written: Iterable[Any]) -> list[Known]:
    """Return the parameters of a definition that the API server has checked already."""
    return [
        Known(
            text(each, "name"),
            text(each, "type") or "String",
            field(each, "default"),
            tuple(entries(each, "enum")),
        )
        for each in written
    ]


def instant(written: str | None, option: str = "--logical-time") -> datetime | None:
    """
    Read an RFC 3339 instant, the value of an option.

    Raises:
        InputError: The text is no instant, or has no time zone.

    """
    if written is None:
        return None
    try:
        return read_time(written)
    except ValueError:
        raise InputError(f"{option}: {written!r} {_misfit(written)}") from None


def _misfit(written: str) -> str:
    """Say why a text is no instant of the API, and the cure."""
    try:
        given = datetime.fromisoformat(written)
    except ValueError:
        given = None
    if given is not None and given.tzinfo is None:
        return "has no time zone; add Z or +01:00"
    if given is not None and not FIRST_YEAR <= given.year <= LAST_YEAR:
        return f"is too far away; give a time in the years {FIRST_YEAR} to {LAST_YEAR}"
    return "is no instant; write it as 2030-01-31T02:30:00Z"


def interpreter(written: str) -> Path:
    """
    Return the Python interpreter of a path: the file itself, or that of a virtual environment.

    Raises:
        InputError: There is no interpreter.

    """
    path = Path(written).absolute()
    if path.is_dir():
        path = path / "bin" / "python"
    if not os.access(path, os.X_OK):
        raise InputError(
            f"--python: {path} cannot be run; name an interpreter or a virtual environment"
        )
    return path


def _ask(param: Declared) -> str:
    """Say that a value is missing, and how to give one."""
    allowed = f", one of: {', '.join(map(str, param.enum))}" if param.enum else ""
    what = _READERS[param.type][1]
    return f"--param {param.name}=…: it has no default; give it a value ({what}{allowed})"


def _short(words: str) -> str:
    """Return a text in quotes, shortened."""
    return repr(words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…")


def _read(kind: str, words: str) -> Value:
    words.encode()  # bytes that are no UTF-8 cannot be a JSON value
    return _READERS[kind][0](words)


def stand_in(param: Declared) -> Value:
    """Return a value that fits, so that the other problems are reported too."""
    return param.enum[0] if param.enum else PYTHON_TYPES[param.type]()
