"""The `forEach` field of a task: its work is done once for each item."""

from collections.abc import Sequence
from math import isfinite
from re import fullmatch
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from headrace.api.v1alpha1.base import ApiType, NoNul

MAX_ITEMS = 10_000
"""The most items of a task."""

MAX_CHILDREN = 1_000
"""The most items of a task that calls a workflow or asks people: each of them is an object."""

MAX_ITEM_DEPTH = 32
"""How deep an item may be nested."""

_LARGEST = 2**53
"""Whole numbers beyond it are not exact in all languages."""

List = Annotated[str, StringConstraints(min_length=1, max_length=4096), NoNul]
"""An expression in CEL that gives a list."""


def _item(value: Any) -> Any:
    """Accept a value of JSON."""
    _check(value, MAX_ITEM_DEPTH)
    return value


def _check(value: Any, depth: int) -> None:
    if isinstance(value, dict | list) and depth == 0:
        message = "is nested deeper than {most}; make the item flatter"
        raise PydanticCustomError("item", message, {"most": MAX_ITEM_DEPTH})
    if isinstance(value, dict):
        for key, inner in value.items():
            if type(key) is not str:
                message = "has the key {key}, which is no text; put it in quotes"
                raise PydanticCustomError("item", message, {"key": repr(key)})
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)
    elif type(value) is int and value.bit_length() > 63:  # noqa: PLR2004 - what the API server keeps
        raise PydanticCustomError("item", "has too large a number; write the number as text")
    elif not (value is None or type(value) in (bool, int, str) or _is_fraction(value)):
        raise PydanticCustomError("item", "is no value of JSON; write it as text")


def _is_fraction(value: Any) -> bool:
    return type(value) is float and isfinite(value)


def _not_nothing(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("item", "is empty; write a value, or remove the item")
    return _item(value)


Item = Annotated[
    Any,
    PlainValidator(_not_nothing),
    # No type: an item may be of any.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
]
"""One item: text, a number, true or false, a list, or an object."""

PERCENT = r"^(100|[1-9]?[0-9])%$"


def _tolerance(value: Any) -> int | str:
    if type(value) is int and 0 <= value <= MAX_ITEMS:
        return value
    if type(value) is str and fullmatch(PERCENT, value):
        return value
    message = 'must be a number of items from 0 to {most}, or a share such as "10%"'
    raise PydanticCustomError("tolerance", message, {"most": MAX_ITEMS})


Tolerance = Annotated[
    int | str,
    PlainValidator(_tolerance),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "maxLength": 4,
            "maximum": MAX_ITEMS,
            "minimum": 0,
            "pattern": PERCENT,
            "x-kubernetes-int-or-string": True,
        }
    ),
]
"""A number of items, or a share of them: `5`, `10%`."""


class ItemRange(ApiType):
    """Whole numbers, one after the other: each is an item."""

    from_: int = Field(default=0, ge=-_LARGEST, le=_LARGEST, alias="from")
    """from is the first number. Default 0."""

    to: int | None = Field(default=None, ge=-_LARGEST, le=_LARGEST)
    """to is the last number."""

    count: int | None = Field(default=None, ge=0, le=MAX_ITEMS)
    """count is how many numbers there are."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.to is None) == (self.count is None):
            raise ValueError("to and count both end a range; give one of them")
        if self.to is not None and not 0 <= self.to - self.from_ < MAX_ITEMS:
            raise ValueError(
                f"to: a range has 1 to {MAX_ITEMS} numbers, and to is the last one; correct from"
                " or to"
            )
        return self

    @property
    def numbers(self) -> range:
        """The numbers."""
        end = self.to + 1 if self.to is not None else self.from_ + (self.count or 0)
        return range(self.from_, end)


class ForEach(ApiType):
    """The items of a task. Its work is done once for each, all items with the same settings."""

    items: tuple[Item, ...] | None = Field(default=None, max_length=MAX_ITEMS)
    """items are the items themselves: texts, numbers, lists or objects."""

    range: ItemRange | None = None
    """range makes whole numbers the items."""

    from_: List | None = Field(default=None, alias="from")
    """from is a CEL expression that gives the list of items: at most 10,000 with 8 MiB, and at most
    1,000 for a task with workflow or approval. It is evaluated once, when the task could start. An
    empty list skips the task. Example: `tasks.list.outputs.files`."""

    max_parallel: int | None = Field(default=None, ge=1, le=MAX_ITEMS)
    """maxParallel is how many items run at a time. Default: all."""

    tolerated_failures: Tolerance = 0
    """toleratedFailures is how many items may fail without failing the task: a number, or a share
    of all items such as "10%", rounded down. All items run in any case. Default 0."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = (self.items is not None, self.range is not None, self.from_ is not None)
        if sum(given) != 1:
            raise ValueError("items, range and from all name the items; give one of them")
        return self

    @property
    def known(self) -> Sequence[Any] | None:
        """The items, if no expression gives them. A range stays one: it is quick to write."""
        return self.items if self.range is None else self.range.numbers
