"""
From a pydantic type to the structural schema that the API server wants.

Knows what JSON Schema pydantic writes, and what Kubernetes takes of it
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
Knows no resource. What it does not know it refuses: a keyword that the API server would drop in
silence is a bound that nobody checks.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.rules import Rule, rules_of
from headrace.api.v1alpha1.base import ApiType

Schema = dict[str, Any]

MAX_TIME_TEXT = 64

KEPT = frozenset(
    {
        "anyOf",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "type",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-preserve-unknown-fields",
    }
)
"""Keywords that mean the same on both sides."""

DROPPED = frozenset({"title", "default", "$defs", "additionalProperties"})
"""Titles repeat the name; a default in the schema would be written into what users keep in Git;
unknown fields are refused by the API server itself, when asked to (`fieldValidation: Strict`)."""


class UnknownKeywordError(ValueError):
    """A type says something that has no meaning in a structural schema."""


def structural(model: type[ApiType]) -> Schema:
    """
    Return the structural schema of a type, its rules included.

    Raises:
        UnknownKeywordError: The type says something that the API server cannot check.

    """
    written = model.model_json_schema(by_alias=True, mode="validation")
    rules = rules_of(ApiType)
    schema = _converted(written, written.get("$defs", {}), rules)
    return _with_rules(schema, rules.get(model.__name__, ()))


def _converted(
    written: Mapping[str, Any], types: Mapping[str, Any], rules: Mapping[str, tuple[Rule, ...]]
) -> Schema:
    """Convert one schema and what is in it."""
    if "$ref" in written:
        return _inlined(written, types, rules)
    if _is_optional(written):
        present = next(each for each in written["anyOf"] if each.get("type") != "null")
        rest = {key: value for key, value in written.items() if key != "anyOf"}
        return _converted({**present, **rest}, types, rules)
    schema: Schema = {}
    for keyword, value in written.items():
        if keyword == "description":
            schema[keyword] = " ".join(value.split())
        elif keyword == "properties":
            schema[keyword] = {
                name: _converted(each, types, rules) for name, each in value.items()
            }
        elif keyword in {"items", "additionalProperties"} and isinstance(value, Mapping):
            schema[keyword] = _converted(value, types, rules)
        elif keyword in KEPT:
            schema[keyword] = value
        elif keyword not in DROPPED:
            raise UnknownKeywordError(f"{keyword} in {dict(written)}")
    if schema.get("format") == "date-time":
        schema["maxLength"] = MAX_TIME_TEXT
    return schema


def _inlined(
    written: Mapping[str, Any], types: Mapping[str, Any], rules: Mapping[str, tuple[Rule, ...]]
) -> Schema:
    """Put a type where it is named: structural schemas have no references."""
    name = written["$ref"].removeprefix("#/$defs/")
    rest = {key: value for key, value in written.items() if key != "$ref"}
    schema = _converted({**types[name], **rest}, types, rules)
    return _with_rules(schema, rules.get(name, ()))


def _is_optional(written: Mapping[str, Any]) -> bool:
    """Say whether this is `X | None`: an absent field is all that "none" means here."""
    choices = written.get("anyOf", ())
    return len(choices) == len(("X", "null")) and {"type": "null"} in choices


def _with_rules(schema: Schema, rules: tuple[Rule, ...]) -> Schema:
    if not rules:
        return schema
    return {**schema, "x-kubernetes-validations": [rule.written() for rule in rules]}
