"""
The digest of a list of items: the same items in the same order have the same one.

Knows JSON. Knows no task.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from headrace.engine.definition.expressions.results import as_text

LENGTH: Final = 32
"""How many characters of the hash are kept: 128 bits."""


def digest_of(items: Sequence[Any]) -> str:
    """Return the digest of items."""
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_instant)
    written = sha256()
    for item in items:
        written.update(encoder.encode(item).encode())
        written.update(b"\n")
    return written.hexdigest()[:LENGTH]


def _instant(value: Any) -> str:
    """Return an instant as the program of an item sees it."""
    assert isinstance(value, datetime)  # noqa: S101 - all else is JSON
    return as_text(value)
