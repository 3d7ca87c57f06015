"""
From a place to its changes: watches of a cluster, or looks at the folder of state.

Begins with the first reader, and goes on until the process ends. Knows watches and files; judges
nothing.
"""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from headrace.access.failures import AccessError, RefusedError
from headrace.cli.window.cluster import NAMES_ONLY
from headrace.cli.window.exits import WindowError
from headrace.cluster.kinds import (
    APPROVALS,
    BACKFILLS,
    POOLS,
    TASK_RUNS,
    WORKFLOW_RUNS,
    WORKFLOWS,
)
from headrace.kube.resources import Resource
from headrace.local.objects import NoStateError
from headrace.views.objects import Object, name, text
from headrace.web.changes import Change, Changes
from headrace.web.places import ClusterPlace, LaptopPlace, Place

KINDS: Final = (WORKFLOWS, WORKFLOW_RUNS, TASK_RUNS, APPROVALS, POOLS, BACKFILLS)
LOOK_SECONDS: Final = 0.5
WATCH_SECONDS: Final = 240
_SILENT_SECONDS: Final = WATCH_SECONDS + 30.0
_PAUSES: Final = (0.5, 2.0, 5.0, 15.0)
"""How long to wait after the first, second, … failure in a row."""


class Feed:
    """The threads that look for changes of a place."""

    def __init__(self, place: Place, changes: Changes) -> None:
        self._place = place
        self._changes = changes
        self._lock = threading.Lock()
        self._begun = False

    def begin(self) -> None:
        """Begin to look, if nobody has begun."""
        with self._lock:
            if self._begun:
                return
            self._begun = True
        if isinstance(self._place, LaptopPlace):
            folder = FolderFeed(self._place, self._changes)
            threading.Thread(target=folder.run, daemon=True).start()
            return
        for kind in KINDS:
            watch = WatchFeed(self._place, kind, self._changes)
            threading.Thread(target=watch.run, daemon=True).start()


class WatchFeed:
    """A watch of one kind in a cluster."""

    def __init__(self, place: ClusterPlace, kind: Resource, changes: Changes) -> None:
        self._place = place
        self._kind = kind
        self._changes = changes
        self._version = ""
        """Up to where changes are known; empty: begin anew."""

    def run(self) -> None:
        """Watch for ever. After a break, all may be other."""
        failures = 0
        while True:
            try:
                self.watch()
                failures = 0
                time.sleep(_PAUSES[0])
            except (AccessError, WindowError, ValueError, OSError) as error:
                self._version = ""
                if not isinstance(error, RefusedError):
                    self._place.forget_login()
                time.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def watch(self) -> None:
        """Watch until the server ends it."""
        connection = self._place.connection()
        try:
            path = self._kind.path(self._place.namespace)
            if not self._version:
                listed = connection.get(path, {"limit": "1"}, NAMES_ONLY)
                self._version = text(listed, "metadata", "resourceVersion")
                self._changes.tell(None)
            query = {
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": self._version,
                "timeoutSeconds": str(WATCH_SECONDS),
            }
            for line in connection.lines(path, query, _SILENT_SECONDS):
                self._event(json.loads(line))
        finally:
            connection.close()

    def _event(self, event: Mapping[str, Any]) -> None:
        item = event.get("object") or {}
        if event.get("type") == "ERROR":
            raise ValueError(text(item, "message"))
        self._version = text(item, "metadata", "resourceVersion") or self._version
        if event.get("type") != "BOOKMARK":
            self._changes.tell(change(self._kind, item))


class FolderFeed:
    """Looks at the folder of state, whenever its files have changed."""

    def __init__(self, place: LaptopPlace, changes: Changes) -> None:
        self._place = place
        self._changes = changes
        self._files: Any = None
        self._known: dict[tuple[str, str, str], int] | None = None

    def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Tell what is new, other or gone since the last look."""
        files = self._stat()
        if files == self._files:
            return
        try:
            with self._place.open() as source:
                now = source.stored.looks()
        except (WindowError, NoStateError):  # the page is told by its own requests
            return
        self._files = files
        if self._known is not None:
            for each in (now.keys() | self._known.keys()) if self._known != now else ():
                if now.get(each) != self._known.get(each):
                    kind, run, called = each
                    self._changes.tell(Change(kind, called, run))
        self._known = now

    def _stat(self) -> list[tuple[int, int]]:
        """Return size and time of the database and its log, which SQLite writes first."""
        database = self._place.database
        found = []
        for path in (database, database.with_name(f"{database.name}-wal")):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((stat.st_size, stat.st_mtime_ns))
        return found


def change(kind: Resource, item: Object) -> Change:
    """Return what has changed, by its name."""
    return Change(kind.kind, name(item), text(item, "spec", "run"))
