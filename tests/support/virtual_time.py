"""
An event loop whose time passes only when there is nothing else to do: hours in milliseconds.

Nothing real may be waited for in it: no sockets, no threads.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class EverythingWaitsError(RuntimeError):
    """No timer is set and nothing can happen any more: the test would hang."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__(_Selector(self))
        self.virtual_now = 1000.0  # Not 0: a program must not take "now" for "since the start".

    def time(self) -> float:
        return self.virtual_now

    def jump(self, seconds: float) -> None:
        """Let time pass while the program stands still, as under SIGSTOP."""
        self.virtual_now += seconds


class _Selector(selectors.SelectSelector):
    """Waits by letting the loop's time pass."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise EverythingWaitsError("no timer is set, so nothing can happen any more")
        if not ready and timeout:
            self._loop.virtual_now += timeout
        return ready


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own, for tests that are not async themselves."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def seeded(seed: int | str) -> Random:
    """Return a source of jitter, or of a course of events, that a test can repeat."""
    return Random(seed)  # noqa: S311 - no secret depends on it


def now() -> float:
    """Return the running loop's time."""
    return asyncio.get_running_loop().time()


def stop_and_continue(seconds: float) -> None:
    """Act as if this process had been stopped for so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.jump(seconds)


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """
    Let each test module name its event loop, or several to run in; imported by conftest files.

    `EVENT_LOOP = VirtualTimeLoop`, or `EVENT_LOOPS = {"name": loop, ...}`; without, a real one.
    """
    module = getattr(item, "module", None)
    one = getattr(module, "EVENT_LOOP", asyncio.new_event_loop)
    return dict(getattr(module, "EVENT_LOOPS", {"loop": one}))
