"""Which key is looked at next: `headrace.loop.queue`."""

import asyncio
from itertools import pairwise

from headrace.kube.errors import ApiError, StaleError
from headrace.loop.queue import WorkQueue
from support.turns import Turns, Wall, new_queue
from support.virtual_time import VirtualTimeLoop, now, seeded

EVENT_LOOP = VirtualTimeLoop


async def test_a_burst_is_one_turn() -> None:
    """However often a key is asked for while it waits, it gets one turn."""
    queue = new_queue()
    for _ in range(100):
        queue.add("a")
    turns = Turns(queue)
    await asyncio.sleep(1)
    assert ["a"] == turns.keys
    await turns.end()


async def test_first_asked_is_first_served() -> None:
    """Keys get their turns in the order in which they were first asked for."""
    queue = new_queue()
    for key in "cabacd":
        queue.add(key)
    turns = Turns(queue, workers=1)
    await asyncio.sleep(1)
    assert list("cabd") == turns.keys
    await turns.end()


async def test_a_key_asked_for_during_its_turn_gets_another_one() -> None:
    """News that comes while a key is looked at is looked at afterwards, once, and never beside."""
    queue = new_queue()
    turns = Turns(queue, workers=3)
    turns.seconds = 10
    queue.add("a")
    await asyncio.sleep(1)
    queue.add("a")
    queue.add("a")
    await asyncio.sleep(30)
    assert [("a", 0), ("a", 10)] == turns.log
    await turns.end()


async def test_others_do_not_wait_for_a_slow_key() -> None:
    """A key that takes long occupies one worker."""
    queue = new_queue()
    turns = Turns(queue, workers=2)
    turns.seconds = 10
    queue.add("slow")
    await asyncio.sleep(1)
    turns.seconds = 0
    for key in "abc":
        queue.add(key)
    await asyncio.sleep(1)
    assert ["slow", "a", "b", "c"] == turns.keys
    await turns.end()


async def test_failures_are_tried_again_later_and_later() -> None:
    """Waits double from a tenth of a second to a minute, less at most half of it as jitter."""
    queue = new_queue()
    turns = Turns(queue)
    turns.answers["a"] = [ApiError(500, "", "no")] * 14
    queue.add("a")
    await asyncio.sleep(900)
    times = turns.times("a")
    assert 15 == len(times)
    for number, (earlier, later) in enumerate(pairwise(times)):
        wait = min(0.1 * 2**number, 60)
        assert wait / 2 - 0.001 <= later - earlier <= wait + 0.001
    await turns.end()


async def test_after_a_success_waits_begin_anew() -> None:
    """A key that recovered is not punished for what was before."""
    queue = new_queue()
    turns = Turns(queue)
    failure = ApiError(500, "", "no")
    turns.answers["a"] = [*[failure] * 8, None, failure]
    queue.add("a")
    await asyncio.sleep(60)
    queue.add("a")
    await asyncio.sleep(1)
    *_, failed, again = turns.times("a")
    assert again - failed <= 0.1
    await turns.end()


async def test_retry_after_is_honoured_by_the_queue() -> None:
    """A key whose turn met a 429 with Retry-After rests for at least that time."""
    queue = new_queue()
    turns = Turns(queue)
    turns.answers["a"] = [ApiError(429, "", "patience", retry_after=30)]
    queue.add("a")
    await asyncio.sleep(60)
    first, second = turns.times("a")
    assert 30 <= second - first <= 31
    await turns.end()


async def test_a_defect_in_a_turn_stops_nobody() -> None:
    """An unforeseen error is one key's trouble: it is tried again, the others go on."""
    queue = new_queue()
    turns = Turns(queue, workers=1)
    turns.answers["bad"] = [ZeroDivisionError()] * 3
    queue.add("bad")
    queue.add("good")
    await asyncio.sleep(10)
    assert ["bad", "good", "bad", "bad", "bad"] == turns.keys
    await turns.end()


async def test_a_costly_key_rests_in_proportion() -> None:
    """With pacing, a key that took long leaves room before it gets its next turn."""
    queue = new_queue(pacing=2)
    turns = Turns(queue)
    turns.seconds = 0.3
    for _ in range(40):
        queue.add("big")
        await asyncio.sleep(0.1)
    assert [0, 0.9, 1.8, 2.7, 3.6] == turns.times("big")
    await turns.end()


async def test_no_rest_is_longer_than_a_second() -> None:
    """A run that is very costly to look at still goes on."""
    queue = new_queue(pacing=2)
    turns = Turns(queue)
    turns.seconds = 10
    for _ in range(30):
        queue.add("big")
        await asyncio.sleep(1)
    assert [0, 11, 22] == turns.times("big")
    await turns.end()


