"""A schedule over a change of the clocks, on a real cluster; the controller's clock was set."""

from datetime import UTC, datetime, timedelta
from itertools import count
from time import time
from zoneinfo import ZoneInfo

import pytest

from cluster.control import Stage
from cluster.controller_at import TIME
from cluster.story import SUCCEED, task

pytestmark = pytest.mark.cluster

BERLIN = ZoneInfo("Europe/Berlin")
HALF = timedelta(minutes=30)
LEAD = timedelta(seconds=10)  # For the controller to start, and to look at the workflow.


def next_change(*, forward: bool) -> datetime:
    """Return the next instant at which Berlin's clocks are put forward, or back."""
    begin = datetime.fromtimestamp(time() // 3600 * 3600, UTC)
    for hour in count(1):
        instant = begin + timedelta(hours=hour)
        step = _offset(instant) - _offset(instant - timedelta(hours=1))
        if step and (step > timedelta()) is forward:
            return instant
    raise AssertionError


def _offset(instant: datetime) -> timedelta:
    offset = instant.astimezone(BERLIN).utcoffset()
    assert offset is not None
    return offset


@pytest.mark.parametrize(
    ("forward", "tick", "after"),
    [
        pytest.param(True, timedelta(), timedelta(hours=23, minutes=30), id="spring"),
        pytest.param(False, -HALF, timedelta(hours=25), id="autumn"),
    ],
)
def test_a_nightly_run_starts_once_in_the_night_of_the_change(
    stage: Stage, *, forward: bool, tick: timedelta, after: timedelta
) -> None:
    """Half past two does not exist in spring and comes twice in autumn; a run is due each day."""
    due = next_change(forward=forward) + tick
    schedule = {"cron": "30 2 * * *", "timeZone": "Europe/Berlin", "catchUp": "None"}
    namespace = stage.namespace()
    clock = {TIME: (due - LEAD).isoformat()}
    controller = stage.controller(
        "ahead", namespace, environ=clock, program="cluster.controller_at"
    )
    story = stage.story(namespace, controller)
    story.workflow("nightly", task("one", SUCCEED), triggers=[{"schedule": schedule}])
    controller.start()

    (run,) = story.until("the run", lambda: story.all("workflowrun"))
    following = story.until(
        "its next tick",
        lambda: (found := _next(story.get("workflow", "nightly"))) > due and found,
    )

    assert due == datetime.fromisoformat(run["spec"]["logicalTime"])
    assert f"nightly-{int(due.timestamp()) // 60}" == run["metadata"]["name"]
    assert due + after == following
    assert f"{following:%Y-%m-%dT%H:%M:%SZ}" in story.row("workflow", "nightly")
    assert f"{due:%Y-%m-%dT%H:%M:%SZ}" in story.row("workflowrun", run["metadata"]["name"])


def _next(workflow: dict[str, dict[str, str]]) -> datetime:
    told = workflow.get("status", {}).get("nextRunTime")
    return datetime.fromisoformat(told) if told else datetime.min.replace(tzinfo=UTC)
