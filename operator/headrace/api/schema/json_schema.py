"""
The JSON Schema of an API type, each field described by its docstring.

Knows pydantic's way to a JSON Schema. Knows no Kubernetes. pydantic could read docstrings itself,
but it would do so whenever a program starts, and few programs need a text.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from headrace.api.schema.docstrings import documented
from headrace.api.v1alpha1.base import ApiType

Schema = dict[str, Any]


def json_schema(model: type[ApiType]) -> Schema:
    """Return the schema of what a manifest may have, the types that it uses in `$defs`."""
    return model.model_json_schema(by_alias=True, schema_generator=_Described)


class _Described(GenerateJsonSchema):
    """Adds the texts of fields."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of a type."""
        written = super().model_schema(schema)
        texts = _texts(schema["cls"])
        for name, field in schema["cls"].model_fields.items():
            if texts.get(name):
                written["properties"][field.alias]["description"] = texts[name]
        return written


def _texts(model: type[ApiType]) -> dict[str, str]:
    """Return the texts of a type's own and inherited fields, by their names in Python."""
    kinds = [kind for kind in reversed(model.__mro__) if issubclass(kind, ApiType)]
    return {each.name: each.text for kind in kinds for each in documented(kind)}
