"""The claims of runs and the grants of pools: `headrace.loop.pool_book`."""

from headrace.engine.pool.allot import allot
from headrace.engine.pool.observed import ObservedPool, PoolKey
from headrace.engine.room import NO_ROOM, Claim, Grant, Rank
from headrace.engine.run.observed import RunKey
from headrace.loop.pool_book import PoolBook
from support.builders import at

POOL = PoolKey("default", "p")
FIRST, SECOND = RunKey("default", "etl-1"), RunKey("default", "etl-2")


def claim(task: str, position: int = 0, number: int = 1) -> Claim:
    """Return a claim on the pool."""
    return Claim(task, number, "p", 1, 1, Rank(0, -1, at(0), position))


class Desk:
    """A book, and whom it asked and woke."""

    def __init__(self) -> None:
        self.asked: list[PoolKey] = []
        self.woken: list[RunKey] = []
        self.book = PoolBook(_name, self.asked.append, self.woken.append)
        for key in (FIRST, SECOND):
            assert NO_ROOM == self.book.room(key, f"uid-{key.name}")

    def turn(self, slots: int) -> None:
        """Give the pool a turn."""
        claims, given = self.book.waiting(POOL), self.book.given(POOL)
        self.book.settle(POOL, allot(ObservedPool("p", slots, (), claims, given), at(60)))

    def granted(self, key: RunKey) -> dict[str, Grant]:
        """Return what a run was given."""
        return dict(self.book.room(key, f"uid-{key.name}").granted)


def _name(key: RunKey, uid: str, task: str, number: int) -> str:
    return f"{key.name}/{uid}/{task}/{number}"


def test_a_new_claim_asks_for_a_turn_of_its_pool() -> None:
    """The same claims once more ask for nothing."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.book.claim(FIRST, {"a": claim("a")})
    assert [POOL] == desk.asked


def test_a_run_that_was_given_something_is_woken_once() -> None:
    """Who waits on is not woken: its place is news that can wait."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a"), "b": claim("b", 1)})
    desk.book.claim(SECOND, {"a": claim("a", 2)})
    desk.turn(2)
    desk.turn(2)
    assert [FIRST] == desk.woken
    assert {"a": Grant(1, 1), "b": Grant(1, 1)} == desk.granted(FIRST)
    room = desk.book.room(SECOND, "uid-etl-2")
    assert ({}, {"a": 1}) == (room.granted, room.places)


def test_what_a_run_has_not_looked_at_is_more_than_it_knows() -> None:
    """Until its next look, which sees all grants; a run that is gone has none."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.book.claim(SECOND, {"a": claim("a", 1)})
    assert not desk.book.given_more(FIRST)
    desk.turn(2)
    assert desk.book.given_more(FIRST)
    desk.granted(FIRST)
    assert not desk.book.given_more(FIRST)
    desk.turn(2)
    assert not desk.book.given_more(FIRST)
    desk.book.forget(SECOND)
    assert not desk.book.given_more(SECOND)


def test_a_claim_that_is_withdrawn_frees_what_it_was_given() -> None:
    """The next one in the queue gets it."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.book.claim(SECOND, {"a": claim("a", 1)})
    desk.turn(1)
    desk.book.claim(FIRST, {})
    desk.turn(1)
    assert ({}, {"a": Grant(1, 1)}) == (desk.granted(FIRST), desk.granted(SECOND))


def test_another_attempt_of_a_task_is_another_claim() -> None:
    """What the first attempt had is not the second one's."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.turn(1)
    desk.book.claim(FIRST, {"a": claim("a", number=2)})
    assert {} == desk.granted(FIRST)
    desk.turn(1)
    assert {"a": Grant(2, 1)} == desk.granted(FIRST)


def test_another_run_of_a_name_begins_without_claims() -> None:
    """Somebody deleted the run and created another one."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.turn(1)
    assert NO_ROOM == desk.book.room(FIRST, "another uid")
    assert () == desk.book.waiting(POOL)


def test_a_run_that_is_gone_leaves_nothing_in_the_book() -> None:
    """Its pool is asked, because its slots are free."""
    desk = Desk()
    desk.book.claim(FIRST, {"a": claim("a")})
    desk.turn(1)
    desk.asked.clear()
    desk.book.forget(FIRST)
    assert [POOL] == desk.asked
    assert () == desk.book.waiting(POOL)
    desk.turn(1)
    assert {} == desk.book.given(POOL)
