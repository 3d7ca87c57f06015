"""What the API server gets for a schema: `headrace.api.schema.openapi`."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from pydantic import Field

from headrace.api.schema.crd import object_schema
from headrace.api.schema.kinds import KINDS, Kind
from headrace.api.schema.openapi import Schema, UnknownKeywordError, structural
from headrace.api.v1alpha1.base import ApiType

EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
GIVEN = {".apiVersion", ".kind", ".metadata"}
"""Fields whose schema the API server supplies itself."""


def schemas(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield a schema and all that are in it, with their paths."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from schemas(inner, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from schemas(schema[keyword], f"{path}[]")


def own(kind: Kind) -> dict[str, Schema]:
    """Return the schemas of a kind that are not the API server's own."""
    return {path: each for path, each in schemas(object_schema(kind)) if path not in GIVEN}


@EVERY_KIND
def test_a_schema_has_a_type_or_says_why_not(kind: Kind) -> None:
    """A structural schema has a type everywhere, or one of the two marks that stand for it."""
    untyped = {
        path
        for path, each in own(kind).items()
        if "type" not in each
        and not each.get("x-kubernetes-int-or-string")
        and not each.get("x-kubernetes-preserve-unknown-fields")
    }
    assert set() == untyped


@EVERY_KIND
def test_no_keyword_is_there_that_the_api_server_refuses(kind: Kind) -> None:
    """No references, titles, tuples, nulls, nor closed objects."""
    refused = {"$ref", "$defs", "title", "prefixItems", "const", "oneOf", "allOf", "nullable"}
    found = {
        (path, keyword)
        for path, each in own(kind).items()
        for keyword in each
        if keyword in refused
        or (keyword == "anyOf" and not each.get("x-kubernetes-int-or-string"))
        or (keyword == "additionalProperties" and each[keyword] is False)
    }
    assert set() == found


@EVERY_KIND
def test_every_text_list_and_map_has_a_bound(kind: Kind) -> None:
    """Without bounds the API server refuses the rules, and an object could grow without end."""
    bounds = {"string": "maxLength", "array": "maxItems"}
    unbound = {
        path
        for path, each in own(kind).items()
        if (each.get("type") in bounds and bounds[each["type"]] not in each)
        or (each.get("additionalProperties") and "maxProperties" not in each)
    }
    assert set() == unbound


@EVERY_KIND
def test_every_field_has_a_text(kind: Kind) -> None:
    """`kubectl explain` has something to show for each field, on one line."""
    fields = {
        f"{path}.{name}": inner
        for path, each in own(kind).items()
        for name, inner in each.get("properties", {}).items()
    }
    without = {path for path, each in fields.items() if not each.get("description")}
    assert {".metadata", ".spec", ".status"} >= without
    assert not [path for path, each in fields.items() if "\n" in each.get("description", "")]


@EVERY_KIND
def test_only_chosen_fields_are_filled_in(kind: Kind) -> None:
    """A default in the schema is written into the object: a difference to what is in Git."""
    filled = {path for path, each in own(kind).items() if "default" in each}
    assert {f".spec.{name}" for name in kind.defaults} == filled


@EVERY_KIND
def test_lists_with_keys_have_these_keys_in_their_elements(kind: Kind) -> None:
    """The API server wants the key of a keyed list in each element."""
    wrong = [
        path
        for path, each in own(kind).items()
        for key in each.get("x-kubernetes-list-map-keys", ())
        if key not in each["items"]["required"]
    ]
    assert [] == wrong


def test_lists_of_named_things_are_keyed() -> None:
    """Server-side apply merges such lists by element, and two of one name are refused."""
    found = {
        path.rpartition(".")[2]: each["x-kubernetes-list-map-keys"]
        for kind in KINDS
        for path, each in own(kind).items()
        if "x-kubernetes-list-map-keys" in each
    }
    named = ("env", "imagePullSecrets", "outputs", "params", "paramsFrom", "volumes")
    want = {
        **{name: ["name"] for name in named},
        "conditions": ["type"],
        "volumeMounts": ["mountPath"],
    }
    assert want == found


class Leaf(ApiType):
    """A leaf."""

    size: int | None = Field(default=None, ge=1)
    """size of
    the leaf."""


class Tree(ApiType):
    """A tree."""

    leaves: tuple[Leaf, ...] = Field(default=(), max_length=3)
    """leaves of the tree."""

    first_leaf: Leaf | None = None
    """firstLeaf is the first one."""


def test_types_are_put_where_they_are_used() -> None:
    """References are replaced, `| None` is left out, names are camelCase, texts on one line."""
    size = {"type": "integer", "minimum": 1, "description": "size of the leaf."}
    leaf = {"type": "object", "properties": {"size": size}}
    want = {
        "type": "object",
        "description": "A tree.",
        "properties": {
            "leaves": {
                "type": "array",
                "maxItems": 3,
                "description": "leaves of the tree.",
                "items": {**leaf, "description": "A leaf."},
            },
            "firstLeaf": {**leaf, "description": "firstLeaf is the first one."},
        },
    }
    assert want == structural(Tree)


class Odd(ApiType):
    """Says what a structural schema cannot."""

    size: Annotated[int, Field(gt=0)]
    """size is more than 0."""


def test_what_the_api_server_would_drop_is_refused() -> None:
    """A bound that nobody would check is an error, not a wish."""
    with pytest.raises(UnknownKeywordError, match="exclusiveMinimum"):
        structural(Odd)


class Either(ApiType):
    """Is one of two types."""

    value: int | bool
    """value is this or that."""


def test_a_choice_of_types_is_refused() -> None:
    """A structural schema has one type; who wants several says how with WithJsonSchema."""
    with pytest.raises(UnknownKeywordError, match="anyOf"):
        structural(Either)
