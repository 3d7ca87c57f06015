"""
Words for users: what the library says, and what a value is.

Knows the library's messages. Does not know where they come up.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from headrace.api.checks.similar import did_you_mean
from headrace.engine.definition.expressions.functions.table import FUNCTIONS as OWN_FUNCTIONS
from headrace.engine.text import clip

LONGEST_VALUE = 80
"""The most characters of a value in a message."""

NOUNS = {
    "int": "a whole number",
    "int64": "a whole number",
    "uint": "a whole number (unsigned)",
    "uint64": "a whole number (unsigned)",
    "double": "a number",
    "string": "text",
    "bool": "true or false",
    "bytes": "bytes",
    "timestamp": "a timestamp",
    "google.protobuf.timestamp": "a timestamp",
    "duration": "a duration",
    "google.protobuf.duration": "a duration",
    "null": "null",
    "null_type": "null",
    "list": "a list",
    "map": "a mapping",
    "dyn": "any value",
    "type": "a type",
    "bytearray": "bytes",
    "timedelta": "a duration",
}
"""By the library's name of a type, without its parameters and in small letters."""

_PARAMETERS = re.compile(r"[(<].*", re.DOTALL)
_ARGUMENTS = re.compile(r"\((?P<types>.*)\)", re.DOTALL)
_COMMA = re.compile(r",\s*(?![^()]*\))")


def noun(kind: str) -> str:
    """Return what a value of a type is called."""
    return NOUNS.get(_PARAMETERS.sub("", kind).lower(), kind)


def shown(value: Any) -> str:
    """Return a value as it is shown in a message."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return clip(repr(value), LONGEST_VALUE)
    try:
        return clip(json.dumps(value, ensure_ascii=False, default=str), LONGEST_VALUE)
    except (TypeError, ValueError, RecursionError):
        return noun(type(value).__name__)


def plain(message: str) -> str:
    """Return the library's message in words for users."""
    for pattern, write in _READINGS:
        found = pattern.search(message)
        if found is not None:
            return write(found)
    return message


def _no_overload(found: "re.Match[str]") -> str:
    name = _OPERATORS.get(found["name"], found["name"])
    types = _ARGUMENTS.search(found["types"])
    kinds = [noun(kind) for kind in _COMMA.split(types["types"])] if types else []
    if name == "? :" and kinds:
        return f"both results of ? : must be of one type, not {' and '.join(kinds[1:])}"
    cure = "; use double(…)" if {"a whole number", "a number"} <= set(kinds) else ""
    return f"{name} does not take {' and '.join(kinds) or 'these values'}{cure}"


def _no_function(found: "re.Match[str]") -> str:
    name = found["name"]
    cure = ELSEWHERE.get(name) or did_you_mean(name, FUNCTIONS)
    return f"there is no function {name!r}; {cure}".removesuffix("; ")


def _syntax(found: "re.Match[str]") -> str:
    what = "the end" if found["what"] == "<EOF>" else repr(found["what"])
    cure = next((HABITS[each] for each in HABITS if found["what"].startswith(each)), "")
    return f"syntax: {what} is not expected here; {cure}".removesuffix("; ")


_OPERATORS = {
    "_[_]": "[ ]",
    "_?_:_": "? :",
    "@in": "in",
    "!_": "!",
    "-_": "-",
    **{
        f"_{sign}_": sign
        for sign in ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||")
    },
}
"""By the library's name: how an operator is written."""

HABITS = {
    "=": "write == to compare",
    "and": "write &&",
    "or": "write ||",
    "$": "this whole field is an expression: leave out ${{ }}",
}
"""What people write who come from another language, and what it is here."""

_NO_CLOCK = "nothing reads a clock; use run.logicalTime"
ELSEWHERE = {
    **dict.fromkeys(("len", "length", "count"), "did you mean 'size'?"),
    **dict.fromkeys(("now", "today"), _NO_CLOCK),
    "str": "did you mean 'string'?",
    "date": "did you mean 'timestamp'?",
    "fromJson": "did you mean 'json'?",
}
"""Functions of other languages, and what to use here."""

CELS_OWN = (
    *("all", "bool", "bytes", "contains", "default", "double", "duration", "endsWith", "exists"),
    *("exists_one", "filter", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has"),
    *("int", "map", "matches", "size", "startsWith", "string", "timestamp", "type", "uint"),
)
FUNCTIONS = sorted({*CELS_OWN, *(each.name.rpartition(".")[2] for each in OWN_FUNCTIONS)})
"""The names of functions, CEL's own too."""

_READINGS: tuple[tuple["re.Pattern[str]", Callable[["re.Match[str]"], str]], ...] = (
    (
        re.compile(r"found no matching overload for '(?P<name>[^']+)' applied to '(?P<types>.*)'"),
        _no_overload,
    ),
    (
        re.compile(r"No matching overloads found : <jump_condition>"),
        lambda _: "the condition is neither true nor false",
    ),
    (
        re.compile(r"No matching overloads found : (?P<name>[^\s(]+)(?P<types>.*)", re.DOTALL),
        _no_overload,
    ),
    (
        re.compile(r"undeclared reference to '(?P<name>[^']+)'"),
        _no_function,
    ),
    (
        re.compile(r"Iteration budget exceeded"),
        lambda _: "its macros go round more than 10,000 times",
    ),
    (
        re.compile(r"recursion limit exceeded|max recursion depth"),
        lambda _: "it is nested more than 32 deep; split it",
    ),
    (re.compile(r"Syntax error: .*?(?:input|at:) '(?P<what>.*?)'(?: expecting .*)?$"), _syntax),
    (
        re.compile(r"out of range for 'Python function"),
        lambda _: "a number is too large: whole numbers have 64 bits",
    ),
    (
        re.compile(r"Unsupported map key type: (?P<kind>.*)", re.DOTALL),
        lambda found: f"the keys of a mapping are text, not {noun(found['kind'])}; write string(…)",
    ),
)
