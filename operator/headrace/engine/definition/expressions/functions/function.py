"""A function of expressions: its name, its types, and what it computes. Knows no library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from headrace.engine.definition.expressions.types import LARGEST_RESULT

LONGEST_TEXT = LARGEST_RESULT
"""The most characters that a function may make."""

LONGEST_LIST = 10_000
"""The most items that a function may make: as many as a fan-out has."""


class Kind(Enum):
    """The types of arguments and results."""

    BOOL = "bool"
    INT = "int"
    STRING = "string"
    TIMESTAMP = "timestamp"
    LIST = "list"
    STRINGS = "list of strings"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Function:
    """One form of a function: the same name may have several, by their parameters."""

    name: str
    result: Kind
    parameters: tuple[Kind, ...]
    call: Callable[..., Any]
    """Raises ValueError with words for the user."""
    method: bool = False
    """Whether the first parameter stands before the dot."""


def bounded_text(length: int) -> None:
    """
    Refuse a text before it is made.

    Raises:
        ValueError: It would be too long.

    """
    if length > LONGEST_TEXT:
        raise ValueError(f"the text would have {length:,} characters; at most {LONGEST_TEXT:,}")


def bounded_list(length: int) -> None:
    """
    Refuse a list before it is made.

    Raises:
        ValueError: It would be too long.

    """
    if length > LONGEST_LIST:
        raise ValueError(f"the list would have {length:,} items; at most {LONGEST_LIST:,}")


def texts(values: Sequence[Any]) -> Sequence[str]:
    """
    Return a list that holds texts only.

    Raises:
        ValueError: It holds something else.

    """
    for position, value in enumerate(values):
        if not isinstance(value, str):
            raise ValueError(f"item {position} of the list is no text; use string(…)")  # noqa: TRY004
    return values
