"""
From text on a command line to values: parameters, instants, interpreters.

Knows the types of parameters. The engine decides whether a value is allowed.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from headrace.api.checks.instants import FIRST_YEAR, LAST_YEAR, read_time
from headrace.api.v1alpha1.params import PYTHON_TYPES, Param, ParamType
from headrace.cli.input import InputError
from headrace.engine.definition.params import InvalidParamsError, resolve

Value = bool | int | str

_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}
_LONGEST: Final = 80
"""How many characters of a wrong value are shown."""
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,19}")
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**63 - 1


def _integer(text: str) -> int:
    """Read a number as a manifest could hold it: ASCII digits, 64 bits."""
    if _DIGITS.fullmatch(text) is None or not _SMALLEST <= int(text) <= _LARGEST:
        raise ValueError
    return int(text)


def _boolean(text: str) -> bool:
    return _TRUTH[text.lower()]


_READERS: Final[Mapping[ParamType, tuple[Callable[[str], Value], str]]] = {
    ParamType.STRING: (str, "text"),
    ParamType.INTEGER: (_integer, "a whole number of at most 64 bits"),
    ParamType.BOOLEAN: (_boolean, "true or false"),
}


def params(declared: Sequence[Param], given: Iterable[str]) -> dict[str, Value]:
    """
    Read `name=value` texts as values of declared parameters.

    Raises:
        InputError: A text cannot be read, or does not fit the workflow.

    """
    known = {param.name: param for param in declared}
    values: dict[str, Value] = {}
    wrong: list[str] = []
    for text in given:
        name, separator, value = text.partition("=")
        param = known.get(name, Param(name="unknown"))
        if not separator:
            wrong.append(f"--param {text}: write it as name=value")
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


def instant(text: str | None, option: str = "--logical-time") -> datetime | None:
    """
    Read an RFC 3339 instant, the value of an option.

    Raises:
        InputError: The text is no instant, or has no time zone.

    """
    if text is None:
        return None
    try:
        return read_time(text)
    except ValueError:
        raise InputError(f"{option}: {text!r} {_misfit(text)}") from None


def _misfit(text: str) -> str:
    """Say why a text is no instant of the API, and the cure."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        given = None
    if given is not None and given.tzinfo is None:
        return "has no time zone; add Z or +01:00"
    if given is not None and not FIRST_YEAR <= given.year <= LAST_YEAR:
        return f"is too far away; give a time in the years {FIRST_YEAR} to {LAST_YEAR}"
    return "is no instant; write it as 2030-01-31T02:30:00Z"


def interpreter(text: str) -> Path:
    """
    Return the Python interpreter of a path: the file itself, or that of a virtual environment.

    Raises:
        InputError: There is no interpreter.

    """
    path = Path(text).absolute()
    if path.is_dir():
        path = path / "bin" / "python"
    if not os.access(path, os.X_OK):
        raise InputError(
            f"--python: {path} cannot be run; name an interpreter or a virtual environment"
        )
    return path


def _ask(param: Param) -> str:
    """Say that a value is missing, and how to give one."""
    allowed = f", one of: {', '.join(map(str, param.enum))}" if param.enum else ""
    what = _READERS[param.type][1]
    return f"--param {param.name}=…: it has no default; give it a value ({what}{allowed})"


def _short(text: str) -> str:
    """Return a text in quotes, shortened."""
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _read(kind: ParamType, text: str) -> Value:
    text.encode()  # bytes that are no UTF-8 cannot be a JSON value
    return _READERS[kind][0](text)


def stand_in(param: Param) -> Value:
    """Return a value that fits, so that the other problems are reported too."""
    return param.enum[0] if param.enum else PYTHON_TYPES[param.type]()
