"""Schemas with the texts of fields: `headrace.api.schema.json_schema`."""

from headrace.api.schema.json_schema import json_schema
from headrace.api.v1alpha1.base import ApiType


class Fruit(ApiType):
    """A fruit."""

    grown_in: str = ""
    """grownIn is
    the country."""

    weight: int = 0


class Apple(Fruit):
    """An apple."""

    weight: int = 0
    """weight in grams."""

    next_one: Fruit | None = None
    """nextOne lies beside it."""


def test_fields_are_described_by_their_docstrings() -> None:
    """Inherited ones too, on one line; a field's own text replaces the inherited one."""
    schema = json_schema(Apple)
    want = {
        "grownIn": "grownIn is the country.",
        "weight": "weight in grams.",
        "nextOne": "nextOne lies beside it.",
    }
    assert want == {name: field["description"] for name, field in schema["properties"].items()}


def test_fields_of_inner_types_are_described_too() -> None:
    """A field without a docstring has no text, and no text of its type."""
    inner = json_schema(Apple)["$defs"]["Fruit"]["properties"]
    want = {"grownIn": "grownIn is the country.", "weight": None}
    assert want == {name: field.get("description") for name, field in inner.items()}
