"""
Lines of logs of several programs as one stream: merged by time, each with the name of its source.

Knows the form in which the kubelet writes times. Knows no file and no cluster.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line."""

    time: str
    """When it was written, in RFC 3339 with fractions; empty: nobody knows."""
    text: str = field(compare=False)
    source: "LogSource" = field(compare=False)


@dataclass(frozen=True, slots=True)
class LogSource:
    """The program that wrote a log."""

    task: str
    attempt: int = 1
    item: int | None = None
    """The index of the item; None: the task has none."""

    @property
    def label(self) -> str:
        """The name in front of its lines: `load`, `load#2` of a later attempt, `load[7]`."""
        item = "" if self.item is None else f"[{self.item}]"
        return f"{self.task}{item}{f'#{self.attempt}' if self.attempt > 1 else ''}"


def timed(raw: bytes, source: LogSource) -> LogLine:
    """Read a line that begins with the time, as the kubelet writes it on request."""
    text = raw.decode(errors="replace")
    time, space, rest = text.partition(" ")
    if space and time.endswith("Z") and time[:1].isdigit():
        return LogLine(time, rest, source)
    return LogLine("", text, source)


@dataclass(frozen=True, slots=True)
class Log:
    """A log that nobody has opened yet."""

    begin: str
    """When its program began, in RFC 3339; empty: nobody knows. No line is older."""
    read: Callable[[], Iterator[LogLine]]


def merged(logs: Iterable[Log], most: int) -> Iterator[LogLine]:
    """
    Merge logs by time. Each one is in order; of lines of one time, the first log's is first.

    A log is opened when the others have come to its begin, so only logs of one moment are open at
    once, and one line of each is held.

    Args:
        logs: The logs.
        most: How many are open at once. Of more logs of one moment, the last ones come late.

    """
    waiting = deque(enumerate(sorted(logs, key=lambda log: log.begin)))
    heads: list[tuple[str, int, LogLine, Iterator[LogLine]]] = []
    while waiting or heads:
        while waiting and len(heads) < most and (not heads or _comes(waiting[0][1], heads[0][0])):
            order, log = waiting.popleft()
            _push(heads, order, log.read())
        if heads:
            _, order, line, rest = heapq.heappop(heads)
            yield line
            _push(heads, order, rest)


def _comes(log: Log, now: str) -> bool:
    """Return whether a log may have lines of a moment. Begins are whole seconds."""
    return log.begin.removesuffix("Z") <= now


def _push(
    heads: list[tuple[str, int, LogLine, Iterator[LogLine]]], order: int, rest: Iterator[LogLine]
) -> None:
    line = next(rest, None)
    if line is not None:
        heapq.heappush(heads, (line.time, order, line, rest))


def prefixed(line: LogLine, width: int) -> tuple[str, str]:
    """Return the label of a line, padded, and its text."""
    return f"{line.source.label:<{width}} | ", line.text
