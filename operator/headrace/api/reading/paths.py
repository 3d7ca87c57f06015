"""
Where a field is in an object, as text: `spec.tasks[2].retry.limit`.

Knows how paths are written. Knows no type.
"""

import re
from collections.abc import Container, Iterable

Step = str | int
"""A field's name, or a position in a list."""

PLAIN = re.compile(r"[A-Za-z_$][-A-Za-z0-9_$]*")
FIELD_FIRST = re.compile(
    r"(?P<field>[a-zA-Z]+)(?:(?P<rest>[][.\w]*): (?P<message>.*)| .*)", re.DOTALL
)


def path_of(steps: Iterable[Step]) -> str:
    """Return the path of a field, from the top of the object."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif PLAIN.fullmatch(step):
            path += f".{step}"
        else:
            path += f'["{step}"]'
    return path.removeprefix(".")


def within(steps: tuple[Step, ...], message: str, fields: Container[str]) -> tuple[str, str]:
    """
    Return the path that a message is about, and the rest of the message.

    A validator of a whole type begins its message with the field at fault: `default: ...`, or
    `maxRuns has ...`, where the word belongs to the sentence. One of a single field may do so too;
    the path ends with that field already.

    Args:
        steps: Where the validator is.
        message: What it says.
        fields: The fields of the object there, if it is one.

    """
    match = FIELD_FIRST.fullmatch(message)
    if match is None:
        return path_of(steps), message
    if match["field"] in fields:
        steps = (*steps, match["field"])
    elif not steps or match["field"] != steps[-1]:
        return path_of(steps), message
    return f"{path_of(steps)}{match['rest'] or ''}", match["message"] or message
