"""Lines of several logs as one stream: `headrace.views.log_lines`."""

from collections.abc import Iterator
from itertools import islice

import pytest

from headrace.views.log_lines import Log, LogLine, LogSource, merged, prefixed, timed

LOAD, SAVE = LogSource("load"), LogSource("save")


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        (("2030-01-31T12:00:00.5Z", "a b"), b"2030-01-31T12:00:00.5Z a b"),
        (("2030-01-31T12:00:00Z", ""), b"2030-01-31T12:00:00Z "),
        (("", "no time"), b"no time"),
        (("", "\ufffd"), b"\xff"),
    ],
)
def test_a_line_has_the_time_of_the_kubelet(expected: tuple[str, str], raw: bytes) -> None:
    """A line without one, such as a message of the kubelet, stays whole."""
    line = timed(raw, LOAD)
    assert expected == (line.time, line.text)


def test_logs_are_merged_by_time() -> None:
    """Lines of one log keep their order, also those of one moment."""
    first = [LogLine("1", "a", LOAD), LogLine("3", "c", LOAD), LogLine("3", "d", LOAD)]
    second = [LogLine("2", "b", SAVE), LogLine("3", "e", SAVE)]
    logs = [Log("1", lambda: iter(first)), Log("2", lambda: iter(second))]
    assert "abcde" == "".join(line.text for line in merged(logs, 2))


def endless(second: int, opened: list[int]) -> Log:
    """Return a log without an end, of a program that began at a second."""

    def read() -> Iterator[LogLine]:
        opened.append(second)
        return (LogLine(f"0:{second:02}.{part:03}Z", str(second), LOAD) for part in range(1000))

    return Log(f"0:{second:02}Z", read)


def test_a_log_is_opened_when_its_time_has_come_and_never_held() -> None:
    """So a long run needs no more memory than a short one."""
    opened: list[int] = []
    lines = merged((endless(second, opened) for second in range(60)), 50)
    assert (["0"] * 1000, [0]) == ([line.text for line in islice(lines, 1000)], opened)
    assert ("1", [0, 1]) == (next(lines).text, opened)
    assert [str(second) for second in range(2, 60)] == [
        line.text for line in islice(lines, 999, None, 1000)
    ]


def test_no_more_logs_are_open_than_allowed() -> None:
    """Those beyond come when others have ended."""
    opened: list[int] = []
    lines = merged((endless(0, opened) for _ in range(5)), 2)
    next(lines)
    assert 2 == len(opened)
    assert (4999, 5) == (sum(1 for _ in lines), len(opened))


@pytest.mark.parametrize(
    ("expected", "source"),
    [
        ("load", LOAD),
        ("load#2", LogSource("load", 2)),
        ("load[7]", LogSource("load", 1, 7)),
        ("load[7]#3", LogSource("load", 3, 7)),
    ],
)
def test_a_label_says_who_wrote_it(expected: str, source: LogSource) -> None:
    """As short as it can be."""
    assert expected == source.label
    assert (f"{expected:<9} | ", "text") == prefixed(LogLine("", "text", source), 9)
