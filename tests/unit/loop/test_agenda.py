"""What is due when: `headrace.loop.agenda`, by way of the queue."""

import asyncio
from datetime import timedelta

import pytest

from support.turns import NOON, Turns, Wall, new_queue
from support.virtual_time import VirtualTimeLoop, now

EVENT_LOOP = VirtualTimeLoop


async def test_of_several_moments_the_earliest_counts() -> None:
    """A key that is planned twice gets one turn, at the earlier moment."""
    queue = new_queue()
    turns = Turns(queue)
    for seconds in (50, 20, 70):
        queue.add_at("a", now() + seconds)
    queue.add_at("b", now() + 10)
    await asyncio.sleep(100)
    assert [("b", 10), ("a", 20)] == turns.log
    await turns.end()


async def test_a_turn_answers_all_that_was_planned_before_it() -> None:
    """What was planned before a turn began is not needed any more; what the turn plans is."""
    queue = new_queue()
    turns = Turns(queue)
    turns.answers["a"] = [now() + 60]
    queue.add_at("a", now() + 30)
    queue.add("a")
    await asyncio.sleep(100)
    assert [("a", 0), ("a", 60)] == turns.log
    await turns.end()


async def test_a_date_is_due_when_the_wall_clock_shows_it() -> None:
    """A turn planned for a date comes at that date."""
    queue = new_queue()
    turns = Turns(queue)
    queue.add_at("a", NOON + timedelta(minutes=90))
    await asyncio.sleep(6000)
    assert [("a", 5400)] == turns.log
    await turns.end()


@pytest.mark.parametrize(
    ("ahead", "want"),
    [
        pytest.param(3600, 630, id="put forward: noticed within half a minute"),
        pytest.param(-3600, 9000, id="put back: the date is what counts"),
    ],
)
async def test_a_wall_clock_that_is_set_is_followed(ahead: float, want: float) -> None:
    """A date stays a date when somebody sets the clock, or the machine slept."""
    wall = Wall()
    queue = new_queue(wall)
    turns = Turns(queue)
    queue.add_at("cron", NOON + timedelta(seconds=4000 if ahead > 0 else 5400))
    await asyncio.sleep(615)
    wall.ahead = ahead
    await asyncio.sleep(10_000)
    assert [want] == turns.times("cron")
    await turns.end()


async def test_delays_do_not_depend_on_the_wall_clock() -> None:
    """A wait in seconds is the same whatever the wall clock does."""
    wall = Wall()
    queue = new_queue(wall)
    turns = Turns(queue)
    queue.add_at("a", now() + 50)
    wall.ahead = -86_400
    await asyncio.sleep(100)
    assert [("a", 50)] == turns.log
    await turns.end()


async def test_a_year_of_plans_leaves_no_garbage() -> None:
    """Moments that no longer count are thrown away, however often a key is planned anew."""
    queue = new_queue()
    turns = Turns(queue)
    queue.add_at("b", now() + 1e5)  # What is due first hides the others.
    for _ in range(5000):
        queue.add("a")
        queue.add_at("a", now() + 1e6)
        await asyncio.sleep(1)
    assert len(queue._delays._heap) < 200  # noqa: SLF001 - memory has no other face
    await turns.end()
