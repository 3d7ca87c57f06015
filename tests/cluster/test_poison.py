"""What somebody garbles harms the one object that it is about, and no other."""

from typing import Any

import pytest

from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, attempts, condition, lasting, shell, task

pytestmark = pytest.mark.cluster

STATUS = "--subresource=status"
SINCE = "2026-01-01T00:00:00Z"


def garbled(**further: Any) -> Manifest:
    """Return a status that the schema allows and that means nothing."""
    condition = {"type": "Succeeded", "status": "Unknown", "reason": "Nonsense", "message": "?"}
    return {"status": {"conditions": [{**condition, "lastTransitionTime": SINCE}], **further}}


def test_garbage_in_a_taskruns_status_is_written_anew_from_its_job(story: Story) -> None:
    """The running attempt is found again by its Job, is not started twice, and ends well."""
    story.workflow(
        "smear", task("load", shell("sleep 8")), task("use", SUCCEED, dependsOn=["load"])
    )
    story.started("smear-once", "load")

    attempt = {"number": 7, "reason": "Nonsense"}
    story.patch("taskrun", "smear-once.load", garbled(attempts=[attempt]), STATUS)
    story.workflow("beside-smear", task("one", SUCCEED))

    assert "True" == condition(story.ended("beside-smear-once"))["status"]
    assert "True" == condition(story.ended("smear-once"))["status"]
    assert [("Succeeded", 0)] == attempts(story.get("taskrun", "smear-once.load"))
    assert 1 == len(story.of_run("job", "smear-once", "load"))


def test_garbage_in_a_runs_status_is_written_anew_from_its_tasks(story: Story) -> None:
    """The status is a projection: the run goes on by its own definition, and nothing runs twice."""
    story.workflow("blot", task("load", shell("sleep 8")), task("use", SUCCEED, dependsOn=["load"]))
    story.started("blot-once", "load")
    story.workflow("blot", task("changed", SUCCEED))

    story.patch("workflowrun", "blot-once", garbled(started="x-y", progress="9/9"), STATUS)
    run = story.ended("blot-once")

    assert "True" == condition(run)["status"]
    assert {"load": "Succeeded", "use": "Succeeded"} == story.outcomes("blot-once")
    assert "2/2" == run["status"]["progress"]
    assert "0-1" == run["status"]["started"]


def test_garbage_in_a_workflows_status_is_written_anew(story: Story) -> None:
    """The workflow is Ready again, and does not run a second time for it."""
    story.workflow("stain", task("one", SUCCEED))
    story.ended("stain-once")
    story.until("a summary", lambda: _active(story, "stain") == 0)

    told = {"type": "Ready", "status": "True", "reason": "Nonsense", "lastTransitionTime": SINCE}
    story.patch("workflow", "stain", {"status": {"conditions": [told], "activeRuns": 7}}, STATUS)

    story.until("a summary", lambda: _active(story, "stain") == 0)
    ready = condition(story.get("workflow", "stain"), "Ready")
    assert ["True", "Ready"] == [ready["status"], ready["reason"]]
    assert 1 == len([run for run in story.all("workflowrun") if run["spec"]["workflow"] == "stain"])


def test_a_record_that_cannot_be_read_is_written_anew_from_a_pod_that_is_gone(story: Story) -> None:
    """The controller has seen the end of the pod, and remembers it: the task is not run again."""
    story.workflow(
        "lost",
        task("load", SUCCEED),
        task("wait", shell("sleep 15")),
        task("use", SUCCEED, dependsOn=["load", "wait"]),
    )
    story.task_ended("lost-once.load")
    (job,) = story.of_run("job", "lost-once", "load")
    story.kubectl("delete", "job", job["metadata"]["name"], "--cascade=foreground", "--wait")

    story.patch("taskrun", "lost-once.load", {**garbled(attempts=None, outcome=None)}, STATUS)
    run = story.ended("lost-once")

    assert "Succeeded" == condition(run)["reason"]
    assert not story.of_run("job", "lost-once", "load")
    (attempt,) = story.get("taskrun", "lost-once.load")["status"]["attempts"]
    assert (1, 0) == (attempt["number"], attempt["exitCode"])


def test_labels_taken_off_a_job_do_not_start_its_attempt_again(story: Story) -> None:
    """An attempt is known by its Job's name and owner; labels only help to find it."""
    story.workflow("bare", task("load", shell("sleep 8")))
    story.started("bare-once", "load")
    (job,) = story.of_run("job", "bare-once", "load")
    name = job["metadata"]["name"]

    off = ("headrace.dev/attempt-", "headrace.dev/task-", "headrace.dev/run-")
    story.kubectl("label", "job", name, *off)
    run = story.ended("bare-once")

    assert "True" == condition(run)["status"]
    assert [("Succeeded", 0)] == attempts(story.get("taskrun", "bare-once.load"))


def test_a_taskrun_that_lost_its_owner_is_lost_to_the_run_alone(story: Story) -> None:
    """It runs on by itself. When it is deleted, the run fails with its name; another went on."""
    story.workflow("orphaned", task("load", lasting()), task("other", SUCCEED))
    story.waits("orphaned-once.load", "Running")

    story.patch("taskrun", "orphaned-once.load", {"metadata": {"ownerReferences": None}})
    story.task_ended("orphaned-once.other")
    story.kubectl("delete", "taskrun", "orphaned-once.load", "--wait=false")
    run = story.ended("orphaned-once")

    assert "load" == run["status"]["attention"][0]["task"]
    assert "Succeeded" == story.outcomes("orphaned-once")["other"]


def _active(story: Story, name: str) -> int:
    return int(story.get("workflow", name).get("status", {}).get("activeRuns", -1))
