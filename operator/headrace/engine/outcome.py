"""
How a task ends, and how its end looks to the tasks that wait for it.

Knows no attempts and no rules.
"""

from dataclasses import dataclass
from enum import StrEnum

from headrace.api.v1alpha1.reasons import Reason


class Outcome(StrEnum):
    """How a task ended. Never changes once it is known."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    OMITTED = "Omitted"
    CANCELLED = "Cancelled"


class Look(StrEnum):
    """What those who wait for a task see of its outcome."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLATION = "cancellation"
    """A failure to every rule; what is left out because of it counts as cancelled too."""
    SKIP = "skip"


LOOKS = {
    Outcome.SUCCEEDED: Look.SUCCESS,
    Outcome.FAILED: Look.FAILURE,
    Outcome.CANCELLED: Look.CANCELLATION,
    Outcome.SKIPPED: Look.SKIP,
    Outcome.OMITTED: Look.SKIP,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a task."""

    outcome: Outcome
    reason: Reason
    message: str = ""

    @property
    def look(self) -> Look:
        """
        What those who wait for the task see.

        A failure upstream that left the task out is passed on (Airflow's `upstream_failed`).
        """
        if self.reason is Reason.UPSTREAM_FAILED:
            return Look.FAILURE
        return LOOKS[self.outcome]
