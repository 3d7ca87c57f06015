"""
The life of a process: it ends when a signal asks for it, or when a part of it has failed.

Knows signals and tasks. Does not know what the parts do.
"""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from typing import Any, Protocol


class Process(Protocol):
    """What a process does, from its start to its end."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End in order."""


class Life:
    """The two reasons of an end. Signals count from its creation on, inside of the event loop."""

    def __init__(self) -> None:
        """Hear SIGINT and SIGTERM from now on."""
        self.over = asyncio.Event()
        """Set when a part has failed for good."""
        self.asked = asyncio.Event()
        """Set by a signal."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.asked.set)

    @property
    def code(self) -> int:
        """The exit code of the process."""
        return 1 if self.over.is_set() else 0

    async def of(self, process: Process, end_seconds: float) -> int:
        """
        Let a process live until one of the reasons is there, also while it starts.

        Args:
            process: It has not started.
            end_seconds: How long its end may take.

        Returns:
            The exit code.

        """
        starting = asyncio.create_task(process.start())
        waits = [asyncio.create_task(event.wait()) for event in (self.over, self.asked)]
        try:
            await asyncio.wait([starting, *waits], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (starting, *waits):
                task.cancel()
            async with asyncio.timeout(end_seconds):
                await process.stop()
        return self.code


class Parts:
    """The parts of a process that must live as long as itself: half a process looks alive."""

    def __init__(self, whole: str, over: asyncio.Event, log: logging.Logger) -> None:
        """
        Start empty.

        Args:
            whole: What the process is called: `controller`.
            over: Set when a part has failed.
            log: Where its failure is told.

        """
        self._whole = whole
        self._over = over
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a part."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.add(task)
        return task

    def cancel(self) -> tuple[asyncio.Task[None], ...]:
        """Ask all parts to end; return them."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        return tasks

    async def end(self) -> None:
        """End all parts."""
        await asyncio.gather(*self.cancel(), return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._log.critical("a part of the %s ended", self._whole, exc_info=task.exception())
            self._over.set()
