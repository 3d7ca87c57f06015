"""What a trigger and a concurrency may say: `headrace.api.v1alpha1.trigger`."""

from typing import Any

import pytest
from pydantic import ValidationError

from headrace.api.v1alpha1.trigger import CatchUp, Concurrency, Schedule, Trigger

ACCEPTED = [
    pytest.param({"schedule": {"cron": "30 2 * * *"}}, id="a cron"),
    pytest.param({"schedule": {"everySeconds": 60}}, id="an interval"),
    pytest.param({"schedule": {"everySeconds": 60, "timeZone": "UTC"}}, id="a default spelt out"),
    pytest.param({"schedule": {"cron": "@daily", "timeZone": "Europe/Kyiv"}}, id="a zone"),
    pytest.param({"schedule": {"cron": "@daily", "timeZone": "US/Pacific"}}, id="an old zone name"),
    pytest.param({"schedule": {"cron": "@daily", "catchUp": "None"}}, id="catchUp None"),
    pytest.param({"onApply": {}}, id="onApply"),
    pytest.param({"workflow": {"name": "first"}}, id="a run ended"),
    pytest.param(
        {
            "workflow": {
                "name": "first",
                "namespace": "mill",
                "outcomes": ["Failed", "Cancelled"],
                "paramsFrom": [{"name": "rows", "output": "count"}],
            }
        },
        id="a run elsewhere ended badly",
    ),
]


@pytest.mark.parametrize("given", ACCEPTED)
def test_a_trigger_is_accepted_and_written_back(given: dict[str, Any]) -> None:
    """What was given is what is kept."""
    trigger = Trigger.model_validate(given)
    assert given == trigger.model_dump(mode="json", by_alias=True, exclude_unset=True)


REFUSED = [
    ({}, "a trigger needs one of schedule, onApply, workflow and webhook"),
    ({"schedule": {"cron": "@daily"}, "onApply": {}}, "make a trigger of each"),
    ({"onApply": {"when": "now"}}, "Extra inputs are not permitted"),
    ({"workflow": {}}, "Field required"),
    ({"workflow": {"name": "a", "outcomes": []}}, "at least 1 item"),
    ({"workflow": {"name": "a", "outcomes": ["Skipped"]}}, "'Succeeded', 'Failed' or 'Cancelled'"),
    ({"workflow": {"name": "a", "outcomes": ["Failed", "Failed"]}}, "listed twice"),
    ({"workflow": {"name": "a", "namespace": "A"}}, "should match pattern"),
    ({"schedule": {}}, "needs one of cron and everySeconds"),
    ({"schedule": {"cron": "@daily", "everySeconds": 60}}, "not both: remove one"),
    ({"schedule": {"cron": "61 * * * *"}}, "minute (field 1 of 5)"),
    ({"schedule": {"cron": "0 " * 200}}, "at most 256 characters"),
    ({"schedule": {"everySeconds": 59}}, "greater than or equal to 60"),
    ({"schedule": {"everySeconds": 31_536_001}}, "less than or equal to 31536000"),
    ({"schedule": {"everySeconds": 86_400, "timeZone": "Asia/Tokyo"}}, "or use cron"),
    ({"schedule": {"cron": "@daily", "catchUp": None}}, "'None', 'Latest' or 'All'"),
    ({"schedule": {"cron": "@daily", "maxCatchUp": 0}}, "greater than or equal to 1"),
    ({"schedule": {"cron": "@daily", "startingDeadlineSeconds": 9}}, "or equal to 10"),
]


@pytest.mark.parametrize(("given", "part"), REFUSED)
def test_a_trigger_is_refused_with_a_cure(given: dict[str, Any], part: str) -> None:
    """The message says what is wrong and what to write."""
    with pytest.raises(ValidationError) as refusal:
        Trigger.model_validate(given)
    assert part in str(refusal.value)


@pytest.mark.parametrize("name", ["EST", "CEST", "UTC+2", "Europe/Berln", "localtime", ""])
def test_a_zone_is_refused_at_its_field(name: str) -> None:
    """Which names are taken is `headrace.api.checks.zone_name`'s to say."""
    with pytest.raises(ValidationError) as refusal:
        Schedule(cron="@daily", time_zone=name)
    assert ["time_zone"] == [str(each["loc"][0]) for each in refusal.value.errors()]


def test_a_schedule_catches_up_its_latest_tick_unless_told_otherwise() -> None:
    """After downtime one run brings the data up to date."""
    schedule = Schedule(cron="@daily")
    want = (CatchUp.LATEST, 100, None, "UTC")
    got = schedule.catch_up, schedule.max_catch_up, schedule.starting_deadline_seconds
    assert want == (*got, schedule.time_zone)


@pytest.mark.parametrize("policy", ["Forbid", "Replace"])
def test_a_limit_is_refused_where_one_run_is_active(policy: str) -> None:
    """`maxRuns` goes with Allow and Queue only."""
    with pytest.raises(ValidationError) as refusal:
        Concurrency.model_validate({"policy": policy, "maxRuns": 2})
    assert f"maxRuns has no meaning with policy {policy}" in str(refusal.value)


@pytest.mark.parametrize("policy", ["Allow", "Queue"])
def test_a_limit_is_accepted_where_runs_share_time(policy: str) -> None:
    """`maxRuns` is from 1 to 1000."""
    assert Concurrency.model_validate({"policy": policy, "maxRuns": 1000}).max_runs
    with pytest.raises(ValidationError):
        Concurrency.model_validate({"policy": policy, "maxRuns": 0})
