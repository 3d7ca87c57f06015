"""
How an attempt ended: into a reason of the published list, and a kind that says who is at fault.

Knows one attempt's end. Does not know retries.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.run import Ending

MAX_OUTPUT_BYTES = 4096
"""What a termination message can hold (Kubernetes, `terminationMessagePath`)."""


class Kind(StrEnum):
    """Who is at fault for a failed attempt, and so which budget it uses."""

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
    Reason.EVICTED: Kind.INFRASTRUCTURE,
    Reason.PREEMPTED: Kind.INFRASTRUCTURE,
    Reason.NODE_LOST: Kind.INFRASTRUCTURE,
    Reason.POD_DELETED: Kind.INFRASTRUCTURE,
    Reason.JOB_DELETED: Kind.INFRASTRUCTURE,
    Reason.INTERRUPTED: Kind.INFRASTRUCTURE,
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


def classify(ending: Ending) -> Success | Failure:
    """Judge the end of an attempt, from what the world says of it."""
    if ending.reason is not None:
        return Failure(ending.reason, ending.message)
    if ending.exit_code != 0:
        return Failure(
            Reason.NON_ZERO_EXIT, ending.message or f"ended with exit code {ending.exit_code}"
        )
    try:
        return Success(read_outputs(ending.output))
    except ValueError as error:
        return Failure(Reason.INVALID_OUTPUTS, str(error))


def read_outputs(text: str) -> Mapping[str, Any] | None:
    """
    Read what a task wrote as its outputs; None if it wrote nothing.

    Raises:
        ValueError: if it is too large or not one JSON object; the text names the cure.

    """
    if not text.strip():
        return None
    # Counted in bytes, and >=: the kubelet cuts at the limit, so a full message may be a part.
    size = len(text.encode())
    if size >= MAX_OUTPUT_BYTES:
        raise ValueError(
            f"outputs must be smaller than {MAX_OUTPUT_BYTES} bytes, these have {size} or more; "
            f"store the value and give its URI as the output"
        )
    try:
        outputs = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"outputs are not JSON: {error}; write one JSON object") from None
    if not isinstance(outputs, dict):
        kind = type(outputs).__name__
        raise ValueError(f"outputs are a JSON {kind}; write one JSON object")  # noqa: TRY004 - bad input, not a bad call
    return outputs
