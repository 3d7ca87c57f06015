"""
The ways in which a call to the API server can fail.

Knows the API server's `Status` object. Does not know the purpose of a failed call, or what follows.
The caller decides, with the questions at the end of this module.
"""

from typing import Final

import msgspec

TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may well succeed: the server is busy, starting or away."""

_LONGEST_TEXT: Final = (
    500  # Characters kept of an answer that is not a Status, e.g. a proxy's page.
)


class ClusterError(Exception):
    """A call to the API server failed."""


class UnreachableError(ClusterError):
    """No answer arrived: refused, reset, timed out. A write may still have taken effect."""


class SilentError(UnreachableError):
    """A stream was silent for longer than a live one can be."""


class GarbledError(ClusterError):
    """The API server's answer cannot be read. A write has still taken effect."""


class TooLargeError(ClusterError):
    """The answer is larger than its limit. Reading has stopped."""


class FencedError(ClusterError):
    """A write was not sent, because this process may no longer lead."""


class Cause(msgspec.Struct, frozen=True):
    """One problem of an object: its field, and the API server's message."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StaleError(ClusterError):
    """A write met a newer object than the decision. Look again."""


class ApiError(ClusterError):
    """
    The API server answered with an error.

    Attributes:
        status: The HTTP status, e.g. 409.
        reason: The API server's one word for it, e.g. `AlreadyExists`; empty if it gave none.
        message: The API server's sentence for people.
        causes: The problems by field, if there are any (422, some 403 and 409).
        retry_after: Seconds to wait before the next try; None if the server names none.

    """

    def __init__(
        self,
        status: int,
        reason: str = "",
        message: str = "",
        *,
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}" if reason else f"{status}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retry_after = retry_after


class _Details(msgspec.Struct, rename="camel"):
    causes: tuple[Cause, ...] | None = None
    retry_after_seconds: int | None = None


class _Status(msgspec.Struct):
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_decode_status = msgspec.json.Decoder(_Status).decode


def api_error(status: int, body: bytes, retry_after: str | None = None) -> ApiError:
    """
    Create the error of a failed answer.

    Args:
        status: The HTTP status; 0 takes the code that the body carries (an ERROR event of a watch).
        body: What the server sent: a `Status` in JSON, or a proxy's page, or nothing.
        retry_after: The `Retry-After` header, in seconds. A date is ignored.

    """
    try:
        answer = _decode_status(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _Status(message=body[:_LONGEST_TEXT].decode(errors="replace").strip())
    details = answer.details or _Details()
    wait = float(retry_after) if retry_after and retry_after.isdecimal() else None
    return ApiError(
        status or answer.code or 500,
        answer.reason,
        answer.message,
        causes=details.causes or (),
        retry_after=details.retry_after_seconds if wait is None else wait,
    )


def _answered(error: BaseException, status: int) -> bool:
    return isinstance(error, ApiError) and error.status == status


def not_found(error: BaseException) -> bool:
    """Return whether the object, its namespace or its kind does not exist."""
    return _answered(error, 404)


def already_exists(error: BaseException) -> bool:
    """Return whether a create failed because the name is taken."""
    return isinstance(error, ApiError) and (error.status, error.reason) == (409, "AlreadyExists")


def conflict(error: BaseException) -> bool:
    """Return whether the object has changed since it was read, or has another uid."""
    return _answered(error, 409) and not already_exists(error)


def forbidden(error: BaseException) -> bool:
    """Return whether a right is missing, a quota is full, or an admission rule refused."""
    return _answered(error, 403)


def invalid(error: BaseException) -> bool:
    """Return whether the object itself is wrong (422; 400 for unknown fields): no retry helps."""
    return _answered(error, 422) or _answered(error, 400)


def of_another(error: BaseException) -> bool:
    """Return whether the object of that name has another uid than the write."""
    causes = error.causes if isinstance(error, ApiError) else ()
    return invalid(error) and any(cause.field == "metadata.uid" for cause in causes)


def gone(error: BaseException) -> bool:
    """Return whether the requested version is too old for the server: list again."""
    return _answered(error, 410)


def transient(error: BaseException) -> bool:
    """Return whether the same request may succeed later."""
    return isinstance(error, UnreachableError) or (
        isinstance(error, ApiError) and error.status in TRANSIENT
    )


def retry_after(error: BaseException) -> float | None:
    """Return the seconds that the API server asks to wait, if it does."""
    return error.retry_after if isinstance(error, ApiError) else None
