"""
The queue of turns: one turn for many requests of a key, and never two turns of a key at a time.

The rules are those of client-go's work queue. Many requests for a key give it one turn. A request
during its turn gives it another turn afterwards. A turn answers all requests from before its
beginning, since it looks at the whole state. Groups of keys, such as namespaces, share the turns
fairly. Does not know what keys are, or what happens in a turn.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from math import ceil
from random import Random
from typing import Final, Generic, TypeVar

from headrace.kube.errors import ClusterError, StaleError, retry_after
from headrace.kube.pace import Backoff
from headrace.loop.agenda import Agenda
from headrace.loop.rotation import Rotation

K = TypeVar("K", bound=Hashable)

BACKOFF: Final = Backoff(first=0.1, longest=60)
LONGEST_REST: Final = 1.0  # Seconds: a run with costly turns must still go on.
RECHECK_SECONDS: Final = 30.0
"""How late a planned moment is noticed at most, after somebody put the wall clock forward."""

log = logging.getLogger(__name__)


def _ignore(_waited: float, _worked: float) -> None:
    pass


def _one_group(_key: object) -> None:
    pass


class WorkQueue(Generic[K]):
    """Keys in the order of their first requests, group by group. For one event loop."""

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        random: Random,
        utc_now: Callable[[], datetime],
        *,
        pacing: float = 0.0,
        grain: float = 0.0,
        group_of: Callable[[K], Hashable] = _one_group,
        observe: Callable[[float, float], None] = _ignore,
    ) -> None:
        """
        Start empty.

        Args:
            random: Draws the jitter of waits after failures.
            utc_now: The wall clock, for moments that are a `datetime`.
            pacing: After a turn of t seconds, the key rests for `pacing` x t, but at most a second,
                so that a costly key leaves room for others.
            grain: Planned moments are rounded up to multiples of this, in the time of the event
                loop, so that close moments share one wake-up.
            group_of: Returns the group of a key. After each turn, the next group has a turn.
            observe: Called after each turn with its seconds of waiting and of work.

        """
        self._random = random
        self._pacing = pacing
        self._grain = grain
        self._observe = observe
        self._ready: Rotation[K] = Rotation(group_of)
        self._tickets = asyncio.Semaphore(0)  # One for each key that is ready; see `stop`.
        self._since: dict[K, float] = {}  # Waiting keys, by their first request.
        self._running: dict[K, tuple[float, float]] = {}  # Times of request and beginning.
        self._again: set[K] = set()  # Requested again during its turn.
        self._resting: dict[K, asyncio.TimerHandle] = {}  # Keys whose turn is over.
        self._hurried: set[K] = set()  # Keys that must not rest after their turn, or queue.
        self._failures: Counter[K] = Counter()
        self._delays: Agenda[K] = Agenda(self._now)
        self._dates: Agenda[K] = Agenda(lambda: utc_now().timestamp())
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._stopped = False

    @property
    def depth(self) -> int:
        """How many keys wait for a turn now. Planned moments do not count."""
        return len(self._since)

    def add(self, key: K) -> None:
        """Ask for a turn now."""
        if key in self._running:
            self._again.add(key)
        elif key not in self._since:
            self._enter(key, self._ready.push)

    def hurry(self, key: K) -> None:
        """
        Ask for a turn before all others of the group: somebody holds something for this key.

        The key does not rest, and does not wait for keys in no hurry.
        """
        timer = self._resting.get(key)
        if timer is not None:
            timer.cancel()
            self._release(key)
        if key in self._running:
            self._hurried.add(key)
            self._again.add(key)
        elif key in self._since:
            self._ready.hurry(key)
        else:
            self._enter(key, self._ready.hurry)

    def add_at(self, key: K, when: datetime | float) -> None:
        """
        Ask for a turn at a moment. The earliest of several moments counts.

        Args:
            key: The key of the turn.
            when: A `datetime` is due when the wall clock shows it, even if somebody sets that
                clock. A number is a time of the event loop.

        """
        if isinstance(when, datetime):
            sooner = self._dates.plan(key, when.timestamp())
        else:
            sooner = self._delays.plan(key, when)
        if sooner:
            self._arm()

    def retry(self, key: K, at_least: float = 0.0) -> None:
        """Ask for a turn after a failure: later each time, at most a minute, plus `at_least`."""
        self._failures[key] += 1
        pause = at_least + BACKOFF.after(self._failures[key], self._random)
        self.add_at(key, self._now() + pause)

    def look_again(self, key: K) -> None:
        """Ask for a turn after one with stale objects: at once, and later if that recurs."""
        if self._failures[key]:
            self.retry(key)
        else:
            self._failures[key] = 1
            self.add(key)

    def forget(self, key: K) -> None:
        """Start again with short waits: the key's turn succeeded."""
        self._failures.pop(key, None)

    async def get(self) -> K | None:
        """Wait for the next key and begin its turn; `done` ends it. None: the queue has stopped."""
        await self._tickets.acquire()
        if self._stopped:
            self._tickets.release()  # For the next waiting worker.
            return None
        key = self._ready.pop()
        self._delays.drop(key)
        self._dates.drop(key)
        self._running[key] = (self._since.pop(key), self._now())
        return key

    def done(self, key: K) -> None:
        """End a key's turn. After a request meanwhile, the key queues again."""
        asked, begun = self._running[key]
        worked = self._now() - begun
        self._observe(begun - asked, worked)
        rest = min(self._pacing * worked, LONGEST_REST)
        if rest > 0 and key not in self._hurried:
            later = asyncio.get_running_loop().call_later
            self._resting[key] = later(rest, self._release, key)
        else:
            self._release(key)

    async def serve(
        self, turn: Callable[[K], Awaitable[datetime | float | None]], workers: int
    ) -> None:
        """
        Give keys their turns until `stop`; then return when the current turns have ended.

        A turn returns when to look at the key again, or None. A failed turn is tried again later,
        and ends nothing else.
        """
        async with asyncio.TaskGroup() as tasks:
            for _ in range(workers):
                tasks.create_task(self._work(turn))

    def stop(self) -> None:
        """Start no more turns. Current turns go on to their end."""
        self._stopped = True
        self._tickets.release()
        if self._timer is not None:
            self._timer.cancel()

    async def _work(self, turn: Callable[[K], Awaitable[datetime | float | None]]) -> None:
        while (key := await self.get()) is not None:
            try:
                look_again = await turn(key)
            except StaleError as stale:
                log.debug("%s: %s", key, stale)
                self.look_again(key)
            except ClusterError as error:
                log.warning("%s: %s", key, error)
                self.retry(key, retry_after(error) or 0.0)
            except Exception:
                log.exception("%s: unforeseen", key)
                self.retry(key)
            else:
                self.forget(key)
                if look_again is not None:
                    self.add_at(key, look_again)
            finally:
                self.done(key)

    def _release(self, key: K) -> None:
        del self._running[key]
        self._resting.pop(key, None)
        if key in self._again:
            self._again.remove(key)
            self._enter(key, self._ready.hurry if key in self._hurried else self._ready.push)
        self._hurried.discard(key)

    def _enter(self, key: K, push: Callable[[K], None]) -> None:
        """Put a key into the rotation that is not in it."""
        self._since[key] = self._now()
        push(key)
        self._tickets.release()

    def _arm(self) -> None:
        """Set the only timer to the next planned moment."""
        if self._stopped:
            return
        pause = self._delays.next_in()
        date = self._dates.next_in()
        if date is not None:
            # Somebody may set the wall clock, so it is read again from time to time.
            date = min(date, RECHECK_SECONDS)
            pause = date if pause is None else min(pause, date)
        if pause is None:
            return
        due = self._now() + pause
        if pause > 0 and self._grain > 0:
            due = ceil(due / self._grain) * self._grain
        if self._timer is None or due < self._rings_at:
            if self._timer is not None:
                self._timer.cancel()
            # The moment is kept here, because the handles of some event loops do not have it.
            self._rings_at = due
            self._timer = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        for key in (*self._delays.pop_due(), *self._dates.pop_due()):
            self.add(key)
        self._arm()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
