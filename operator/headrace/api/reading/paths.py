"""
The path of a field in an object, as text: `spec.tasks[2].retry.limit`.

Knows the form of paths. Knows no type.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

Step = str | int
"""A field's name, or a position in a list."""

MAX_DEPTH = 64
"""How many levels deep an object may be nested. The API itself needs less than half."""

TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep; no field needs that"

LONGEST_STEP = 317
"""The longest name that Kubernetes knows, a label's. A longer one is shortened in paths."""

PLAIN = re.compile(r"[A-Za-z_$][-A-Za-z0-9_$]*")
FIELD_FIRST = re.compile(
    r"(?P<field>[a-zA-Z]+)(?:(?P<rest>[][.\w]*): (?P<message>.*)| .*)", re.DOTALL
)


def path_of(steps: Iterable[Step]) -> str:
    """Return the path of a field, from the top of the object."""
    return "".join(map(piece_of, steps)).removeprefix(".")


def piece_of(step: Step) -> str:
    """Return a step in the form of paths: `.tasks`, `[2]`, or `["cost center"]`."""
    if isinstance(step, int):
        return f"[{step}]"
    shown = step if len(step) <= LONGEST_STEP else f"{step[:LONGEST_STEP]}…"
    return f".{step}" if PLAIN.fullmatch(shown) else f'["{shown}"]'


def too_deep(value: Any, most: int = MAX_DEPTH) -> tuple[Step, ...] | None:
    """Return the first path that is nested too deep, or None if there is none."""
    if not isinstance(value, Mapping | list):
        return None
    if most == 0:
        return ()
    for step, inner in _inside(value):
        deeper = too_deep(inner, most - 1)
        if deeper is not None:
            return (step, *deeper)
    return None


def _inside(value: Mapping[str, Any] | list[Any]) -> Iterator[tuple[Step, Any]]:
    return iter(value.items() if isinstance(value, Mapping) else enumerate(value))


def within(steps: tuple[Step, ...], message: str, fields: Container[str]) -> tuple[str, str]:
    """
    Return the path of a message, and the rest of the message.

    A validator of a whole type begins its message with the wrong field: `default: ...`, or `maxRuns
    has ...`, where the field is a part of the sentence. A validator of a single field may do so
    too; then the path ends with that field already.

    Args:
        steps: The place of the validator.
        message: The message of the validator.
        fields: The fields of the object at this place, if it is an object.

    """
    match = FIELD_FIRST.fullmatch(message)
    if match is None:
        return path_of(steps), message
    if match["field"] in fields:
        steps = (*steps, match["field"])
    elif not steps or match["field"] != steps[-1]:
        return path_of(steps), message
    return f"{path_of(steps)}{match['rest'] or ''}", match["message"] or message
