"""Who gets the slots of a pool: `headrace.engine.pool.allot`."""

from dataclasses import replace

import pytest

from headrace.engine.pool.allot import STATUS_INTERVAL, allot
from headrace.engine.pool.observed import Holder, ObservedPool, PoolLog, Waiting
from headrace.engine.room import Claim, Grant, Rank
from support.builders import at

NOW = at(60)


def claim(name: str, priority: int = 0, each: int = 1, programs: int = 1, **rank: int) -> Waiting:
    """Return the claim of a task; its name is the id of its attempt."""
    path, created, position = (rank.get(part, 0) for part in ("path", "created", "position"))
    order = Rank(-priority, -path, at(created), position)
    return Waiting(name, "etl-1", Claim(name, 1, "p", programs, each, order))


def runs(name: str, slots: int = 1, since: float = 1) -> Holder:
    """Return an attempt that runs."""
    return Holder(name, "etl-1", name, slots, at(since))


def pool(slots: int | None, *claims: Waiting, holders: tuple[Holder, ...] = ()) -> ObservedPool:
    """Return a pool with claims."""
    return ObservedPool("p", slots, holders, claims)


def given(observed: ObservedPool) -> list[str]:
    """Return the attempts that have slots after a turn, and are not in the world."""
    there = {holder.attempt for holder in observed.holders}
    return [attempt for attempt in allot(observed, NOW).given if attempt not in there]


@pytest.mark.parametrize(
    ("observed", "want"),
    [
        pytest.param(
            pool(1, claim("low"), claim("high", priority=1)),
            ["high"],
            id="the highest priority comes first",
        ),
        pytest.param(
            pool(1, claim("short", created=-9), claim("long", path=3)),
            ["long"],
            id="of equal priority, the longest remaining path comes first",
        ),
        pytest.param(
            pool(1, claim("new", created=9), claim("old")),
            ["old"],
            id="of equal paths, the older run comes first",
        ),
        pytest.param(
            pool(1, claim("second", position=1), claim("first")),
            ["first"],
            id="in one run, the order of the definition decides",
        ),
        pytest.param(
            pool(3, claim("a"), claim("b"), claim("c"), holders=(runs("x", 2),)),
            ["a"],
            id="what runs holds its slots",
        ),
        pytest.param(
            pool(1, claim("a"), holders=(runs("x", 5),)),
            [],
            id="fewer slots than are held give nothing",
        ),
        pytest.param(pool(0, claim("a")), [], id="no slots give nothing"),
        pytest.param(pool(None, claim("a")), [], id="a pool that does not exist gives nothing"),
        pytest.param(
            pool(3, claim("large", priority=1, each=2), claim("small"), holders=(runs("x", 2),)),
            [],
            id="nobody overtakes a task that needs more slots than are free",
        ),
        pytest.param(
            pool(3, claim("huge", priority=1, each=4), claim("small")),
            ["small"],
            id="a task that can never start keeps nobody waiting",
        ),
        pytest.param(
            pool(5, claim("a", each=2, programs=9)),
            ["a"],
            id="a fan-out with more items than fit gets what the pool has",
        ),
    ],
)
def test_free_slots_go_to_the_first_in_the_queue(observed: ObservedPool, want: list[str]) -> None:
    """The order is: priority, longest remaining path, age."""
    assert want == given(observed)


def test_a_fan_out_is_told_how_many_items_may_run() -> None:
    """Five slots hold two programs of two slots each."""
    decision = allot(pool(5, claim("a", each=2, programs=9)), NOW)
    assert {"a": Grant(1, 2)} == decision.given
    assert 4 == decision.view.used


def test_what_was_given_stays_given_until_the_attempt_runs() -> None:
    """Between the turn of the pool and the creation of the Job, nobody else gets the slot."""
    first = pool(1, claim("a"), claim("b", priority=9))
    observed = replace(first, given={"a": Grant(1, 1)})
    decision = allot(observed, NOW)
    assert {"a": Grant(1, 1)} == decision.given
    assert ["b"] == [waiting.attempt for waiting in decision.queue]

    later = replace(observed, holders=(runs("a"),))
    decision = allot(later, NOW)
    assert 1 == decision.view.used
    assert ["b"] == [waiting.attempt for waiting in decision.queue]


def test_an_attempt_that_runs_has_what_it_runs_with() -> None:
    """A new process learns of a Job whose start it has to repeat: nobody waits for the own slot."""
    decision = allot(pool(1, claim("a"), holders=(runs("a"),)), NOW)
    assert {"a": Grant(1, 1)} == decision.given
    assert () == decision.queue


def test_the_status_lists_who_holds_and_who_waits_in_order() -> None:
    """The oldest holder first, then who was given slots just now; the queue in its order."""
    observed = pool(2, claim("c"), claim("b", priority=1), claim("d", each=2), holders=(runs("a"),))
    status = allot(observed, NOW).status
    assert status is not None
    assert ["a", "b"] == [holder.task for holder in status.holders]
    assert [("c", 1, 0), ("d", 2, 0)] == [
        (waiting.task, waiting.slots, waiting.priority) for waiting in status.queue
    ]
    assert (2, 2, "2 of 2 slots are taken; 2 tasks wait") == (
        *(status.used, status.waiting),
        status.message,
    )


def test_a_status_is_written_once_a_second_at_most() -> None:
    """A change just after a write waits for the rest of the second."""
    observed = replace(pool(1, claim("a")), logged_at=NOW)
    decision = allot(observed, NOW)
    assert (None, NOW + STATUS_INTERVAL) == (decision.status, decision.look_again_at)
    assert allot(observed, NOW + STATUS_INTERVAL).status is not None


def test_a_status_that_says_it_all_is_not_written_again() -> None:
    """A quiet pool makes no writes."""
    observed = pool(1, claim("a"))
    status = allot(observed, NOW).status
    assert isinstance(status, PoolLog)
    assert allot(replace(observed, log=status), NOW).status is None


def test_a_turn_with_thousands_of_claims_lists_a_few() -> None:
    """The lists of a status are bounded, its counts are not."""
    status = allot(pool(100, *(claim(f"t{n}", position=n) for n in range(3000))), NOW).status
    assert status is not None
    assert (50, 50, 100, 2900) == (
        *(len(status.holders), len(status.queue)),
        *(status.used, status.waiting),
    )
