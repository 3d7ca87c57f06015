"""
Suggestions for a mistake: similar names, fields in other places, patterns in words.

Knows the patterns of the API. Knows no error and no kind of resource.
"""

import re
from collections.abc import Iterator
from typing import Any

from headrace.api.schema.patterns import ANY_WORD

Schema = dict[str, Any]

LONGEST_QUOTE = 80


UNITS_LOWER = {"kb": "k", "mb": "M", "gb": "G", "tb": "T", "ki": "Ki", "mi": "Mi", "gi": "Gi"}


def quoted(text: Any) -> str:
    """Return a text in quotes, shortened."""
    return repr(clipped(str(text)))


def clipped(text: str) -> str:
    """Return a text, shortened."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def misplaced(name: str, around: Schema) -> str:
    """Return the path of a misplaced field, if it belongs deeper in."""
    places = sorted(_places(name, around), key=len)
    return f"did you mean {places[0]!r}?" if places else ""


def _places(name: str, schema: Schema, at: str = "") -> Iterator[str]:
    """Find fields with a name, deeper in."""
    for field, inner in schema.get("properties", {}).items():
        path = f"{at}.{field}" if at else field
        if field == name:
            yield path
        yield from _places(name, inner, path)
    if "items" in schema:
        yield from _places(name, schema["items"], f"{at}[]")


def repaired(text: str, pattern: str) -> str | None:
    """Return the probable intention of a text, if it is allowed."""
    tries = (
        text.strip(),
        re.sub(r"[\s_.]+", "-", text.strip()).lower().strip("-"),
        re.sub(r"[\s.-]+", "_", text.strip()),
        _in_known_unit(text.strip()),
    )
    if pattern == ANY_WORD:
        return None
    return next((new for new in tries if new != text and re.search(pattern, new)), None)


def _in_known_unit(text: str) -> str:
    """Write an amount with the unit of Kubernetes: 4GB becomes 4G."""
    match = re.fullmatch(r"([0-9.]+)\s*([A-Za-z]*)", text)
    if match is None:
        return text
    return match[1] + UNITS_LOWER.get(match[2].lower(), match[2])
