"""Runners that die, or whose writes fail, between any two of their steps."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, Protocol

from headrace.local import supervision
from headrace.local.store import Store, UnusableStateError
from support.local_run import Bench, Result

Steps = Sequence[tuple[Any, str]]

STEPS: Final[Steps] = (
    (Store, "add_run"),
    (Store, "write_run"),
    (Store, "write_tasks"),
    (Store, "add_attempts"),
    (supervision, "start"),
)
"""All that a runner changes outside of itself, besides ending attempts."""

CRASHED: Final = -signal.SIGKILL


class Trouble(Protocol):
    """What happens to a runner at one of its steps."""

    met: bool
    """Whether it has happened."""

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a step with the trouble in it."""


class Crash:
    """Counts steps, and kills this process before or after the n-th."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.met = False

    def step(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def stepped(*arguments: Any, **named: Any) -> Any:
            self.step()
            result = function(*arguments, **named)
            self.step()
            return result

        return stepped


class Failure:
    """Lets the n-th step fail, once: before it has done anything, or after it has done it all."""

    def __init__(self, at: int, *, after: bool) -> None:
        self._left = at
        self._after = after
        self.met = False

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def stepped(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            fails = self._left == -1
            self.met = self.met or fails
            result = None if fails and not self._after else function(*arguments, **named)
            if fails:
                raise UnusableStateError("the disk is full")
            return result

        return stepped


UNTOUCHED: Final = 100
"""Added to the exit code of a copy that has met no trouble."""


def in_a_copy(trouble: Trouble, steps: Steps, act: Callable[[], Result]) -> int:
    """Act in a copy of this process, with a trouble around its steps; return how that ended."""
    child = os.fork()
    if child == 0:
        for owner, name in steps:
            setattr(owner, name, trouble.around(getattr(owner, name)))
        code = act().code
        os._exit(code if trouble.met or isinstance(trouble, Crash) else code + UNTOUCHED)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def folders(parent: Path) -> Iterator[Bench]:
    """Yield one folder after the other."""
    for number in range(1000):
        folder = parent / str(number)
        folder.mkdir()
        yield Bench(folder)
