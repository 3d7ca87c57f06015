"""Nothing starts beside a pod whose end it waits for, however that end was told."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

SLOW: Final = shell("trap 'sleep 6; exit 143' TERM; sleep 600 & wait $!")
"""Takes its time to end when it is asked to."""


def alone(story: Story, what: str, look: Callable[[], Any], run: str) -> None:
    """Wait for something to be there, and find nothing of the task `slow` running beside it."""
    story.until(what, look)
    assert [] == story.running(run, "slow")


@pytest.mark.parametrize("kind", ["taskrun", "job"])
def test_finally_waits_for_the_pod_of_what_was_deleted(story: Story, kind: str) -> None:
    """The TaskRun and its Job are gone at once; their pod has its grace period."""
    run = f"tidy-{kind}"
    policy = {"infrastructureLimit": 0}
    story.workflow(
        run, task("slow", SLOW, retry=policy), finally_=[task("tidy", SUCCEED)], suspend=True
    )
    story.start(run, run)
    story.waits(f"{run}.slow", "Running")

    name = f"{run}.slow" if kind == "taskrun" else _job(story, run)
    story.delete(kind, name)
    alone(story, "the tidy Job", lambda: story.of_run("job", run, "tidy"), run)

    assert "Succeeded" == story.task_ended(f"{run}.tidy")["status"]["outcome"]
    assert "False" == condition(story.ended(run))["status"]


def test_what_follows_a_task_out_of_time_waits_for_its_pod(story: Story) -> None:
    """The end is on record at once, and who waits for it says that it waits for the pod."""
    story.workflow(
        "late",
        task("slow", SLOW, timeouts={"totalSeconds": 5}),
        task("next", SUCCEED, dependsOn=["slow"], runWhen="AllDone"),
        suspend=True,
    )
    story.start("late", "late")
    story.task_ended("late.slow")
    (pod,) = story.running("late", "slow")
    told = story.until("a word about the pod", lambda: _attention(story, "late", "next"))
    alone(story, "the next Job", lambda: story.of_run("job", "late", "next"), "late")

    assert "WaitingForRemoval" == told["reason"]
    assert f"pod {pod['metadata']['name']} of slow still runs" == told["message"]


@pytest.mark.parametrize("way", ["Replace", "Queue, and the first is cancelled", "Queue, deleted"])
def test_the_next_run_waits_for_the_pods_of_the_one_before(story: Story, way: str) -> None:
    """Two runs that must not go on beside each other do not, not even for a pod's grace period."""
    name = way.split(",", maxsplit=1)[0].lower() + str(len(way))
    concurrency = {"policy": way.split(",", maxsplit=1)[0]}
    story.workflow(name, task("slow", SLOW), suspend=True, concurrency=concurrency)
    first, second = f"{name}-1", f"{name}-2"
    story.start(name, first)
    story.waits(f"{first}.slow", "Running")
    story.start(name, second)
    if way.endswith("cancelled"):
        story.steer(first, "Cancel")
    elif way.endswith("deleted"):
        story.waits(second, "WaitingForTurn", "workflowrun")
        story.delete("workflowrun", first)

    alone(story, "the second run's Job", lambda: story.of_run("job", second), first)
    story.steer(second, "Cancel")


def _job(story: Story, run: str) -> str:
    (job,) = story.of_run("job", run, "slow")
    return str(job["metadata"]["name"])


def _attention(story: Story, run: str, task_name: str) -> Manifest:
    listed = story.get("workflowrun", run).get("status", {}).get("attention", ())
    return next((dict(each) for each in listed if each["task"] == task_name), {})
