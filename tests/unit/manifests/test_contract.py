"""What a task's program is told: `headrace.manifests.contract`."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.run import Interval
from headrace.manifests.contract import environment
from support.builders import at, start

OUTPUTS = "/dev/termination-log"


def test_the_environment_of_an_attempt() -> None:
    """All names of the contract, and no others."""
    interval = Interval(start=at(-86_400), end=at(0))
    assert {
        "HEADRACE_NAMESPACE": "default",
        "HEADRACE_WORKFLOW": "etl",
        "HEADRACE_RUN": "etl-1",
        "HEADRACE_TASK": "extract",
        "HEADRACE_ATTEMPT": "2",
        "HEADRACE_LOGICAL_TIME": "2030-01-01T12:00:00Z",
        "HEADRACE_INTERVAL_START": "2029-12-31T12:00:00Z",
        "HEADRACE_INTERVAL_END": "2030-01-01T12:00:00Z",
        "HEADRACE_PARAMS": "{}",
        "HEADRACE_OUTPUTS": OUTPUTS,
    } == environment(start(number=2, interval=interval), OUTPUTS)


def test_a_run_without_an_interval_stands_for_one_moment() -> None:
    """Both ends are its logical time."""
    told = environment(start(), OUTPUTS)
    assert told["HEADRACE_LOGICAL_TIME"] == told["HEADRACE_INTERVAL_START"]
    assert told["HEADRACE_LOGICAL_TIME"] == told["HEADRACE_INTERVAL_END"]


def test_times_are_told_in_utc() -> None:
    """Whatever zone they were written in."""
    berlin = timezone(timedelta(hours=1))
    noon = datetime(2030, 1, 1, 12, tzinfo=berlin)
    interval = Interval(start=noon, end=noon.astimezone(UTC))
    told = environment(start(interval=interval), OUTPUTS)
    assert "2030-01-01T11:00:00Z" == told["HEADRACE_INTERVAL_START"]
    assert told["HEADRACE_INTERVAL_START"] == told["HEADRACE_INTERVAL_END"]


@given(st.dictionaries(st.text(), st.text() | st.booleans() | st.integers()))
def test_parameters_arrive_as_they_are(params: dict[str, bool | int | str]) -> None:
    """As one JSON object, with their types, in characters that people can read."""
    told = environment(start(params=params), OUTPUTS)["HEADRACE_PARAMS"]
    assert params == json.loads(told)
    assert all(value in told for value in params.values() if value == "Zürich")


def test_parameters_can_be_read_by_people() -> None:
    """No escapes for what is not ASCII."""
    told = environment(start(params={"city": "Zürich"}), OUTPUTS)["HEADRACE_PARAMS"]
    assert '{"city": "Zürich"}' == told
