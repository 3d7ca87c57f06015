"""
The answers to deliveries: each situation with its status and its words.

A sender learns nothing before it has proved who it is. Knows HTTP's numbers; sends nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 2000
"""The most characters of a message: some senders show it, and keep it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told."""

    status: int
    reason: str
    """One word for machines, and for the metrics."""
    message: str = ""
    """One sentence for people."""
    run: str | None = None
    """The run of the delivery."""
    retry_seconds: int | None = None
    """After which the sender may try again."""

    @property
    def body(self) -> Mapping[str, str]:
        """The answer as JSON."""
        run = {} if self.run is None else {"run": self.run}
        message = {"message": self.message[:LONGEST]} if self.message else {}
        return {**run, "reason": self.reason, **message}

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers besides the usual ones."""
        return {} if self.retry_seconds is None else {"Retry-After": str(self.retry_seconds)}


REFUSED: Final = Answer(401, "Refused", "the delivery was refused")
"""No such workflow, no webhook, or no signature that fits: the sender cannot tell which."""

TOO_LARGE: Final = Answer(413, "TooLarge", "the body has more than 256 KiB")
TOO_SLOW: Final = Answer(408, "TooSlow", "the body did not arrive in time")
PING: Final = Answer(200, "Ping", "the signature fits; a ping starts no run")
SUSPENDED: Final = Answer(200, "Suspended", "the workflow is suspended: no trigger starts a run")
NOT_WANTED: Final = Answer(200, "NotWanted", "when is false: the delivery starts no run")
LATER: Final = Answer(
    503, "TryLater", "no run was stored; deliver it again, with the same id", retry_seconds=10
)


def started(run: str) -> Answer:
    """Return the answer to a delivery whose run is stored."""
    return Answer(201, "Started", run=run)


def repeated(run: str) -> Answer:
    """Return the answer to a delivery whose run was stored before."""
    return Answer(200, "Repeated", "the delivery has started this run before", run=run)


def unusable(problems: Sequence[str]) -> Answer:
    """Return the answer to a delivery that gives no run of the workflow."""
    return Answer(422, "Unusable", "; ".join(problems))


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery, as it came in."""

    namespace: str
    workflow: str
    headers: Mapping[str, str] = field(repr=False)
    """By name in lower case."""
    body: bytes = field(repr=False)
