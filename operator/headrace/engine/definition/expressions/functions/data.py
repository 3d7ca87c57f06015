"""`json(string)` and `hash(string)`: values from texts."""

import json
from hashlib import sha256
from typing import Any, NoReturn

from headrace.engine.definition.expressions.functions.function import Function, Kind


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"the text is no JSON: {error}") from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


DATA = (
    Function("json", Kind.ANY, (Kind.STRING,), _json),
    Function("hash", Kind.STRING, (Kind.STRING,), _hash),
)
