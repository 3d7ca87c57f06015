"""Which key is looked at next: `headrace.controller.queue`."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.cluster.errors import ApiError
from headrace.controller.queue import WorkQueue
from support.virtual_time import VirtualTimeLoop, now, run_virtually, seeded

EVENT_LOOP = VirtualTimeLoop

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Wall:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._start = now()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=now() - self._start + self.ahead)


class Turns:
    """A handler that notes its turns, and takes as long and ends as it is told."""

    def __init__(self, queue: WorkQueue[str], workers: int = 2) -> None:
        self.queue = queue
        self.log: list[tuple[str, float]] = []
        self.seconds = 0.0
        self.answers: dict[str, list[datetime | float | Exception | None]] = {}
        self.serving = asyncio.create_task(queue.serve(self._turn, workers))
        self._start = now()

    async def _turn(self, key: str) -> datetime | float | None:
        self.log.append((key, round(now() - self._start, 3)))
        await asyncio.sleep(self.seconds)
        answers = self.answers.get(key)
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.log]

    def times(self, key: str) -> list[float]:
        return [when for each, when in self.log if each == key]

    async def end(self) -> None:
        self.queue.stop()
        await self.serving


def new_queue(wall: Wall | None = None, pacing: float = 0.0) -> WorkQueue[str]:
    """Return an empty queue."""
    return WorkQueue(seeded(7), wall or Wall(), pacing=pacing)


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


async def test_depth_and_age_tell_how_far_behind_we_are() -> None:
    """What waits counts with its age; what is planned for later, or runs, does not."""
    queue = new_queue()
    assert (0, 0) == (queue.depth, queue.oldest_age())
    queue.add("a")
    await asyncio.sleep(3)
    queue.add("b")
    queue.add_at("c", now() + 100)
    assert (2, 3) == (queue.depth, queue.oldest_age())
    assert "a" == await queue.get()
    assert (1, 0) == (queue.depth, queue.oldest_age())


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


async def test_a_year_of_plans_leaves_no_garbage() -> None:
    """Moments that no longer count are thrown away, however often a key is planned anew."""
    queue = new_queue()
    turns = Turns(queue)
    for _ in range(5000):
        queue.add("a")
        queue.add_at("a", now() + 1e6)
        await asyncio.sleep(1)
    assert len(queue._delays._heap) < 200  # noqa: SLF001 - memory has no other face
    await turns.end()


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["add", "add_at", "add_date", "fail", "wait"]),
        st.floats(0, 20),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(actions=ACTIONS, workers=st.integers(1, 3), pacing=st.sampled_from([0.0, 0.5]))
def test_no_wish_is_lost_and_no_key_is_in_two_hands(
    actions: list[tuple[str, str, float]], workers: int, pacing: float
) -> None:
    """Whatever happens, each wish is followed by a turn that begins after it, one at a time."""
    run_virtually(_play(actions, workers, pacing))


async def _play(actions: list[tuple[str, str, float]], workers: int, pacing: float) -> None:
    wall = Wall()
    queue = new_queue(wall, pacing)
    random = seeded(1)
    order = count()
    began: dict[str, list[tuple[int, float]]] = {key: [] for key in "abc"}
    wishes: list[tuple[str, int, float]] = []
    held: Counter[str] = Counter()
    failing: set[str] = set()

    async def turn(key: str) -> None:
        held[key] += 1
        assert 1 == held[key]
        began[key].append((next(order), now()))
        await asyncio.sleep(random.choice([0, 0.1, 3]))
        held[key] -= 1
        if key in failing:
            failing.discard(key)
            wishes.append((key, next(order), now() + 0.1))
            raise ApiError(503, "", "away")

    serving = asyncio.create_task(queue.serve(turn, workers))
    for key, what, seconds in actions:
        if what == "add":
            wishes.append((key, next(order), now()))
            queue.add(key)
        elif what == "add_at":
            wishes.append((key, next(order), now() + seconds))
            queue.add_at(key, now() + seconds)
        elif what == "add_date":
            wishes.append((key, next(order), now() + seconds))
            queue.add_at(key, wall() + timedelta(seconds=seconds))
        elif what == "fail":
            failing.add(key)
        else:
            await asyncio.sleep(seconds)
    await asyncio.sleep(100)
    for key, wished, due in wishes:
        # A turn that begins after the wish answers it, also before it is due; and it is not late.
        assert [at for turn, at in began[key] if turn > wished and at <= due + 60], (key, due)
    assert sum(len(times) for times in began.values()) <= len(wishes)
    assert 0 == queue.depth
    queue.stop()
    await serving
