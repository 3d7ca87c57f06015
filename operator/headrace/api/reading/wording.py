"""
The errors of pydantic, in one friendly sentence each: the field, the problem, and the cure.

Knows pydantic's kinds of error, and the schema of the field. Knows no kind of resource.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import ErrorDetails

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.foreign import INSTEAD
from headrace.api.reading.paths import Step, within
from headrace.api.reading.problem import Problem
from headrace.api.reading.suggest import misplaced, quoted, repaired
from headrace.api.schema.json_schema import Schema
from headrace.api.schema.openapi import structural
from headrace.api.schema.patterns import pattern_words
from headrace.api.v1alpha1.base import ApiType

AN_AMOUNT = "an amount like 500m, 2 or 512Mi"
A_TIME = "a time with its zone, like 2026-11-22T02:30:00Z"
FAR_YEAR = re.compile(r"[09][0-9]{3}-[0-9]{2}-[0-9]{2}[Tt]")
LIKE_A_NUMBER = re.compile(r"\s*-?[0-9]{1,20}\s*")
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "an object (lines of field: value)",
    "string": "text",
}
EMPTY = "has no value; give one, or remove the field"


@dataclass(frozen=True, slots=True)
class Case:
    """One error, with all that its sentence may use."""

    name: str
    """The field's own name."""
    given: Any
    schema: Schema
    """The schema of the field; empty if there is no such field."""
    around: Schema
    """The schema of the object around the field."""
    context: Mapping[str, Any]
    said: str
    """The message of pydantic."""


class Wording:
    """Puts the errors of objects of one type into words."""

    def __init__(self, model: type[ApiType]) -> None:
        self._schema = _schema_of(model)

    def problem(self, error: ErrorDetails) -> Problem:
        """Return an error of pydantic as a problem."""
        context = error.get("ctx", {})
        steps: tuple[Step, ...] = error["loc"]
        case = Case(
            name=str(steps[-1]) if steps else "",
            given=error["input"],
            schema=_at(self._schema, steps),
            around=_at(self._schema, steps[:-1]),
            context=context,
            said=error["msg"],
        )
        message = SENTENCES.get(error["type"], _as_said)(case)
        path, rest = within(steps, message, case.schema.get("properties", {}))
        return Problem(path + context.get("within", ""), rest)


@lru_cache(maxsize=8)
def _schema_of(model: type[ApiType]) -> Schema:
    return structural(model)


def _at(schema: Schema, steps: tuple[Step, ...]) -> Schema:
    for step in steps:
        schema = _step(schema, step)
    return schema


def _step(schema: Schema, step: Step) -> Schema:
    inner: Schema
    if isinstance(step, int):
        inner = schema.get("items", {})
    else:
        inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties", {})
    return inner


# --- sentences --------------------------------------------------------------------------------


def _as_said(case: Case) -> str:
    return case.said[:1].lower() + case.said[1:]


def _value_error(case: Case) -> str:
    return str(case.context["error"])


def _missing(case: Case) -> str:
    text = case.schema.get("description", "").partition(". ")[0].rstrip(".")
    return f"is missing; {text}" if text else "is missing; give it a value"


def _unknown(case: Case) -> str:
    known = sorted(case.around.get("properties", ()))
    cure = (
        INSTEAD.get(case.name)
        or did_you_mean(case.name, known)
        or misplaced(case.name, case.around)
        or f"the fields are: {', '.join(known)}"
    )
    return f"there is no such field; {cure}"


def _wrong_type(case: Case) -> str:
    if case.given is None:
        return EMPTY
    expected = case.schema.get("type", "")
    if case.schema.get("x-kubernetes-int-or-string"):
        wanted, expected = AN_AMOUNT, "string"
    elif case.schema.get("format") == "date-time":
        wanted = A_TIME
    else:
        wanted = TYPES.get(expected, _as_said(case))
    cure = _as_elements(case) or _as_field(case) or _type_cure(expected, case.given)
    return f"must be {wanted}, not {_kind(case.given)}{cure}"


def _as_elements(case: Case) -> str:
    """Say how to write names with values that are a list, like `env` and `params`."""
    fields = case.schema.get("items", {}).get("properties", {})
    if not isinstance(case.given, dict) or "name" not in fields or "name" in case.given:
        return ""
    name = next(iter(case.given), "x")
    value = "value: …" if "value" in fields else "…"
    return f"; write an element for each name: - {{name: {quoted(name)}, {value}}}"


