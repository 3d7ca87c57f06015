"""
An attempt over items on this machine: each item is a process of its own.

Knows which items have ended, which run, and which wait for a slot. Does not know how many slots
there are, or what follows a failure.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.digest import digest_of
from headrace.engine.task.observed import Ending, SeenItems, Sighting, Stage
from headrace.local.attempt import INTERRUPTED, LiveAttempt
from headrace.local.records import AttemptRecord


class Programs(Protocol):
    """The programs of one attempt's items."""

    def start(self, index: int, on_end: Callable[[], None]) -> LiveAttempt:
        """Start the program of an item. If it cannot start, it has ended with the reason."""

    def find(self, index: int, on_end: Callable[[], None]) -> LiveAttempt:
        """
        Take over an item of an earlier runner.

        Raises:
            FileNotFoundError: if it was never started.

        """


class FanOutAttempt:
    """
    An attempt over items that was recorded.

    Args:
        record: The stored record.
        programs: The programs of its items.
        max_parallel: How many run at a time; None: as many as there are slots.
        on_change: Called when an item has ended.

    """

    def __init__(
        self,
        record: AttemptRecord,
        programs: Programs,
        max_parallel: int | None,
        on_change: Callable[[], None],
    ) -> None:
        self.record = record
        self._programs = programs
        self._on_change = on_change
        self._total, self._queue = _lengths(record)
        self._digest = digest_of(record.items.items) if record.items is not None else ""
        self._max_parallel = max_parallel or self._total
        self._running: dict[int, LiveAttempt] = {}
        self._ended: dict[int, Ending] = {}
        self._started: datetime | None = None
        self._broken_off: datetime | None = None
        self._given_up = False
        self._seen: SeenItems | None = None

    @property
    def alive(self) -> bool:
        """Whether an item runs, or will be started."""
        return bool(self._running or self._queue)

    @property
    def running(self) -> int:
        """How many items run."""
        return len(self._running)

    @property
    def width(self) -> int:
        """How many items may run at the same time from now on: at least one."""
        return max(1, min(self._max_parallel, len(self._running) + len(self._queue)))

    @property
    def wanted(self) -> int:
        """How many items could start now."""
        return min(len(self._queue), max(0, self._max_parallel - len(self._running)))

    def start(self, count: int) -> None:
        """Start the next items."""
        for _ in range(count):
            index = self._queue.popleft()
            self._take(index, self._programs.start(index, self._end_of(index)))
        if count:
            self._changed()

    def find(self, open_: Places, *, narrow: bool) -> None:
        """
        Take over the items that an earlier runner started.

        Args:
            open_: The items that have not ended by the log. No other is started.
            narrow: Whether no more items may run from now on than do now: its pool may have given
                it less than it could use, and nobody knows how much.

        """
        waiting, self._queue = self._queue, deque()
        for index in waiting:
            try:
                item = self._programs.find(index, self._end_of(index))
            except FileNotFoundError:
                if index in open_:
                    self._queue.append(index)
            else:
                self._take(index, item)
        if narrow:
            self._max_parallel = max(1, len(self._running))

    def terminate(self) -> None:
        """Ask its items to end, and start no other."""
        self._break_off()
        for item in self._running.values():
            item.terminate()

    def kill(self) -> None:
        """Kill its items now, and start no other."""
        self._break_off()
        for item in self._running.values():
            item.kill()

    def sighting(self) -> Sighting:
        """Return its sighting."""
        return Sighting(
            self.record.number,
            self._stage(),
            created=self.record.created,
            started=self._started,
            ending=self._end(),
            alive=self.alive,
            leaving=self._broken_off is not None,
            memory=self.record.memory,
            items=self._items(),
        )

    def _take(self, index: int, item: LiveAttempt) -> None:
        """Keep an item that runs, or how it ended."""
        shown = item.sighting()
        if shown.started is not None:
            self._started = min(self._started or shown.started, shown.started)
        if shown.ending is None:
            self._running[index] = item
        else:
            self._ended[index] = shown.ending

    def _end_of(self, index: int) -> Callable[[], None]:
        def end() -> None:
            self._take(index, self._running.pop(index))
            self._changed()

        return end

    def _break_off(self) -> None:
        self._broken_off = self._broken_off or datetime.now(UTC)
        self._given_up = self._given_up or bool(self._queue)
        self._queue.clear()
        self._changed()

    def _changed(self) -> None:
        self._seen = None
        self._on_change()

    def _stage(self) -> Stage:
        if not self.alive:
            return Stage.ENDED
        return Stage.RUNNING if self._running or self._ended else Stage.STARTING

    def _end(self) -> Ending | None:
        """Return the end of the items that were never started, once no other runs."""
        if self._broken_off is None or not self._given_up or self._running:
            return None
        return Ending(self._broken_off, reason=Reason.INTERRUPTED, message=INTERRUPTED)

    def _items(self) -> SeenItems:
        """Return its items; made once for each change, since there may be thousands."""
        if self._seen is None:
            running = Places.of(self._running)
            ended = dict(self._ended)
            self._seen = SeenItems(self._total, ended, running=running, digest=self._digest)
        return self._seen


def _lengths(record: AttemptRecord) -> tuple[int, deque[int]]:
    """Return how many items there are, and those that the attempt runs."""
    assert record.items is not None  # noqa: S101 - its carrier stored them
    return len(record.items.items), deque(record.items.todo)
