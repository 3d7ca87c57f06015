"""
From a pydantic type to the structural schema that the API server wants.

Knows what JSON Schema pydantic writes, and what Kubernetes takes of it
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
Knows no resource. What it does not know it refuses: a keyword that the API server would drop in
silence is a bound that nobody checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.api.schema.rule import Rule
from headrace.api.schema.rule import written as rules_as_written
from headrace.api.schema.rules import rules_of
from headrace.api.v1alpha1.base import ApiType

Schema = dict[str, Any]

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
    conversion = _Conversion(written.get("$defs", {}), rules_of(ApiType))
    return conversion.with_rules(conversion.of(written), model.__name__)


@dataclass(frozen=True, slots=True)
class _Conversion:
    """From pydantic's schemas to structural ones."""

    types: Mapping[str, Schema]
    """By name: the types that `$ref` refers to."""
    rules: Mapping[str, tuple[Rule, ...]]

    def of(self, written: Mapping[str, Any]) -> Schema:
        """Convert one schema and what is in it."""
        if "$ref" in written:
            return self._inlined(written)
        if _is_optional(written):
            present = next(each for each in written["anyOf"] if each.get("type") != "null")
            rest = {key: value for key, value in written.items() if key != "anyOf"}
            return self.of({**present, **rest})
        if "anyOf" in written and not written.get("x-kubernetes-int-or-string"):
            raise UnknownKeywordError(f"anyOf in {dict(written)}")
        schema = {key: value for key, value in written.items() if key in KEPT}
        for keyword, value in written.items():
            if keyword == "properties":
                schema[keyword] = {name: self.of(each) for name, each in value.items()}
            elif keyword in {"items", "additionalProperties"} and isinstance(value, Mapping):
                schema[keyword] = self.of(value)
            elif keyword not in KEPT | DROPPED:
                raise UnknownKeywordError(f"{keyword} in {dict(written)}")
        return _finished(schema)

    def _inlined(self, written: Mapping[str, Any]) -> Schema:
        """Put a type where it is named: structural schemas have no references."""
        name = written["$ref"].removeprefix("#/$defs/")
        rest = {key: value for key, value in written.items() if key != "$ref"}
        return self.with_rules(self.of({**self.types[name], **rest}), name)

    def with_rules(self, schema: Schema, name: str) -> Schema:
        """Add the rules of a type to its schema."""
        rules = rules_as_written(name, self.rules.get(name, ()))
        return {**schema, "x-kubernetes-validations": rules} if rules else schema


def _is_optional(written: Mapping[str, Any]) -> bool:
    """Say whether this is `X | None`: an absent field is all that "none" means here."""
    choices = written.get("anyOf", ())
    return len(choices) == len(("X", "null")) and {"type": "null"} in choices


def _finished(schema: Schema) -> Schema:
    """Bound the lengths that pydantic leaves open, and write texts on one line."""
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    if schema.get("format") == "date-time":
        schema["maxLength"] = MAX_TIME_TEXT
    if "enum" in schema:
        # What a value can cost a rule is judged by its length, as if there were no enum.
        schema["maxLength"] = MAX_WORD
    return schema
