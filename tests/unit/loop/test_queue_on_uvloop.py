"""The queue on the event loop that the controller uses: `headrace.loop.queue`."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import uvloop

from headrace.loop.queue import WorkQueue

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_what_is_due_at_once_keeps_the_timer_working() -> None:
    """A moment that has passed already does not break what is planned after it."""

    async def story() -> list[str]:
        queue: WorkQueue[str] = WorkQueue(Random(1), lambda: NOON)  # noqa: S311 - jitter
        queue.add_at("due", NOON - timedelta(seconds=1))
        queue.add_at("due as well", 0.0)
        queue.add_at("later", NOON + timedelta(days=1))
        return [await queue.get(), await queue.get()]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert ["due as well", "due"] == runner.run(story())
