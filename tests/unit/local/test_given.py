"""From a command line to values: `headrace.cli.given`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from headrace.api.v1alpha1.params import Param, ParamType
from headrace.cli import given
from headrace.cli.input import InputError

PARAMS = (
    Param(name="region", default="eu", enum=("eu", "us")),
    Param(name="count", type=ParamType.INTEGER, default=1),
    Param(name="fast", type=ParamType.BOOLEAN, default=False),
    Param(name="note", default=""),
)


WHOLE = "a whole number of at most 64 bits"


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param(["region=us"], {"region": "us"}, id="text"),
        pytest.param(["count=-3"], {"count": -3}, id="a whole number"),
        pytest.param(["fast=True"], {"fast": True}, id="true or false"),
        pytest.param(["note=a=b=c"], {"note": "a=b=c"}, id="only the first = counts"),
        pytest.param(["note= x "], {"note": " x "}, id="spaces are kept"),
        pytest.param(["note=3"], {"note": "3"}, id="text stays text"),
        pytest.param(["note="], {"note": ""}, id="empty text"),
    ],
)
def test_params(texts: Sequence[str], want: dict[str, given.Value]) -> None:
    """Values have the types that the workflow declares."""
    assert want == given.params(PARAMS, texts)


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        pytest.param(["note"], ["--param note: write it as name=value"], id="no value"),
        pytest.param(
            ["count=3.5"],
            ["--param count: '3.5' is not a whole number of at most 64 bits"],
            id="a fraction",
        ),
        pytest.param(["fast=1"], ["--param fast: '1' is not true or false"], id="not a boolean"),
        pytest.param(["note=a\udcff"], ["--param note: 'a\\udcff' is not text"], id="not UTF-8"),
        pytest.param(
            ["region=asia"], ["--param: 'region' is 'asia'; allowed: eu, us"], id="not allowed"
        ),
        pytest.param(
            ["count=x", "regio=eu"],
            [
                "--param count: 'x' is not a whole number of at most 64 bits",
                "--param: the workflow has no parameter 'regio'; did you mean 'region'?",
            ],
            id="all that is wrong at once",
        ),
    ],
)
def test_wrong_params(texts: Sequence[str], want: Sequence[str]) -> None:
    """Each line names the option and the cure."""
    with pytest.raises(InputError) as caught:
        given.params(PARAMS, texts)
    assert tuple(want) == caught.value.lines


def test_an_instant_has_a_zone() -> None:
    """Without one, nobody knows which instant it is."""
    hour = timezone(timedelta(hours=1))

    assert datetime(2030, 1, 31, 2, 30, tzinfo=UTC) == given.instant("2030-01-31T02:30:00Z")
    assert datetime(2030, 1, 31, 2, 30, tzinfo=hour) == given.instant("2030-01-31T02:30:00+01:00")
    assert given.instant(None) is None
    for text in (
        *("2030-01-31T02:30:00", "yesterday", ""),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "0999-12-31T23:59:59Z"),
    ):
        with pytest.raises(InputError):
            given.instant(text)


def test_an_interpreter_or_its_environment(tmp_path: Path) -> None:
    """Either may be named; links are not followed, since they are what a virtual environment is."""
    link = tmp_path / "venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)

    assert link == given.interpreter(str(tmp_path / "venv"))
    assert link == given.interpreter(str(link))
    with pytest.raises(InputError, match="cannot be run"):
        given.interpreter(str(tmp_path))


@pytest.mark.parametrize(
    "text", ["1_000", "٣", " 3", "0x10", "9223372036854775808", "9" * 5000, "-", ""]
)
def test_a_number_is_one_that_a_manifest_can_hold(text: str) -> None:
    """ASCII digits and 64 bits: a run in a cluster takes no other."""
    with pytest.raises(InputError) as caught:
        given.params(PARAMS, [f"count={text}"])

    (line,) = caught.value.lines
    assert line.endswith("is not a whole number of at most 64 bits")
    assert len(line) < 200


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_longest_numbers_are_numbers(number: int) -> None:
    """The limits themselves are in."""
    assert {"count": number} == given.params(PARAMS, [f"count={number}"])


def test_each_missing_value_has_a_line_with_what_to_type() -> None:
    """Nobody is asked for one after the other."""
    declared = (Param(name="must"), Param(name="day", type=ParamType.INTEGER, enum=(1, 2)))

    with pytest.raises(InputError) as caught:
        given.params(declared, ["mus=x"])

    assert (
        "--param must=…: it has no default; give it a value (text)",
        f"--param day=…: it has no default; give it a value ({WHOLE}, one of: 1, 2)",
        "--param: the workflow has no parameter 'mus'; did you mean 'must'?",
    ) == caught.value.lines
