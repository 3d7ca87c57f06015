"""
The end of a task, and how the tasks that wait for it see this end.

Knows no attempts and no rules.
"""

from dataclasses import dataclass
from enum import StrEnum

from headrace.api.v1alpha1.reasons import Reason


class Outcome(StrEnum):
    """The outcome of a task. A known outcome never changes."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    OMITTED = "Omitted"
    CANCELLED = "Cancelled"


class Look(StrEnum):
    """How the tasks that wait for a task see its outcome."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLATION = "cancellation"
    """Counts as a failure in each rule. A task that is left out because of it is cancelled too."""
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
        How the tasks that wait for it see the end.

        A failure upstream that left the task out is passed on (Airflow's `upstream_failed`).
        """
        if self.reason is Reason.UPSTREAM_FAILED:
            return Look.FAILURE
        return LOOKS[self.outcome]
