"""
Logs of a run from the pods of a cluster.

Knows pods and their logs. Prints nothing. Pods that are gone have taken their logs with them.
"""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from headrace.access.connection import Connection, Query
from headrace.access.failures import AccessError, RefusedError
from headrace.api.v1alpha1.labels import ATTEMPT, COMPLETION_INDEX, RUN, TASK
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.source import Choice
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.kube.resources import PODS
from headrace.views.log_lines import Log, LogLine, LogSource, merged, timed
from headrace.views.objects import Object, ended, entries, field, label, name, text

CONTAINER: Final = "main"
MOST_OPEN: Final = 50
"""How many logs are read at once: each has a connection of its own."""
MOST_WAITING: Final = 10_000
"""How many lines of followed logs may wait for whoever reads them; then the logs wait."""
LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which logs of a run."""

    run: str
    task: str | None = None
    attempt: int | None = None
    tail: int | None = None
    """How many of the last lines of each pod; None: all."""

    @property
    def labels(self) -> str:
        """The label selector of the pods."""
        parts = {RUN: self.run, TASK: self.task, ATTEMPT: self.attempt}
        return ",".join(f"{key}={value}" for key, value in parts.items() if value is not None)


class PodLogs:
    """The logs of a run's pods."""

    def __init__(self, source: ClusterSource, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted

    def lines(self) -> Iterator[LogLine]:
        """Yield the lines of all pods that have begun, merged by time."""
        pods = self._begun()
        if len(pods) == 1:
            yield from _read(self._source.connection, pods[0], self._query(follow=False))
            return
        query = self._query(follow=False)
        logs = (Log(_begin(pod), partial(self._beside, pod, query)) for pod in pods)
        yield from merged(logs, MOST_OPEN)

    def follow(self) -> Iterator[LogLine]:
        """Yield lines as they are written, until the run has ended and all its logs with it."""
        arriving: queue.Queue[LogLine | Exception | None] = queue.Queue(MOST_WAITING)
        known: set[str] = set()
        reading = 0
        while True:
            over = ended(self._source.named(WORKFLOW_RUNS, self._wanted.run))
            for pod in self._begun():
                if name(pod) not in known:
                    known.add(name(pod))
                    reading += 1
                    feed = partial(self._feed, pod, arriving)
                    threading.Thread(target=feed, daemon=True).start()
            until = time.monotonic() + LOOK_SECONDS
            while (left := until - time.monotonic()) > 0 or (over and reading):
                try:
                    line = arriving.get(timeout=max(left, 0.05))
                except queue.Empty:
                    continue
                if line is None:
                    reading -= 1
                elif isinstance(line, Exception):
                    raise line
                else:
                    yield line
            if over and not reading:
                return

    def _feed(self, pod: Object, arriving: "queue.Queue[LogLine | Exception | None]") -> None:
        """Read the log of a pod to its end, in a thread of its own."""
        try:
            for line in _read(self._source.connection.another(), pod, self._query(follow=True)):
                arriving.put(line)
        except AccessError as error:
            if not _gone(error):
                arriving.put(error)
        finally:
            arriving.put(None)

    def _beside(self, pod: Object, query: Query) -> Iterator[LogLine]:
        try:
            yield from _read(self._source.connection.another(), pod, query)
        except RefusedError as error:
            if not _gone(error):
                raise

    def _begun(self) -> list[Object]:
        """Return the pods whose program has begun, oldest first."""
        choice = Choice(labels=self._wanted.labels)
        pods = self._source.listed(PODS, choice).items
        begun = [pod for pod in pods if _has_begun(pod)]
        return sorted(begun, key=lambda pod: text(pod, "metadata", "creationTimestamp"))

    def _query(self, *, follow: bool) -> Query:
        return {
            "container": CONTAINER,
            "timestamps": "true",
            "follow": "true" if follow else "",
            "tailLines": "" if self._wanted.tail is None else str(self._wanted.tail),
        }


def _read(connection: Connection, pod: Object, query: Query) -> Iterator[LogLine]:
    path = f"{PODS.path(text(pod, 'metadata', 'namespace'), name(pod))}/log"
    source = _source(pod)
    for raw in connection.lines(path, query):
        yield timed(raw, source)


def _gone(error: AccessError) -> bool:
    """Return whether somebody has deleted the pod since it was listed."""
    return isinstance(error, RefusedError) and error.missing


def _source(pod: Object) -> LogSource:
    index = text(pod, "metadata", "annotations", COMPLETION_INDEX)
    attempt = label(pod, ATTEMPT)
    return LogSource(
        label(pod, TASK),
        int(attempt) if attempt.isdigit() else 1,
        int(index) if index.isdigit() else None,
    )


def _has_begun(pod: Object) -> bool:
    return _state(pod) is not None


def _begin(pod: Object) -> str:
    """Return when the program of a pod began; empty: nobody knows."""
    return text(_state(pod), "startedAt")


def _state(pod: Object) -> Object | None:
    """Return the state of the program of a pod; None: it has not begun."""
    statuses: Sequence[Object] = entries(pod, "status", "containerStatuses")
    for status in statuses:
        if text(status, "name") == CONTAINER:
            for state in ("running", "terminated"):
                found: Object | None = field(status, "state", state)
                if found is not None:
                    return found
    return None
