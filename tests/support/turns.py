"""A work queue, and a handler that notes its turns, as tests want to see them."""

import asyncio
from datetime import UTC, datetime, timedelta

from headrace.loop.queue import WorkQueue
from support.virtual_time import now, seeded

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


def new_queue(wall: Wall | None = None, pacing: float = 0.0, grain: float = 0.0) -> WorkQueue[str]:
    """Return an empty queue."""
    return WorkQueue(seeded(7), wall or Wall(), pacing=pacing, grain=grain)
