"""
What the expressions of a webhook read: the body as JSON, and the headers.

Knows JSON and what must not be read. Does not know what senders write.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from headrace.receiver.signatures import SIGNATURES

HIDDEN: Final = SIGNATURES | {"authorization", "cookie", "proxy-authorization"}
"""Headers that no expression reads: they would end up in a run, for all to see."""

FORM: Final = "application/x-www-form-urlencoded"


class PayloadError(ValueError):
    """The body is no JSON. The message says what to send."""


def readable(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that expressions may read."""
    return {name: value for name, value in headers.items() if name not in HIDDEN}


def payload(body: bytes, headers: Mapping[str, str]) -> Any:
    """
    Return the body as JSON values.

    Raises:
        PayloadError: It is none.

    """
    if headers.get("content-encoding", "identity") != "identity":
        raise PayloadError("the body is compressed; send it as it is")
    try:
        return json.loads(body.decode(), parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError) as error:
        # Only now: curl says so of any body.
        if headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            raise PayloadError("the body is a form; let the sender send JSON") from None
        raise PayloadError(f"the body is no JSON in UTF-8: {error}") from None
    except RecursionError:
        raise PayloadError("the body is nested too deeply") from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
