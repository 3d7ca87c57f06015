"""
Results: what the library gives as a value of ours, of the wanted kind and size; and values as text.

Knows kinds of values. Does not know the library.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from headrace.engine.definition.expressions.types import (
    LARGEST_LIST,
    LARGEST_RESULT,
    LONGEST_LIST,
    Value,
    Wants,
)
from headrace.engine.definition.expressions.words import noun, shown

WANTED: Mapping[Wants, type | tuple[type, ...]] = {
    Wants.BOOL: bool,
    Wants.LIST: list,
    Wants.TIMESTAMP: datetime,
    Wants.STRING: str,
    Wants.ANY: object,
}

NO_VALUES = {
    "DURATION": "a duration is no value of a field; write string(…)",
    "BYTES": "bytes are no value of a field; write string(…)",
    "TYPE": "a type is no value of a field; write string(…)",
}


DEEPEST = 32
"""How deep lists and mappings of a result may be nested."""


class ResultError(ValueError):
    """What an expression gave is no value for its field. The text says why, and the cure."""


def accepted(value: Any, kind: str, wants: Wants) -> Value:
    """
    Return a result as a value.

    Args:
        value: What the library gave.
        kind: The library's name of its type.
        wants: What the field needs.

    Raises:
        ResultError: It is none, of another kind, or too large.

    """
    if kind.partition("<")[0] in NO_VALUES:
        raise ResultError(NO_VALUES[kind.partition("<")[0]])
    if not isinstance(value, WANTED[wants]):
        what = noun(kind)
        raise ResultError(f"gives {what}, {shown(value)}; needed is {wants.value}")
    checked = _checked(value)
    if wants is Wants.LIST and len(checked) > LONGEST_LIST:
        raise ResultError(f"gives {len(checked):,} items; at most {LONGEST_LIST:,}")
    size = len(json.dumps(checked, ensure_ascii=False, default=_rfc3339).encode())
    largest = LARGEST_LIST if wants is Wants.LIST else LARGEST_RESULT
    if size > largest:
        raise ResultError(f"gives {size:,} bytes as JSON; at most {largest:,}")
    return cast("Value", checked)


def as_text(value: Value) -> str:
    """
    Return a value as it stands in a text: text as it is, lists and mappings as JSON.

    Raises:
        ResultError: It is null, which has no text.

    """
    match value:
        case None:
            raise ResultError("gives null, which has no text; use default(…, '')")
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case datetime():
            return _rfc3339(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_rfc3339)


def _checked(value: Any, depth: int = 0) -> Any:
    """
    Return a value whose mappings are in the order of their keys: the library's order is random.

    Raises:
        ResultError: The value, or one in it, cannot be written as JSON.

    """
    if depth > DEEPEST:
        raise ResultError(f"gives a value that is nested more than {DEEPEST} deep")
    match value:
        case list():
            return [_checked(item, depth + 1) for item in value]
        case dict():
            odd = next((key for key in value if not isinstance(key, str)), None)
            if odd is not None:
                raise ResultError(f"gives a mapping with the key {shown(odd)}; keys are text")
            return {key: _checked(value[key], depth + 1) for key in sorted(value)}
        case float() if not math.isfinite(value):
            raise ResultError(f"gives {value}, which is no number of JSON")
        case None | bool() | int() | float() | str() | datetime():
            return value
    raise ResultError(f"gives {noun(type(value).__name__)}, which is no value of JSON")


def _rfc3339(instant: datetime) -> str:
    """Write an instant as `string(…)` does: UTC, and a fraction only where there is one."""
    whole, thousandth = instant.microsecond == 0, instant.microsecond % 1000 == 0
    digits = "seconds" if whole else "milliseconds" if thousandth else "microseconds"
    return instant.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")
