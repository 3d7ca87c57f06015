"""`json(string)` and `hash(string)`: values from texts."""

import json
from hashlib import sha256
from typing import Any, NoReturn

from headrace.engine.definition.expressions.functions.function import Function, Kind

NULL = b"\\u0000"

LONGEST_NUMBER = 20
"""The most characters of a whole number of 64 bits."""


def _json(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_number, parse_int=_whole)
        written = json.dumps(value, ensure_ascii=False).encode()  # Refuses halves of characters.
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the text is no JSON: {error}") from None
    if NULL in written:
        raise ValueError("a null character cannot be in the result of a function")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER or (number := int(digits)).bit_length() > 63:  # noqa: PLR2004
        raise ValueError(f"{digits[:LONGEST_NUMBER]} is too large: whole numbers have 64 bits")
    return number


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


DATA = (
    Function("json", Kind.ANY, (Kind.STRING,), _json),
    Function("hash", Kind.STRING, (Kind.STRING,), _hash),
)