SHORT_FORMS = {
    ("forEach", list): "items: […]",
    ("forEach", str): "from: …",
    ("forEach", int): "range: {count: …}",
    ("wait", int): "seconds: …",
    ("wait", str): "until: …",
    ("workflow", str): "name: …",
    ("approval", str): "message: …",
}
"""The field that holds what somebody wrote right behind the name, by the name and its kind."""


def _as_field(case: Case) -> str:
    """Say where a value belongs that was written without its field, like `wait: 60`."""
    short = SHORT_FORMS.get((case.name, type(case.given)))
    return f"; write {case.name}: {{{short}}}" if short is not None else ""


def _kind(value: Any) -> str:
    """Return the kind of a value, but not the value: it may be a secret."""
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    if isinstance(value, float) and not value.is_integer():
        return "a number with a fraction"
    return kinds.get(type(value), "an object")


def _type_cure(expected: str, given: Any) -> str:
    if expected == "string" and isinstance(given, bool | int | float):
        return "; put it in quotes"
    if expected == "integer" and isinstance(given, str) and LIKE_A_NUMBER.fullmatch(given):
        return "; remove the quotes"
    if expected == "boolean" and isinstance(given, str) and given.lower() in {"true", "false"}:
        return "; remove the quotes"
    if expected == "array" and not isinstance(given, list):
        return '; write "- " before each element, or [ ] around them'
    return "; change it"


def _time(case: Case) -> str:
    if not isinstance(case.given, str):
        return _wrong_type(case)
    if FAR_YEAR.match(case.given):
        return f"{quoted(case.given)} is too far away; give a time in the years 1000 to 8999"
    return f"must be {A_TIME}, not {quoted(case.given)}"


def _bound(case: Case) -> str:
    low, high = case.schema.get("minimum"), case.schema.get("maximum")
    if low is None or high is None:
        allowed = f"at most {high}" if low is None else f"at least {low}"
    else:
        allowed = f"{low} to {high}"
    return f"is {case.given}; must be {allowed}"


def _too_long(case: Case) -> str:
    # The text itself is not shown: it is long, and in a variable's value it may be a secret.
    most = case.schema.get("maxLength")
    return f"has {len(case.given)} characters; at most {most} are allowed: shorten it"


def _too_many(case: Case) -> str:
    most = case.schema.get("maxItems", case.schema.get("maxProperties"))
    return f"has {len(case.given)} elements; at most {most} are allowed: remove some"


def _too_few(case: Case) -> str:
    return f"is empty; give at least {case.schema.get('minItems', 1)}"


def _too_short(case: Case) -> str:
    needed = case.name in case.around.get("required", ())
    return f"is empty; give it a value{'' if needed else ', or leave the field out'}"


def _pattern(case: Case) -> str:
    pattern = case.context["pattern"]
    suggestion = repaired(case.given, pattern)
    cure = f"; did you mean {quoted(suggestion)}?" if suggestion else ""
    return f"{quoted(case.given)} is not allowed; use {pattern_words(pattern)}{cure}"


def _enum(case: Case) -> str:
    if not isinstance(case.given, str):
        return _wrong_type(case)
    allowed = case.schema.get("enum", [])
    hint = did_you_mean(case.given, allowed, likeness=0.5)
    cure = f"{hint} Allowed: " if hint else "allowed: "
    return f"{quoted(case.given)} is not known; {cure}{', '.join(allowed)}"


SENTENCES: Mapping[str, Callable[[Case], str]] = {
    "bool_type": _wrong_type,
    "datetime_from_date_parsing": _time,
    "datetime_object_invalid": _time,
    "datetime_parsing": _time,
    "datetime_type": _wrong_type,
    "dict_type": _wrong_type,
    "enum": _enum,
    "extra_forbidden": _unknown,
    "greater_than_equal": _bound,
    "int_type": _wrong_type,
    "less_than_equal": _bound,
    "missing": _missing,
    "model_type": _wrong_type,
    "string_pattern_mismatch": _pattern,
    "string_too_long": _too_long,
    "string_too_short": _too_short,
    "string_type": _wrong_type,
    "time": _time,
    "timezone_aware": _time,
    "too_long": _too_many,
    "too_short": _too_few,
    "tuple_type": _wrong_type,
    "value_error": _value_error,
}
"""By pydantic's kind of error (https://docs.pydantic.dev/latest/errors/validation_errors/)."""
