"""
How a call to the API server can fail.

Knows the API server's `Status` object. Does not know what a failed call was meant for,
or what to do about it: that is for the caller, who asks the questions at the end of this module.
"""

from typing import Final

import msgspec

TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may well succeed: the server is busy, starting or away."""

_LONGEST_TEXT: Final = (
    500  # Characters kept of an answer that is not a Status, e.g. a proxy's page.
)


class ClusterError(Exception):
    """A call to the API server did not do what was asked."""


class UnreachableError(ClusterError):
    """No answer came: refused, reset, timed out. A write may have taken effect all the same."""


class SilentError(UnreachableError):
    """A stream that stands brought nothing for longer than a living one can be silent."""


class GarbledError(ClusterError):
    """The API server's answer is not what it should be. A write has taken effect all the same."""


class TooLargeError(ClusterError):
    """The answer is larger than its reader takes. It was broken off."""


class FencedError(ClusterError):
    """A write was not sent, because this process may no longer be the one that leads."""


class Cause(msgspec.Struct, frozen=True):
    """One thing that is wrong with an object: its field, and what the API server says of it."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StaleError(ClusterError):
    """A write met a newer object than the one that was decided upon. Look again."""


class ApiError(ClusterError):
    """
    The API server answered, and the answer is no.

    Attributes:
        status: The HTTP status, e.g. 409.
        reason: The API server's one word for it, e.g. `AlreadyExists`; empty if it gave none.
        message: Its sentence, for people.
        causes: What is wrong with which field, if it said so (422, some 403 and 409).
        retry_after: Seconds that it asks to wait before the next try; None if it did not ask.

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
    Make the error out of a failed answer.

    Args:
        status: The HTTP status; 0 takes the code that the body carries (an ERROR event of a watch).
        body: What the server sent: a `Status` in JSON, or a proxy's page, or nothing.
        retry_after: The `Retry-After` header, in seconds. A date is not understood and ignored.

    """
    try:
        told = _decode_status(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _Status(message=body[:_LONGEST_TEXT].decode(errors="replace").strip())
    details = told.details or _Details()
    wait = float(retry_after) if retry_after and retry_after.isdecimal() else None
    return ApiError(
        status or told.code or 500,
        told.reason,
        told.message,
        causes=details.causes or (),
        retry_after=details.retry_after_seconds if wait is None else wait,
    )


def _answered(error: BaseException, status: int) -> bool:
    return isinstance(error, ApiError) and error.status == status


def not_found(error: BaseException) -> bool:
    """Tell whether the object, or the namespace or kind it would be in, does not exist."""
    return _answered(error, 404)


def already_exists(error: BaseException) -> bool:
    """Tell whether a create failed because the name is taken."""
    return isinstance(error, ApiError) and (error.status, error.reason) == (409, "AlreadyExists")


def conflict(error: BaseException) -> bool:
    """Tell whether the object has changed since it was read, or has another uid."""
    return _answered(error, 409) and not already_exists(error)


def forbidden(error: BaseException) -> bool:
    """Tell whether a right is missing, a quota is full, or an admission rule refused."""
    return _answered(error, 403)


def invalid(error: BaseException) -> bool:
    """Tell whether the object itself is wrong (422; 400 if fields are unknown): no retry helps."""
    return _answered(error, 422) or _answered(error, 400)


def of_another(error: BaseException) -> bool:
    """Tell whether a write named a uid, and the object of that name has another."""
    causes = error.causes if isinstance(error, ApiError) else ()
    return invalid(error) and any(cause.field == "metadata.uid" for cause in causes)


def gone(error: BaseException) -> bool:
    """Tell whether what was asked for is too old to be told: list again."""
    return _answered(error, 410)


def transient(error: BaseException) -> bool:
    """Tell whether the same request, sent again, may succeed."""
    return isinstance(error, UnreachableError) or (
        isinstance(error, ApiError) and error.status in TRANSIENT
    )


def retry_after(error: BaseException) -> float | None:
    """Return the seconds for which the API server asks to be left in peace, if it does."""
    return error.retry_after if isinstance(error, ApiError) else None
