"""The status of a Backfill, there and back: `headrace.manifests.backfill_status`."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Schedule
from headrace.engine.backfill.observed import BackfillLog
from headrace.engine.places import NO_PLACES, Places
from headrace.manifests.backfill_status import (
    backfill_status,
    read_backfill_status,
    settled_of,
)
from headrace.manifests.conditions import Past
from support.statuses import COUNT, PLACES, REASONS, TEXTS, TIMES, WORDS

BORN = datetime(2030, 1, 1, tzinfo=UTC)
PAST = Past(BORN)
SCHEDULES = st.sampled_from(
    [Schedule(cron="30 2 * * *", time_zone="Europe/Berlin"), Schedule(every_seconds=900)]
)
LOGS = st.builds(
    BackfillLog,
    reason=REASONS,
    message=TEXTS,
    begun=st.none() | TIMES,
    observed_generation=COUNT,
    schedules=st.none() | st.lists(SCHEDULES, max_size=3).map(tuple),
    total=st.just(12),
    started=PLACES,
    good=PLACES,
    bad=PLACES,
    skipped=PLACES,
    next=st.none() | TIMES,
    names=st.lists(WORDS, max_size=3).map(tuple),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a loaded machine
@given(LOGS)
def test_what_is_written_is_read_back(log: BackfillLog) -> None:
    """Nothing of a log is lost in a status."""
    assert log == read_backfill_status(backfill_status(log, PAST))
    assert log.settled == settled_of(backfill_status(log, PAST))


def states(log: BackfillLog) -> dict[str, str]:
    """Return the status of each condition."""
    return {each["type"]: each["status"] for each in backfill_status(log, PAST)["conditions"]}


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"reason": Reason.RUNNING}, "Unknown Unknown True False", id="it goes on"),
        pytest.param(
            {"reason": Reason.DRY_RUN}, "Unknown True False False", id="a dry run is ready"
        ),
        pytest.param(
            {"reason": Reason.WORKFLOW_NOT_FOUND},
            "Unknown Unknown False True",
            id="somebody has to act",
        ),
        pytest.param(
            {"reason": Reason.SUCCEEDED, "finished": BORN, "succeeded": True},
            "True True False False",
            id="it succeeded",
        ),
        pytest.param(
            {"reason": Reason.FAILED, "finished": BORN, "succeeded": False},
            "False False False True",
            id="it failed",
        ),
    ],
)
def test_conditions_are_those_that_tools_read(fields: dict[str, Any], want: str) -> None:
    """Succeeded, Ready, Reconciling and Stalled."""
    found = states(BackfillLog(**fields))
    types = ("Succeeded", "Ready", "Reconciling", "Stalled")
    assert dict(zip(types, want.split(), strict=True)) == found
    assert (fields.get("succeeded"), fields["reason"]) == (
        read_backfill_status(backfill_status(BackfillLog(**fields), PAST)).succeeded,
        fields["reason"],
    )


@pytest.mark.parametrize(
    "garbled", [{}, {"ticks": 3}, {"ticks": {"succeeded": "x", "failed": 7}}, {"ticks": None}]
)
def test_a_garbled_status_has_counted_nothing(garbled: dict[str, Any]) -> None:
    """So the history keeps the runs."""
    assert NO_PLACES == settled_of(garbled)


def test_the_ranges_of_the_largest_backfill_fit() -> None:
    """Every second of ten thousand runs failed."""
    places = Places.of(range(0, 10_000, 2))
    status = backfill_status(BackfillLog(total=10_000, started=places, bad=places), PAST)
    assert places == settled_of(status)
