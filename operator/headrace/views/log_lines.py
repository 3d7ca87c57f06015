"""
Lines of logs of several programs as one stream: merged by time, each with the name of its source.

Knows the form in which the kubelet writes times. Knows no file and no cluster.
"""

import heapq
from collections.abc import Iterable, Iterator
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


def merged(streams: Iterable[Iterable[LogLine]]) -> Iterator[LogLine]:
    """Merge logs by time. Each one is in order; of lines of one time, the first log's is first."""
    yield from heapq.merge(*streams)


def prefixed(line: LogLine, width: int) -> tuple[str, str]:
    """Return the label of a line, padded, and its text."""
    return f"{line.source.label:<{width}} | ", line.text
