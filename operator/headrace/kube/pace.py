"""
Time as the plumbing needs it: a clock, growing waits between tries, and a limit on requests.

Knows no API. All randomness and all clocks come in from outside, so that a test can hold them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Clock:
    """
    The time that only goes forward, and waiting in it.

    `time.monotonic` goes on while a process is stopped (SIGSTOP), so that a process that is
    continued sees at once how long it was away. It does stand still while the whole machine sleeps.
    """

    now: Callable[[], float] = time.monotonic
    """Seconds since some moment in the past."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double with each failure in a row. The jitter takes off up to half."""

    first: float
    """Seconds after the first failure, before jitter."""
    longest: float
    """No wait is longer, in seconds."""

    def after(self, failures: int, random: Random) -> float:
        """Return how many seconds to wait after so many failures in a row, at least one."""
        doublings = min(failures - 1, 32)  # Beyond this any wait is at its longest.
        return min(self.first * 2.0**doublings, self.longest) * random.uniform(0.5, 1)


def spread(seconds: float, random: Random, share: float = 0.1) -> float:
    """Return so many seconds, up to `share` more or less, for clients that must not act at once."""
    return seconds * random.uniform(1 - share, 1 + share)


class TokenBucket:
    """
    Lets through so many requests a second on average, and a burst of them at once.

    Those who wait are let through in the order in which they came.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        """
        Start with a full bucket.

        Args:
            rate: Requests a second, in the long run.
            burst: Requests that may go at once after a quiet time.
            clock: Where time comes from.

        """
        self._interval = 1 / rate
        self._credit = burst / rate  # Seconds of unused time that the bucket holds when full.
        self._clock = clock
        self._free_at = clock.now() - self._credit  # When the next token is due.

    async def take(self) -> None:
        """Wait for a token."""
        now = self._clock.now()
        due = max(self._free_at, now - self._credit) + self._interval
        self._free_at = due
        if due > now:
            await self._clock.sleep(due - now)
