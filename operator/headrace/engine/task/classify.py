"""
From an attempt's end to a published reason, and to a kind: whose fault it is.

Knows one attempt's end. Does not know retries.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import Output
from headrace.engine.task.declared import check_declared
from headrace.engine.task.observed import Answered, Ending
from headrace.engine.text import LONGEST_WORDS, clip

MAX_OUTPUT_BYTES = 4096
"""The most bytes of a termination message (Kubernetes, `terminationMessagePath`)."""

MAX_OUTPUT_DEPTH = 32
"""How deep outputs may be nested: any JSON library can read such a status."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""The replacement for bytes that are not UTF-8; the kubelet uses the same."""
_UNREADABLE_GROWTH = len(UNREADABLE.encode()) - 1


class Kind(StrEnum):
    """Whose fault a failed attempt is, and so which budget it uses."""

    USER = "user"
    INFRASTRUCTURE = "infrastructure"
    DEFINITION = "definition"
    """No retry can help."""


KINDS: dict[Reason, Kind] = {
    Reason.NON_ZERO_EXIT: Kind.USER,
    Reason.OOM_KILLED: Kind.USER,
    Reason.ATTEMPT_TIMEOUT: Kind.USER,
    Reason.PENDING_TIMEOUT: Kind.USER,
    Reason.INVALID_OUTPUTS: Kind.USER,
    Reason.START_ERROR: Kind.USER,
    Reason.RUN_FAILED: Kind.USER,
    Reason.EVICTED: Kind.INFRASTRUCTURE,
    Reason.PREEMPTED: Kind.INFRASTRUCTURE,
    Reason.NODE_LOST: Kind.INFRASTRUCTURE,
    Reason.POD_DELETED: Kind.INFRASTRUCTURE,
    Reason.JOB_DELETED: Kind.INFRASTRUCTURE,
    Reason.APPROVAL_DELETED: Kind.INFRASTRUCTURE,
    Reason.APPROVAL_NOT_GUARDED: Kind.INFRASTRUCTURE,
    Reason.INTERRUPTED: Kind.INFRASTRUCTURE,
    Reason.RUN_DELETED: Kind.INFRASTRUCTURE,
    Reason.RUN_CANCELLED: Kind.DEFINITION,
    Reason.APPROVAL_TIMEOUT: Kind.DEFINITION,
    Reason.REJECTED: Kind.DEFINITION,
    Reason.ADMISSION_DENIED: Kind.DEFINITION,
    Reason.INVALID_IMAGE_NAME: Kind.DEFINITION,
    Reason.NAME_TAKEN: Kind.DEFINITION,
}


@dataclass(frozen=True, slots=True)
class Success:
    """The attempt succeeded."""

    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The attempt failed."""

    reason: Reason
    message: str


End = Success | Failure
"""How an attempt ended."""


def classify(ending: Ending, declared: Sequence[Output] = ()) -> End:
    """Judge the end of an attempt, also by the outputs that its task declares."""
    if ending.reason is not None:
        return Failure(ending.reason, ending.message)
    if ending.answer is not None:
        return _answered(ending.answer, ending.message)
    code = ending.progress.exit_code
    if code is None:
        return Failure(
            Reason.START_ERROR, ending.message or "the attempt ended, and its result is not known"
        )
    if code != 0:
        return Failure(Reason.NON_ZERO_EXIT, ending.message or exit_words(code))
    try:
        outputs = read_outputs(ending.output, ending.output_bytes)
        check_declared(declared, outputs)
    except ValueError as error:
        return Failure(Reason.INVALID_OUTPUTS, str(error))
    return Success(outputs)


def _answered(answer: Answered, message: str) -> Success | Failure:
    """Judge what people answered."""
    if answer.fails:
        return Failure(Reason.REJECTED, message)
    outputs = {"choice": answer.choice, "by": answer.by, "comment": answer.comment}
    return Success(outputs)


def exit_words(code: int, hint: str = "", own: str = "") -> str:
    """
    Return how a failed program ended.

    Args:
        code: Its exit code.
        hint: The usual meaning of the code, to follow it.
        own: The program's last words, written in place of outputs.

    """
    how, own = f"ended with exit code {code}{hint}", own.strip()
    return f"{how}: {clip(own, LONGEST_WORDS)}" if own else how


def read_outputs(text: str, written: int | None = None) -> Mapping[str, Any] | None:
    """
    Read the outputs of a task; None if it wrote nothing.

    Args:
        text: The kept part of the outputs. Bytes that are not UTF-8 are U+FFFD.
        written: How many bytes the task wrote, if the world knows.

    Raises:
        ValueError: The outputs are too large or not one JSON object; the text names the cure.

    """
    if not text.strip():
        return None
    size = _least_bytes(text) if written is None else written
    if size > MAX_OUTPUT_BYTES:
        raise ValueError(_too_large(written))
    try:
        outputs = json.loads(
            text, parse_constant=_no_number, parse_float=_fraction, parse_int=_whole
        )
    except (ValueError, RecursionError) as error:
        if size == MAX_OUTPUT_BYTES and written is None:
            # The kubelet cuts at the limit: the rest of a full text that cannot be read is missing.
            raise ValueError(_too_large(None)) from None
        _check_encoding(text)
        raise ValueError(f"outputs are not JSON: {error}; write one JSON object") from None
    _check_encoding(text)
    if not isinstance(outputs, dict):
        kind = type(outputs).__name__
        raise ValueError(f"outputs are a JSON {kind}; write one JSON object")  # noqa: TRY004 - bad input, not a bad call
    _check_depth(outputs)
    _check_text(outputs)
    return outputs


def _least_bytes(text: str) -> int:
    """Return how many bytes a text had at least: U+FFFD replaces a byte that could not be read."""
    return len(text.encode(errors="replace")) - text.count(UNREADABLE) * _UNREADABLE_GROWTH


def _too_large(written: int | None) -> str:
    have = f"more than {MAX_OUTPUT_BYTES}" if written is None else str(written)
    return (
        f"outputs have at most {MAX_OUTPUT_BYTES} bytes, these have {have}; "
        f"store the value and give its URI as the output"
    )


def _check_encoding(text: str) -> None:
    """Refuse a text with a value that was changed in silence, as Kubernetes does."""
    if UNREADABLE in text:
        raise ValueError(
            "outputs are not UTF-8: they have a byte that cannot be read, or U+FFFD in its place;"
            " write the file as UTF-8, or with ASCII characters only"
        )


def _check_depth(outputs: object) -> None:
    level = [outputs]
    for _ in range(MAX_OUTPUT_DEPTH):
        inside = (inner for value in level for inner in _inside(value))
        level = [inner for inner in inside if isinstance(inner, (dict, list))]
    if level:
        raise ValueError(f"outputs are nested deeper than {MAX_OUTPUT_DEPTH}; make them flatter")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check_text(outputs: Mapping[str, Any]) -> None:
    try:
        json.dumps(outputs, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(
            "outputs have half of a character (a lone \\ud800 or the like); write valid Unicode"
        ) from None


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a JSON number")


def _fraction(digits: str) -> float:
    number = float(digits)
    return number if isfinite(number) else _no_number(digits)


def _whole(digits: str) -> int:
    """Read a whole number, if the API server can keep it unchanged."""
    number = int(digits)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{digits[:20]}… has more than 64 bits; write it as a text")
    return number
