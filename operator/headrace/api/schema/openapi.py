"""
From a pydantic type to the structural schema of the API server.

Knows the JSON Schema of pydantic, and the part of it that Kubernetes accepts
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
Knows no resource. Refuses unknown keywords: the API server would drop them in silence, and nobody
would check those bounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.api.schema.json_schema import Schema, json_schema
from headrace.api.schema.rule import Rule
from headrace.api.schema.rule import written as rules_as_written
from headrace.api.schema.rules import rules_of
from headrace.api.v1alpha1.base import ApiType

MAX_TIME_TEXT = 64
MAX_WORD = 64

KEPT = frozenset(
    {
        "anyOf",
        "description",
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
"""Titles repeat the name. A default in the schema would be written into objects that users keep in
Git. The API server itself refuses unknown fields, if asked to (`fieldValidation: Strict`)."""


class UnknownKeywordError(ValueError):
    """A type has a keyword without a meaning in a structural schema."""


def structural(model: type[ApiType]) -> Schema:
    """
    Return the structural schema of a type, its rules included.

    Raises:
        UnknownKeywordError: The type has a keyword that the API server cannot check.

    """
    written = json_schema(model)
    conversion = _Conversion(written.get("$defs", {}), rules_of(ApiType))
    return conversion.with_rules(conversion.of(written), model.__name__)


@dataclass(frozen=True, slots=True)
class _Conversion:
    """From pydantic's schemas to structural ones."""

    types: Mapping[str, Schema]
    """By name: the types that `$ref` refers to."""
    rules: Mapping[str, tuple[Rule, ...]]

    def of(self, written: Mapping[str, Any]) -> Schema:
        """Convert one schema and its inner schemas."""
        if "$ref" in written:
            return self._inlined(written)
        if _is_optional(written):
            present = next(choice for choice in written["anyOf"] if choice.get("type") != "null")
            rest = {key: value for key, value in written.items() if key != "anyOf"}
            return self.of({**present, **rest})
        if "anyOf" in written and not written.get("x-kubernetes-int-or-string"):
            raise UnknownKeywordError(f"anyOf in {dict(written)}")
        schema = {key: value for key, value in written.items() if key in KEPT}
        for keyword, value in written.items():
            if keyword == "properties":
                schema[keyword] = {name: self.of(field) for name, field in value.items()}
            elif keyword in {"items", "additionalProperties"} and isinstance(value, Mapping):
                schema[keyword] = self.of(value)
            elif keyword not in KEPT | DROPPED:
                raise UnknownKeywordError(f"{keyword} in {dict(written)}")
        return _finished(schema)

    def _inlined(self, written: Mapping[str, Any]) -> Schema:
        """Replace a reference by its type: structural schemas have no references."""
        name = written["$ref"].removeprefix("#/$defs/")
        rest = {key: value for key, value in written.items() if key != "$ref"}
        return self.with_rules(self.of({**self.types[name], **rest}), name)

    def with_rules(self, schema: Schema, name: str) -> Schema:
        """Add the rules of a type to its schema."""
        rules = rules_as_written(name, self.rules.get(name, ()))
        return {**schema, "x-kubernetes-validations": rules} if rules else schema


def _is_optional(written: Mapping[str, Any]) -> bool:
    """Return whether this is `X | None`: here, none is an absent field."""
    choices = written.get("anyOf", ())
    return len(choices) == len(("X", "null")) and {"type": "null"} in choices


def _finished(schema: Schema) -> Schema:
    """Bound the lengths that pydantic leaves open, and write texts on one line."""
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    if schema.get("format") == "date-time":
        schema["maxLength"] = MAX_TIME_TEXT
    if "enum" in schema:
        # The API server estimates the cost of a rule by this length, and ignores the enum.
        schema["maxLength"] = MAX_WORD
    return schema
