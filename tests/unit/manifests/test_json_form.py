"""API types as JSON and back: `headrace.manifests.json_form`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.run import Attention, RunStatus, TaskCounts
from headrace.manifests.json_form import as_given, as_json, as_patch, name_of, read, read_legible

BERLIN = timezone(timedelta(hours=1))
ATTENTION = Attention(task="a", reason="Failed", message="exit code 3")


@given(st.datetimes(datetime(1000, 1, 2), timezones=st.sampled_from([UTC, BERLIN])))  # noqa: DTZ001 - hypothesis adds the zone
def test_types_write_instants_as_everybody_does(instant: datetime) -> None:
    """In one form: what one wrote, the other would not write otherwise."""
    assert write_time(instant) == as_json(RunStatus(since=instant))["since"]


def test_fields_are_named_as_users_write_them() -> None:
    """The type knows the name."""
    assert "finallyTime" == name_of(RunStatus, "finally_time")
    assert {"task": "a", "reason": "Failed", "message": "exit code 3"} == as_json(ATTENTION)


def test_what_nobody_gave_can_be_left_out() -> None:
    """A default too, unless somebody gave it."""
    assert {"tasks": {"total": 3}, "progress": ""} == as_given(
        RunStatus(tasks=TaskCounts(total=3), progress="", revision=None)
    )


def test_a_patch_takes_away_what_has_no_value() -> None:
    """Null removes a field in a merge patch. A list is replaced as a whole, so it needs no null."""
    patch = as_patch(RunStatus(attention=(ATTENTION,)))
    assert patch["startTime"] is None
    assert [as_json(ATTENTION)] == patch["attention"]
    assert {field.alias for field in RunStatus.model_fields.values()} == set(patch)


def test_a_value_is_read_back_the_same() -> None:
    """Also from a patch."""
    status = RunStatus(tasks=TaskCounts(total=3), attention=(ATTENTION,))
    assert status == read(RunStatus, as_json(status)) == read(RunStatus, as_patch(status))


@pytest.mark.parametrize("written", [3, None, [], "x", {"attention": 3}, {"since": 7}])
def test_what_is_something_else_is_refused(written: object) -> None:
    """A number is no instant, though it could stand for seconds since 1970."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong
        read(RunStatus, written)


def test_fields_of_a_newer_version_are_passed_over() -> None:
    """Here and deeper in."""
    newer = {"new": 1, "tasks": {"total": 3, "new": 1}}
    assert RunStatus(tasks=TaskCounts(total=3)) == read(RunStatus, newer)


def test_of_a_garbled_value_the_other_fields_are_read() -> None:
    """One that somebody garbled counts as not there."""
    garbled = {"revision": "etl-1", "started": 7, "attention": [{}], "tasks": {"total": 3}}
    assert RunStatus(revision="etl-1", tasks=TaskCounts(total=3)) == read_legible(
        RunStatus, garbled
    )
