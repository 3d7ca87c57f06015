"""Lines of several logs as one stream: `headrace.views.log_lines`."""

import pytest

from headrace.views.log_lines import LogLine, LogSource, merged, prefixed, timed

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
    assert "abcde" == "".join(line.text for line in merged([first, second]))


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
