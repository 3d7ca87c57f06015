"""
Patterns that people write for texts: matched in linear time, whatever the pattern and the text.

Knows the syntax of Rust's regular expressions, which RE2 and CEL share: no look-around and no
references back (https://docs.rs/regex/latest/regex/#syntax).
"""

from functools import lru_cache
from typing import Final

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

LONGEST_CAUSE: Final = 120


def unreadable(pattern: str) -> str | None:
    """Return why a pattern cannot be read; None: it can."""
    try:
        _reader(pattern)
    except SchemaError as error:
        lines = str(error).strip().splitlines()
        cause = lines[-1].strip().removeprefix("error: ")
        return cause[:LONGEST_CAUSE]
    return None


def fits(pattern: str, text: str) -> bool:
    """Return whether the whole of a text matches a pattern that can be read."""
    try:
        _reader(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=256)
def _reader(pattern: str) -> SchemaValidator:
    whole = rf"\A(?:{pattern})\z"
    return SchemaValidator(core_schema.str_schema(pattern=whole, regex_engine="rust-regex"))
