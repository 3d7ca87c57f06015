"""How many runs of a backfill may start: `headrace.engine.backfill.room`."""

import pytest

from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.backfill.room import crowded, room
from support.backfill_builders import other


def policy(name: str, max_runs: int | None = None) -> Concurrency:
    """Return a concurrency."""
    return Concurrency(policy=ConcurrencyPolicy(name), max_runs=max_runs)


@pytest.mark.parametrize(
    ("max_active", "concurrency", "own", "others", "want"),
    [
        pytest.param(3, policy("Allow"), 0, 0, 3, id="maxActive alone counts under Allow"),
        pytest.param(3, policy("Allow"), 2, 9, 1, id="runs of others do not count under Allow"),
        pytest.param(3, policy("Allow"), 4, 0, 0, id="maxActive was lowered"),
        pytest.param(5, policy("Allow", 4), 1, 1, 2, id="maxRuns counts the runs of all"),
        pytest.param(5, policy("Queue", 2), 0, 2, 0, id="the line of others goes first"),
        pytest.param(5, policy("Queue"), 0, 0, 1, id="Queue has one run at a time"),
        pytest.param(5, policy("Forbid"), 0, 0, 1, id="so has Forbid"),
        pytest.param(5, policy("Forbid"), 0, 1, 0, id="nothing starts beside a run under Forbid"),
        pytest.param(5, policy("Replace"), 1, 0, 0, id="Replace has one run at a time"),
        pytest.param(5, policy("Queue"), 0, 7, 0, id="a long line is no negative number"),
    ],
)
def test_room_is_the_smaller_of_two_limits(
    max_active: int, concurrency: Concurrency, own: int, others: int, want: int
) -> None:
    """A run of a backfill starts only where it would begin at once."""
    line = [other(f"hand-{number}") for number in range(others)]
    assert want == room(max_active, concurrency, own, line)


@pytest.mark.parametrize(
    ("concurrency", "own", "others", "want"),
    [
        pytest.param(
            policy("Queue"),
            0,
            1,
            "1 run is allowed at a time, and hand-0 has not ended",
            id="a run of somebody else goes first",
        ),
        pytest.param(policy("Queue"), 1, 0, None, id="only its own run is active"),
        pytest.param(policy("Allow"), 0, 5, None, id="there is no limit"),
        pytest.param(policy("Queue", 3), 0, 2, None, id="there is room for one more"),
    ],
)
def test_whom_a_backfill_lets_go_first_is_named(
    concurrency: Concurrency, own: int, others: int, want: str | None
) -> None:
    """Nobody has to guess why it waits."""
    line = [other(f"hand-{number}") for number in range(others)]
    assert want == crowded(concurrency, own, line)
