"""
API types as JSON and back, by one writer and one reader: the types name the fields.

Knows no type in particular, and no engine.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from headrace.api.v1alpha1.base import ApiType

Json = dict[str, Any]
T = TypeVar("T", bound=ApiType)


def as_json(value: ApiType) -> Json:
    """Return a value as JSON, without empty fields."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def as_given(value: ApiType) -> Json:
    """Return a value as JSON, without the fields that nobody has given."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def as_patch(value: ApiType) -> Json:
    """Return a value as a merge patch: a null removes the previous value of a field."""
    return {**_nothing(type(value)), **as_json(value)}


def read(kind: type[T], written: object) -> T:
    """
    Read the result of `as_json`. Unknown fields of a newer version are ignored.

    Raises:
        ValueError: Somebody has written something else there.

    """
    return kind.model_validate(written, extra="ignore")


def read_legible(kind: type[T], written: Mapping[str, Any]) -> T:
    """Read the valid part: a field that somebody garbled counts as missing."""
    return read(kind, {name: value for name, value in written.items() if _fits(kind, name, value)})


def name_of(kind: type[ApiType], field: str) -> str:
    """Return the name of a field in JSON."""
    return str(kind.model_fields[field].alias)


@cache
def _nothing(kind: type[ApiType]) -> Mapping[str, None]:
    return dict.fromkeys(name_of(kind, field) for field in kind.model_fields)


def _fits(kind: type[ApiType], name: str, value: object) -> bool:
    try:
        read(kind, {name: value})
    except ValueError:
        return False
    return True
