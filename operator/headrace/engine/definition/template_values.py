"""
The values that a task gives to a template's parameters: as variables, or what is wrong with them.

Knows parameters, their types, and what a variable can hold. Evaluates no expression.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.paths import piece_of
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.base import MAX_TEXT
from headrace.api.v1alpha1.template import (
    FILE,
    PREFIX,
    TemplateParam,
    TemplateParamType,
    TemplateSpec,
    unfit,
)
from headrace.engine.definition.expressions.leaves import OPEN, parse_leaf
from headrace.engine.definition.expressions.types import Expression, Template, Wants
from headrace.engine.text import listed

SECRET: Final = "secretRef"  # noqa: S105 - the name of a field
_KEYS: Final = frozenset({"name", "key"})
SHOWN: Final = 10

WANTS: Final[Mapping[TemplateParamType, Wants]] = {
    TemplateParamType.INTEGER: Wants.INTEGER,
    TemplateParamType.NUMBER: Wants.NUMBER,
    TemplateParamType.BOOLEAN: Wants.BOOL,
}
"""What an expression must give. Any other parameter takes the text or JSON of any value."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key of a Secret."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one task's parameters, by the parameter's name."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """As a variable holds them, expressions in them."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    wants: Mapping[str, Wants] = field(default_factory=dict)
    """For those that are one expression."""


def variable_of(param: str) -> str:
    """Return the variable of a parameter."""
    return f"{PREFIX}{param}"


def file_variable_of(param: str) -> str:
    """Return the variable that names the file of a secret."""
    return f"{PREFIX}{param}{FILE}"


def values_of(given: Mapping[str, Any], template: TemplateSpec) -> Values:
    """Return the values for a program, defaults included. `value_problems` has checked them."""
    texts, secrets, wants = {}, {}, {}
    for param in template.params:
        value = given.get(param.name, param.default)
        if value is None:
            continue
        if param.type is TemplateParamType.SECRET:
            secrets[param.name] = Secret(**value[SECRET])
            continue
        texts[param.name] = _text(param, value)
        if _has_expression(value):
            wants[param.name] = WANTS.get(param.type, Wants.ANY)
    return Values(texts, secrets, wants)


def value_problems(
    path: str, given: Mapping[str, Any], uses: str, template: TemplateSpec
) -> Iterator[Problem]:
    """
    Yield what is wrong with the values in a task's `with`.

    Args:
        path: The path of the task.
        given: The values.
        uses: The template's name and version.
        template: The template.

    """
    known = {param.name: param for param in template.params}
    for name in sorted(given.keys() - known.keys()):
        there = f"it has {listed(sorted(known), SHOWN)}" if known else "it has none"
        cure = did_you_mean(name, known) or there
        at = f"{path}.with{piece_of(name)}"
        yield Problem(at, f"template {uses} has no parameter {name!r}; {cure}")
    for name, param in known.items():
        if name in given:
            message = _wrong(param, given[name])
            if message is not None:
                yield Problem(f"{path}.with.{name}", message)
        elif param.required:
            text = f": {param.description}" if param.description else ""
            yield Problem(f"{path}.with", f"template {uses} needs {name!r}{text}; give it a value")


def _wrong(param: TemplateParam, value: Any) -> str | None:
    """Return why a parameter cannot have a value."""
    is_secret = isinstance(value, Mapping) and SECRET in value
    if param.type is TemplateParamType.SECRET:
        return None if is_secret and _is_key(value) else _NO_KEY
    if is_secret:
        return f"is a Secret, and the parameter is of type {param.type}; write the value itself"
    if OPEN in json.dumps(value, ensure_ascii=False):
        return _wrong_expression(param, value)
    return unfit(param, value) or _too_long(_text(param, value))


_NO_KEY: Final = (
    "is a secret, which stands in no manifest; write secretRef: {name: …, key: …}, a key of a"
    " Secret in this namespace"
)


def _is_key(value: Mapping[str, Any]) -> bool:
    named = value[SECRET]
    return (
        len(value) == 1
        and isinstance(named, Mapping)
        and named.keys() == _KEYS
        and all(isinstance(each, str) and each for each in named.values())
    )


def _wrong_expression(param: TemplateParam, value: Any) -> str | None:
    """Return why a parameter cannot have a value with an expression in it."""
    if not param.expressions:
        return "takes no expression; write the value itself"
    if not isinstance(value, str):
        return "has an expression inside a list or object; write the whole value as one expression"
    if param.type is not TemplateParamType.STRING and not _is_one_expression(value):
        return f"is text around an expression, and must be of type {param.type}; write ${{{{ … }}}}"
    return None


def _is_one_expression(value: str) -> bool:
    match parse_leaf(value):
        case Template(parts=(Expression(),)):
            return True
        case Template():
            return False
        case _:
            return True  # The check of expressions says what is wrong with it.


def _has_expression(value: Any) -> bool:
    return isinstance(value, str) and OPEN in value


def _text(param: TemplateParam, value: Any) -> str:
    """Return a value as a variable holds it."""
    if isinstance(value, str) and (
        param.type is not TemplateParamType.JSON or _has_expression(value)
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


def _too_long(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return (
            f"has {len(text):,} characters; at most {MAX_TEXT:,} are allowed: put it into a file or"
            " storage, and give its address"
        )
    return "has a NUL character, and no program can get one; remove it" if "\0" in text else None
