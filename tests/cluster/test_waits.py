"""Tasks that only let time pass, on a real cluster: nothing of them runs or is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from cluster.alone import ALONE
from cluster.looking import Manifest
from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, condition, task

pytestmark = pytest.mark.cluster


namespace, controller, story = ALONE


def pause(**wait: object) -> list[Manifest]:
    """Return a task, a wait and another task."""
    return [
        task("before", SUCCEED),
        {"name": "pause", "dependsOn": ["before"], "wait": wait},
        task("after", SUCCEED, dependsOn=["pause"]),
    ]


def instant(text: str) -> datetime:
    """Read an instant of an object."""
    return datetime.fromisoformat(text)


def test_a_wait_ends_at_its_instant_while_no_controller_runs(
    story: Story, controller: ControllerProcess
) -> None:
    """The controller is killed and comes back late; the record has the instant, to the second."""
    story.workflow("patient", *pause(seconds=15))
    until = story.waits("patient-once.pause", "WaitingForTime")["spec"]["waitUntil"]
    row = story.row("taskrun", "patient-once.pause")
    assert "WaitingForTime" in row
    assert f"until {until}" in row

    controller.kill()
    late = instant(until) + timedelta(seconds=3)
    story.until("three seconds later", lambda: datetime.now(UTC) > late)  # noqa: TID251 - the cluster's clock is this machine's
    assert {} == story.get("taskrun", "patient-once.after")
    controller.start()
    run = story.ended("patient-once")

    assert "True" == condition(run)["status"]
    record = story.get("taskrun", "patient-once.pause")
    assert (until, "Succeeded") == (
        *(record["status"]["completionTime"], record["status"]["outcome"]),
    )
    assert until == record["spec"]["waitUntil"]
    assert [] == story.of_run("job", "patient-once", "pause")
    assert [] == story.of_run("pod", "patient-once", "pause")
    (after,) = story.of_run("job", "patient-once", "after")
    assert instant(after["metadata"]["creationTimestamp"]) >= late - timedelta(seconds=1)


def test_an_expression_gives_the_instant(story: Story, controller: ControllerProcess) -> None:
    """One that has passed ends the wait at once."""
    assert controller is not None
    story.workflow("past", *pause(until="run.logicalTime - duration('1h')"))
    story.ended("past-once")
    record = story.get("taskrun", "past-once.pause")
    assert "Succeeded" == record["status"]["outcome"]
    assert instant(record["spec"]["waitUntil"]) < instant(record["status"]["completionTime"])
    assert record["status"]["startTime"] == record["status"]["completionTime"]


def test_a_stopped_run_does_not_wait(story: Story, controller: ControllerProcess) -> None:
    """The wait of a day ends at once, and so does the run."""
    assert controller is not None
    story.workflow("long", *pause(seconds=86_400))
    story.waits("long-once.pause", "WaitingForTime")
    story.steer("long-once", "Stop")
    run = story.ended("long-once")
    assert "Stopped" == condition(run)["reason"]
    assert "Cancelled" == story.get("taskrun", "long-once.pause")["status"]["outcome"]
