"""What holds for any course of events: `headrace.loop.queue`."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.kube.errors import ApiError
from support.turns import Wall, new_queue
from support.virtual_time import VirtualTimeLoop, now, run_virtually, seeded

EVENT_LOOP = VirtualTimeLoop


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