async def test_a_key_in_a_hurry_does_not_rest() -> None:
    """Neither does it go on resting, nor does it begin to."""
    queue = new_queue(pacing=2)
    turns = Turns(queue)
    turns.seconds = 0.3
    queue.add("big")
    await asyncio.sleep(0.5)  # it rests until 0.9
    queue.hurry("big")
    await asyncio.sleep(0.2)  # its second turn goes on until 0.8
    queue.hurry("big")
    await asyncio.sleep(0.2)
    queue.add("big")  # asks without a hurry, during the third turn
    await asyncio.sleep(3)
    assert [0, 0.5, 0.8, 1.7] == turns.times("big")
    await turns.end()


async def test_a_key_in_a_hurry_waits_for_one_other_at_most() -> None:
    """Whether it is new, waits already, or asks during its turn."""
    queue = new_queue()
    turns = Turns(queue, workers=1)
    turns.seconds = 1
    for key in ("now", "b", "c", "d", "e"):
        queue.add(key)
    await asyncio.sleep(0.5)
    queue.hurry("now")  # during its turn
    queue.hurry("e")  # waits
    queue.hurry("new")
    await asyncio.sleep(9)
    assert ["now", "e", "b", "new", "c", "now", "d"] == [key for key, _ in turns.log]
    await turns.end()


async def test_a_hurry_is_one_turn_and_never_two_at_a_time() -> None:
    """As with any other request."""
    queue = new_queue(pacing=2)
    turns = Turns(queue, workers=3)
    turns.seconds = 0.3
    for _ in range(3):
        queue.hurry("a")
    await asyncio.sleep(5)
    assert [0] == turns.times("a")
    await turns.end()


async def test_moments_that_are_close_share_a_waking() -> None:
    """To wake up costs more than most of what is done then."""
    queue = new_queue(grain=0.5)
    turns = Turns(queue)
    for key, after in (("a", 1.1), ("b", 1.3), ("c", 1.6)):
        queue.add_at(key, now() + after)
    await asyncio.sleep(3)
    assert [("a", 1.5), ("b", 1.5), ("c", 2)] == turns.log
    await turns.end()


async def test_what_is_due_waits_for_no_others() -> None:
    """A moment that has passed is not rounded."""
    queue = new_queue(grain=10)
    turns = Turns(queue)
    await asyncio.sleep(1)
    queue.add_at("late", now() - 0.5)
    await asyncio.sleep(1)
    assert [("late", 1)] == turns.log
    await turns.end()


async def test_stop_lets_turns_end_and_begins_none() -> None:
    """On SIGTERM what runs is finished, and what waits is left to the next leader."""
    queue = new_queue()
    turns = Turns(queue, workers=2)
    turns.seconds = 5
    for key in "abcd":
        queue.add(key)
    await asyncio.sleep(1)
    queue.stop()
    assert not turns.serving.done()
    await asyncio.sleep(5)
    assert turns.serving.done()
    assert ["a", "b"] == turns.keys


async def test_the_depth_tells_how_far_behind_we_are() -> None:
    """What waits counts; what is planned for later, or runs, does not."""
    queue = new_queue()
    assert 0 == queue.depth
    queue.add("a")
    await asyncio.sleep(3)
    queue.add("b")
    queue.add_at("c", now() + 100)
    assert 2 == queue.depth
    assert "a" == await queue.get()
    assert 1 == queue.depth


async def test_each_turn_is_told_with_its_wait_and_its_work() -> None:
    """The observer gets what the metrics need."""
    told: list[tuple[float, float]] = []
    queue: WorkQueue[str] = WorkQueue(
        seeded(7), Wall(), observe=lambda waited, worked: told.append((waited, worked))
    )
    queue.add("a")
    await asyncio.sleep(4)
    turns = Turns(queue)
    turns.seconds = 2
    await asyncio.sleep(5)
    assert [(4, 2)] == told
    await turns.end()


async def test_a_flood_of_one_namespace_delays_another_by_one_turn() -> None:
    """Turns are shared fairly between groups, however many keys one of them has."""
    queue: WorkQueue[str] = WorkQueue(seeded(1), Wall(), group_of=lambda key: key.split("/")[0])
    turns = Turns(queue, workers=16)
    turns.seconds = 1
    for number in range(1500):
        queue.add(f"flood/{number}")
    await asyncio.sleep(10)
    queue.add("calm/only")
    await asyncio.sleep(1.5)
    assert "calm/only" in turns.keys
    await asyncio.sleep(100)
    assert 1501 == len(turns.keys)
    await turns.end()


async def test_a_turn_about_the_past_is_repeated_at_once_but_not_for_ever() -> None:
    """Each time that it recurs, it waits longer; one that went well begins anew."""
    queue = new_queue()
    turns = Turns(queue)
    turns.answers["a"] = [StaleError("it has changed")] * 1000
    queue.add("a")
    await asyncio.sleep(0.001)
    assert 2 == len(turns.log)
    await asyncio.sleep(60)
    assert len(turns.log) <= 12
    turns.answers["a"] = [None, StaleError("it has changed")]
    before = len(turns.log)
    await asyncio.sleep(120)
    assert before + 1 == len(turns.log)
    queue.add("a")
    await asyncio.sleep(0.001)
    assert before + 3 == len(turns.log)
    await turns.end()
