"""
Time for this package: a clock, growing waits between tries, and a limit on requests.

Knows no API. All randomness and all clocks are arguments, so that a test controls them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Clock:
    """
    A clock that only goes forward, and waits by it.

    `time.monotonic` goes on while a process is stopped (SIGSTOP), so a process that continues sees
    at once how long it was stopped. It stands still while the whole machine sleeps.
    """

    now: Callable[[], float] = time.monotonic
    """Seconds since a fixed moment in the past."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double with each failure in a row. Jitter subtracts up to half."""

    first: float
    """Seconds after the first failure, before jitter."""
    longest: float
    """The longest wait, in seconds."""

    def after(self, failures: int, random: Random) -> float:
        """Return how many seconds to wait after so many failures in a row, at least one."""
        doublings = min(failures - 1, 32)  # From here on, the wait is the longest one.
        return min(self.first * 2.0**doublings, self.longest) * random.uniform(0.5, 1)


def spread(seconds: float, random: Random, share: float = 0.1) -> float:
    """Return so many seconds, up to `share` more or less, so that clients do not act together."""
    return seconds * random.uniform(1 - share, 1 + share)


class TokenBucket:
    """
    Limits requests to a rate on average, with a burst at once.

    Waiting requests go in the order of their arrival.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        """
        Start with a full bucket.

        Args:
            rate: Requests a second, in the long run.
            burst: Requests that may go at once after a quiet time.
            clock: The source of time.

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
