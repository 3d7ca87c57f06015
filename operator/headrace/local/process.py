"""
The process group of one attempt: it reports its end, and can be ended.

Works for a child, and for an orphan of an earlier runner. Waiting costs nothing: the kernel reports
the end. Does not know why an attempt is ended.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from threading import Thread
from typing import Final

from headrace.local import supervision
from headrace.local.folder import AttemptFiles

GRACE_SECONDS: Final = 10.0
"""Seconds from SIGTERM to SIGKILL by default. A pod has 30; nobody waits so long at a terminal."""


def grace_seconds(asked: int | None) -> float:
    """Return how long a program has from SIGTERM to SIGKILL, of what its task asks for, or None."""
    return GRACE_SECONDS if asked is None else float(asked)


class Process:
    """
    A running process group.

    Args:
        files: The attempt's files.
        pid: The id of its shell, which is the group's.
        child: The shell, if it is this runner's child.
        on_end: Called once, from the event loop, at its end.
        grace: Seconds from SIGTERM to SIGKILL.

    """

    def __init__(
        self,
        files: AttemptFiles,
        pid: int,
        child: subprocess.Popen[bytes] | None,
        on_end: Callable[[], None],
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._files = files
        self._pid = pid
        self._child = child
        self._on_end = on_end
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._killer: asyncio.TimerHandle | None = None
        self._over = False
        self._watch()

    def terminate(self) -> None:
        """Ask the group to end, and kill it after the grace period. One call is enough."""
        if self._killer is None and not self._over:
            self._killer = self._loop.call_later(self._grace, self.kill)
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the group now."""
        if not self._over:
            self._signal(signal.SIGKILL)

    def _watch(self) -> None:
        try:
            handle = os.pidfd_open(self._pid)
        except (AttributeError, OSError):
            # No such call (macOS, old kernels), or it has just ended: the lock knows both.
            Thread(target=self._wait_for_lock, daemon=True).start()
            return
        if self._child is None and supervision.running(self._files) != self._pid:
            os.close(handle)  # it ended meanwhile, and this may be a stranger's
            self._loop.call_soon(self._end)
            return
        self._loop.add_reader(handle, self._readable, handle)

    def _readable(self, handle: int) -> None:
        self._loop.remove_reader(handle)
        os.close(handle)
        self._end()

    def _wait_for_lock(self) -> None:
        supervision.wait(self._files)
        self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        # The shell has killed the group, unless somebody has killed the shell alone.
        self._signal(signal.SIGKILL)
        self._over = True
        if self._killer is not None:
            self._killer.cancel()
        if self._child is not None:
            self._child.wait()
        self._on_end()

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the group, but never to another process that got its id since."""
        # A child keeps its id until it is reaped; an orphan only as long as it holds the lock.
        if self._child is None and supervision.running(self._files) != self._pid:
            return
        try:
            os.killpg(self._pid, number)
        except ProcessLookupError:  # it has just ended
            pass
        except PermissionError:  # macOS says this of a group of zombies
            pass
