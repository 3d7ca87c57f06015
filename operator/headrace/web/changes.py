"""
What has changed, for pages that stay open: a ring of the newest changes, read by any number.

A reader has a place in the ring and no queue of its own. Whoever is slow finds the ring gone past
it, and is told to look at everything anew. Knows names of objects; knows no object.
"""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

KEPT: Final = 5000
"""How many changes are kept."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is new, other or gone."""

    kind: str
    name: str
    run: str
    """The run of a task or question; else empty."""


@dataclass(frozen=True, slots=True)
class News:
    """What came after a place in the ring, and the place after it."""

    place: int
    changes: Sequence[Change] | None
    """None: it is not known any more, so all may be other."""


class Changes:
    """The ring. Written from threads, read by the event loop."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        """Another process has other numbers."""
        self._lock = threading.Lock()
        self._ring: deque[Change | None] = deque(maxlen=KEPT)
        self._last = 0
        self._closed = False
        self._woken: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def tell(self, change: Change | None) -> None:
        """Add a change; None: perhaps everything is other."""
        with self._lock:
            self._last += 1
            self._ring.append(change)
            woken = list(self._woken)
        for loop, event in woken:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """Let all readers go: the server ends."""
        self._closed = True
        self.tell(None)

    def now(self) -> int:
        """Return the place after the newest change."""
        with self._lock:
            return self._last

    def place_of(self, written: str) -> int | None:
        """Read the place of a `Last-Event-ID`; None: it is not of this process."""
        epoch, _, number = written.partition("-")
        known = epoch == self.epoch and number.isascii() and number.isdigit()
        return int(number) if known and int(number) <= self.now() else None

    def after(self, place: int) -> News:
        """Return what came after a place, each change once."""
        with self._lock:
            missed = self._last - place
            if missed > len(self._ring):
                return News(self._last, None)
            items = list(self._ring)[len(self._ring) - missed :]
            last = self._last
        if None in items:
            return News(last, None)
        return News(last, list(dict.fromkeys(each for each in items if each is not None)))

    async def follow(self, place: int, every: float) -> AsyncGenerator[News, None]:
        """Yield news as they come, and empty news after some seconds without any, until the end."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._lock:
            self._woken.add(waiter)
        try:
            while not self._closed:
                event.clear()
                news = self.after(place)
                if news.place == place:
                    try:
                        await asyncio.wait_for(event.wait(), every)
                        continue
                    except TimeoutError:
                        pass
                place = news.place
                yield news
        finally:
            with self._lock:
                self._woken.discard(waiter)
