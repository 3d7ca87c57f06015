"""What is kept of the past: `headrace.engine.retention`."""

from datetime import UTC, datetime, timedelta

import pytest

from headrace.api.v1alpha1.workflow import History
from headrace.engine.retention import FinishedRun, expired_runs, next_expiry, unused_revisions

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def good(name: str, minute: int = 0) -> FinishedRun:
    """Return a run that succeeded at a minute after noon."""
    return FinishedRun(name, NOON + timedelta(minutes=minute), succeeded=True)


def bad(name: str, minute: int = 0) -> FinishedRun:
    """Return a run that failed at a minute after noon."""
    return FinishedRun(name, NOON + timedelta(minutes=minute), succeeded=False)


@pytest.mark.parametrize(
    ("runs", "history", "want"),
    [
        pytest.param([], History(), (), id="nothing to delete"),
        pytest.param(
            [good("a", 1), good("b", 2), good("c", 3)],
            History(successful_runs=1),
            ("a", "b"),
            id="the oldest go first",
        ),
        pytest.param(
            [good("a", 1), bad("b", 2), bad("c", 3)],
            History(successful_runs=1, failed_runs=1),
            ("b",),
            id="failures are counted apart",
        ),
        pytest.param(
            [good("a", 0), good("b", 50)],
            History(ttl_seconds_after_finished=3600),
            ("a",),
            id="an old run goes whatever the counts say",
        ),
        pytest.param(
            [good("b", 1), good("a", 1)],
            History(successful_runs=1),
            ("a",),
            id="equal ages go by name",
        ),
        pytest.param([good("a")], History(successful_runs=0), ("a",), id="none are kept"),
    ],
)
def test_expired_runs(runs: list[FinishedRun], history: History, want: tuple[str, ...]) -> None:
    """Runs beyond the history are named, oldest first."""
    assert want == expired_runs(runs, history, NOON + timedelta(hours=1))


def test_the_next_expiry_is_that_of_the_oldest() -> None:
    """A run with a time to live is looked at again when the first one is over."""
    history = History(ttl_seconds_after_finished=60)

    assert NOON + timedelta(minutes=1) == next_expiry([good("a", 5), good("b", 0)], history)
    assert next_expiry([good("a")], History()) is None


def test_revisions_go_when_nobody_names_them() -> None:
    """Only revisions that neither a run nor the workflow names are deleted."""
    assert ("r1",) == unused_revisions(["r1", "r2", "r3"], ["r2", "r3", "r9"])
