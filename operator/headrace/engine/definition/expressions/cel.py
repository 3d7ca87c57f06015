"""
The CEL library behind one small interface: parse, find the type, evaluate.

The only module that knows the library (docs/decisions/expression-language.md says why this one).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math

from headrace.engine.definition.expressions import tree_wire
from headrace.engine.definition.expressions.functions.function import Kind
from headrace.engine.definition.expressions.functions.table import FUNCTIONS
from headrace.engine.definition.expressions.tree import Node, Tree

DEFAULT = "default"
"""The function that evaluation replaces by a question: `has(value) ? value : fallback`."""

SORTED_KEYS = "@sorted_keys"
"""A function that evaluation puts into trees: nobody can write its name."""

PLACEHOLDERS: Mapping[str, str] = {
    "STRING": "_str",
    "INT": "_int",
    "BOOL": "_bool",
    "DOUBLE": "_num",
    "TIMESTAMP": "_time",
    "DYN": "_dyn",
}
"""By type: the name of a variable of the type, shorter than any path that it replaces."""

ROOTS: Mapping[str, str] = {
    "params": "DYN",
    "run": "DYN",
    "tasks": "DYN",
    "item": "DYN",
    "index": "INT",
    "payload": "DYN",
    "headers": "DYN",
}
"""The names that expressions may begin with, and their types."""

_KINDS: Mapping[Kind, cel.Type] = {
    Kind.BOOL: cel.Type.BOOL,
    Kind.INT: cel.Type.INT,
    Kind.STRING: cel.Type.STRING,
    Kind.TIMESTAMP: cel.Type.TIMESTAMP,
    Kind.LIST: cel.Type.List(cel.Type.DYN),
    Kind.STRINGS: cel.Type.List(cel.Type.STRING),
    Kind.ANY: cel.Type.DYN,
}

NULL = "\x00"

_PLACE = re.compile(r"<input>:(?P<line>\d+):(?P<column>\d+): (?P<words>.*)")
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")


class CelError(ValueError):
    """The library refused an expression, or it gave no value."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        """Say what was wrong; lines and columns (in characters) begin with 1."""
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation gave."""

    value: Any
    type: str
    """The library's name of the value's type: INT, UINT, LIST, DURATION …"""


@lru_cache(maxsize=1024)
def parse(source: str) -> Tree:
    """
    Return the syntax tree of an expression. No name and no type is looked at.

    Raises:
        CelError: The source is no expression.

    """
    return tree_wire.read(_compiled(_running(), source, unchecked=True).serialize())


def type_of(source: str) -> str:
    """
    Return the type (INT, LIST<DYN>) of an expression whose paths were replaced by placeholders.

    Raises:
        CelError: The types do not fit.

    """
    checked = _compiled(_checking(), source, unchecked=False)
    try:
        return str(checked.return_type())
    except RuntimeError as error:  # It has no word for the type: a mapping with numbers as keys.
        raise _error(error) from None


def plan(node: Node) -> cel.Expression:
    """
    Prepare a tree, or a part of one, for evaluation.

    Raises:
        CelError: The tree is too deep.

    """
    try:
        return _running().deserialize(tree_wire.write(node))
    except RuntimeError as error:
        raise _error(error) from None


def evaluate(planned: cel.Expression, data: Mapping[str, Any]) -> Result:
    """
    Evaluate with the values of names.

    Raises:
        CelError: It gave no value.

    """
    try:
        value = planned.eval(data=dict(data))
        kind, plain = value.type(), value.plain_value()
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        raise _error(error) from None
    if kind == cel.Type.ERROR:
        raise CelError(_STATUS.sub("", str(plain)))
    return Result(plain, str(kind))


def _compiled(env: cel.Env, source: str, *, unchecked: bool) -> cel.Expression:
    try:
        source.encode()
        return env.compile(source, disable_check=unchecked)
    except UnicodeEncodeError as error:
        raise CelError("half of a character stands here", column=error.start + 1) from None
    except (RuntimeError, ValueError) as error:
        raise _error(error) from None


def _error(error: Exception) -> CelError:
    text = str(error)
    place = _PLACE.search(text)
    if place is None:
        return CelError(_STATUS.sub("", _STATUS.sub("", text.partition("\n")[0])))
    words = _STATUS.sub("", place["words"])
    if place["column"] == "0":  # The library knows no place.
        return CelError(words)
    return CelError(words, int(place["line"]), int(place["column"]))


@lru_cache(maxsize=1)
def _running() -> cel.Env:
    return cel.NewEnv(
        variables=dict.fromkeys(ROOTS, cel.Type.DYN),
        functions=[*_functions(), _sorted_keys()],
        extensions=[ext_math.ExtMath()],
    )


@lru_cache(maxsize=1)
def _checking() -> cel.Env:
    names = {**ROOTS, **{name: kind for kind, name in PLACEHOLDERS.items()}}
    variables = {name: getattr(cel.Type, kind) for name, kind in names.items()}
    return cel.NewEnv(
        variables=variables,
        functions=[*_functions(), _default()],
        extensions=[ext_math.ExtMath()],
    )


def _functions() -> list[cel.FunctionDecl]:
    forms: dict[str, list[cel.Overload]] = {}
    for function in FUNCTIONS:
        overloads = forms.setdefault(function.name, [])
        overloads.append(
            cel.Overload(
                f"{function.name}_{len(overloads)}",
                return_type=_KINDS[function.result],
                parameters=[_KINDS[kind] for kind in function.parameters],
                is_member=function.method,
                impl=_guarded(function.call),
            )
        )
    return [cel.FunctionDecl(name, overloads) for name, overloads in forms.items()]


def _default() -> cel.FunctionDecl:
    """Declare `default` for the types only: two values of one type give this type."""
    types = [
        *(getattr(cel.Type, name) for name in ("BOOL", "INT", "DOUBLE", "STRING", "TIMESTAMP")),
        cel.Type.List(cel.Type.DYN),
        cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    ]
    return cel.FunctionDecl(
        DEFAULT,
        [
            cel.Overload(f"{DEFAULT}_{place}", return_type=kind, parameters=[kind, kind])
            for place, kind in enumerate(types)
        ],
    )


def _sorted_keys() -> cel.FunctionDecl:
    mapping = cel.Type.Map(cel.Type.DYN, cel.Type.DYN)
    keys = cel.Type.List(cel.Type.DYN)
    form = cel.Overload("sorted_keys_of", return_type=keys, parameters=[mapping], impl=_in_order)
    return cel.FunctionDecl(SORTED_KEYS, [form])


def _in_order(mapping: Mapping[Any, Any]) -> list[Any]:
    return sorted(mapping, key=lambda key: (type(key).__name__, key))


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose texts the library does not cut: it would, at a null character."""

    def guarded(*given: Any) -> Any:
        result = call(*given)
        texts = result if isinstance(result, list) else (result,)
        if any(isinstance(text, str) and NULL in text for text in texts):
            raise ValueError("a null character cannot be in the result of a function")
        return result

    return guarded
