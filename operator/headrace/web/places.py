"""
Where the server's objects are: a cluster, or the folder of state of this machine.

Each request opens a source of its own, a bounded number at a time. Knows sources; knows no route.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from headrace.access.connection import Connection
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import NotThereError, WindowError
from headrace.cli.window.laptop import LaptopSource
from headrace.cli.window.options import Window
from headrace.cli.window.source import Source
from headrace.local.folder import StateFolder

AT_ONCE: Final = 16
"""How many requests may ask the place at a time; others wait."""
LONG_AT_ONCE: Final = 8
PATIENCE_SECONDS: Final = 10.0
LOGIN_SECONDS: Final = 300.0
"""How long a login is used: those of cloud providers end after some 15 minutes."""


class BusyError(WindowError):
    """Too many requests are being answered."""


class _Turns:
    """Bounds how many requests ask at a time; slow readers take no turn from others."""

    def __init__(self) -> None:
        self._short = threading.BoundedSemaphore(AT_ONCE)
        self._long = threading.BoundedSemaphore(LONG_AT_ONCE)

    @contextmanager
    def turn(self, *, long: bool) -> Iterator[None]:
        free = self._long if long else self._short
        if not free.acquire(timeout=PATIENCE_SECONDS):
            raise BusyError("too many requests are being answered; try again")
        try:
            yield
        finally:
            free.release()


class ClusterPlace:
    """A namespace of a cluster."""

    local = False

    def __init__(self, window: Window, first: ClusterSource) -> None:
        self.window = window
        self._kept: ClusterSource | None = first
        self._made = time.monotonic()
        self._lock = threading.Lock()
        self._free = _Turns()
        self.namespace = first.namespace

    @property
    def title(self) -> str:
        """What people call the place: the context of the kubeconfig."""
        return self.connection().place.context or "the cluster"

    @contextmanager
    def open(self, *, long: bool = False) -> Iterator[ClusterSource]:
        """Open a source for one request; a long one is as slow as its reader."""
        with self._free.turn(long=long):
            source = ClusterSource(self.connection())
            try:
                yield source
            except NotThereError:
                self.forget_login()
                raise
            finally:
                source.connection.close()

    def connection(self) -> Connection:
        """
        Return a new connection, with a login that is not old.

        Raises:
            WindowError: There is none.

        """
        with self._lock:
            if self._kept is None or time.monotonic() - self._made > LOGIN_SECONDS:
                self._kept, self._made = self.window.cluster(), time.monotonic()
            return self._kept.connection.another()

    def forget_login(self) -> None:
        """Log in anew with the next request: this login may have expired."""
        with self._lock:
            self._kept = None


class LaptopPlace:
    """The folder of state of this machine."""

    local = True

    def __init__(self, window: Window) -> None:
        self.window = window
        self._free = _Turns()

    @property
    def title(self) -> str:
        """What people call the place: its path."""
        return str(self.window.state.absolute())

    @property
    def database(self) -> Path:
        """The file that has its objects."""
        return StateFolder(self.window.state.absolute()).database

    @contextmanager
    def open(self, *, long: bool = False) -> Iterator[LaptopSource]:
        """Open a source for one request; a long one is as slow as its reader."""
        with self._free.turn(long=long):
            yield self.window.laptop()


Place = ClusterPlace | LaptopPlace


def place_of(window: Window, source: Source) -> Place:
    """Return the place of the source that a command line has chosen."""
    return (
        ClusterPlace(window, source) if isinstance(source, ClusterSource) else LaptopPlace(window)
    )
