"""How a task ends, and how that looks to others: `headrace.engine.outcome`."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import LOOKS, Ended, Look, Outcome


@pytest.mark.parametrize(
    ("end", "want"),
    [
        (Ended(Outcome.SUCCEEDED, Reason.SUCCEEDED), Look.SUCCESS),
        (Ended(Outcome.FAILED, Reason.NON_ZERO_EXIT), Look.FAILURE),
        (Ended(Outcome.CANCELLED, Reason.CANCELLED), Look.CANCELLATION),
        (Ended(Outcome.SKIPPED, Reason.RULE_UNMET), Look.SKIP),
        (Ended(Outcome.OMITTED, Reason.RULE_UNMET), Look.SKIP),
        (Ended(Outcome.OMITTED, Reason.UPSTREAM_FAILED), Look.FAILURE),
    ],
)
def test_look(end: Ended, want: Look) -> None:
    """An omitted task looks skipped, unless a failure was the cause (Airflow's upstream_failed)."""
    assert want is end.look


def test_every_outcome_has_a_look() -> None:
    """Also those that come later."""
    assert set(Outcome) == LOOKS.keys()
