"""
Paths as text that a database can hold.

The name of a folder may have any bytes but two. Knows nothing of what is in one.
"""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

_SCHEME = "file://"


def text_of(path: str) -> str:
    """Return an absolute path as text: itself, or a URI if its name is not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return Path(path).as_uri()
    return path


def path_of(text: str) -> str:
    """Return the path that `text_of` wrote."""
    if not text.startswith(_SCHEME):
        return text
    return os.fsdecode(unquote_to_bytes(text.removeprefix(_SCHEME)))
