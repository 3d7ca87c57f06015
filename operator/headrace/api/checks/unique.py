"""
Lists without doubles: elements with a key field, or plain values.

Refuses doubles. The API server does the same (`x-kubernetes-list-type`), and merges such lists by
element in server-side apply. Knows no field of the API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema


@dataclass(frozen=True, slots=True)
class Unique:
    """Marks a list in a type: `Annotated[tuple[EnvVar, ...], Unique("name")]`."""

    by: str | None = None
    """The key field; None: the elements are plain values."""
    checked: bool = True
    """False: `headrace.engine.definition` finds the doubles, together with those of other lists; or
    only the controller writes the list, and the API server checks it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check a list after its elements."""
        inner = handler(source)
        if not self.checked:
            return inner
        return core_schema.no_info_after_validator_function(self._without_doubles, inner)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the rule to the schema for the API server."""
        written = handler(schema)
        if self.by is None:
            return {**written, "x-kubernetes-list-type": "set"}
        keys = [to_camel(self.by)]
        return {
            **written,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": keys,
        }

    def _without_doubles(self, elements: Sequence[Any]) -> Sequence[Any]:
        seen: set[Any] = set()
        for index, element in enumerate(elements):
            value = element if self.by is None else getattr(element, self.by)
            if value in seen:
                within = f"[{index}]" if self.by is None else f"[{index}].{to_camel(self.by)}"
                raise PydanticCustomError(
                    "double",
                    "{value} is listed twice; keep one",
                    {"value": repr(str(value)), "within": within},
                )
            seen.add(value)
        return elements
