"""
Lists whose elements are told apart by a field, or are a set.

Refuses two of the same, and says the same to the API server (`x-kubernetes-list-type`), which
also merges such lists element by element in server-side apply. Knows no field of the API.
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
    """The field that tells elements apart; None: the elements are plain values."""
    checked: bool = True
    """False: `headrace.engine.definition` looks for doubles, which sees other lists too."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check a list after its elements were."""
        inner = handler(source)
        if not self.checked:
            return inner
        return core_schema.no_info_after_validator_function(self._without_doubles, inner)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell the API server."""
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
