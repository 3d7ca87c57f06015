"""
The ways in which a request of a person can fail, each as one sentence with its cure.

Knows the API server's `Status` object. Does not know the purpose of a request.
"""

import json
from typing import Any, Final

_LONGEST: Final = 500
"""Characters kept of an answer that is no Status, such as a proxy's page."""


class AccessError(Exception):
    """A request failed. The text is one sentence for people."""


class NoClusterError(AccessError):
    """No cluster can be asked: nothing names one, it does not answer, or it rejects our login."""


class NotConfiguredError(NoClusterError):
    """Nothing on this machine names a cluster."""


class RefusedError(AccessError):
    """
    The API server said no.

    Attributes:
        status: The HTTP status.
        reason: The API server's one word for it; empty if it gave none.
        message: The API server's sentence.
        name: The object that it speaks of; empty if it names none.

    """

    def __init__(self, status: int, reason: str = "", message: str = "", name: str = "") -> None:
        super().__init__(message or f"the API server answered with status {status}")
        self.status = status
        self.reason = reason
        self.message = message
        self.name = name

    @property
    def missing(self) -> bool:
        """Whether the object, or its kind, does not exist."""
        return self.status == 404  # noqa: PLR2004 - HTTP's number

    @property
    def kind_missing(self) -> bool:
        """Whether the cluster does not have the kind at all: then no name is in the answer."""
        return self.missing and not self.name

    @property
    def forbidden(self) -> bool:
        """Whether a right is missing, or an admission rule refused."""
        return self.status == 403  # noqa: PLR2004 - HTTP's number


def refused(status: int, body: bytes) -> RefusedError:
    """Return the error of an answer."""
    try:
        answer: Any = json.loads(body)
        details = answer.get("details") or {}
        return RefusedError(
            status,
            str(answer.get("reason", "")),
            str(answer.get("message", "")),
            str(details.get("name", "")),
        )
    except (ValueError, AttributeError):
        return RefusedError(status, message=body[:_LONGEST].decode(errors="replace").strip())
