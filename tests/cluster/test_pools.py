"""Pools on a real cluster: slots that tasks of several workflows share, also across a kill."""

import json
from typing import Any

import pytest

from cluster.alone import ALONE
from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, lasting, shell, task

pytestmark = pytest.mark.cluster

POOL = "db"


namespace, controller, story = ALONE


def pool(story: Story, slots: int) -> None:
    """Create the pool, or change its slots."""
    body = {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Pool",
        "metadata": {"name": POOL},
        "spec": {"slots": slots},
    }
    story.apply(body)


def status(story: Story) -> dict[str, Any]:
    """Return the pool's status."""
    found = json.loads(story.kubectl("get", "pool", POOL, "-o", "json"))
    return dict(found.get("status", {}))


def programs(story: Story) -> int:
    """Return how many programs of the pool's tasks run, or will. A pod ends after its program."""
    pods = json.loads(story.kubectl("get", "pods", "-l", f"headrace.dev/pool={POOL}", "-o", "json"))
    return sum(not _over(pod["status"]) for pod in pods["items"])


def _over(status: dict[str, Any]) -> bool:
    states = [container["state"] for container in status.get("containerStatuses", ())]
    ended = any("terminated" in state for state in states)
    return ended or status.get("phase") in ("Succeeded", "Failed")


@pytest.mark.usefixtures("controller")
def test_tasks_of_two_workflows_share_a_pool(story: Story) -> None:
    """One slot: never two programs at a time, and both runs come to their end."""
    pool(story, 1)
    for name in ("first", "second"):
        tasks = (task(f"t{n}", shell("sleep 1"), pool=POOL) for n in range(2))
        story.workflow(name, *tasks)
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, programs(story))
        runs = (story.get("workflowrun", f"{name}-once") for name in ("first", "second"))
        return all("completionTime" in run.get("status", {}) for run in runs)

    story.until("both runs have ended", look)
    assert 1 == most
    assert {"t0": "Succeeded", "t1": "Succeeded"} == story.outcomes("first-once")
    story.until("nobody holds a slot", lambda: (status(story).get("used", 0)) == 0)


def test_a_killed_controller_leaks_no_slot(story: Story, controller: ControllerProcess) -> None:
    """The next one counts what runs: the pool's count equals the pods, and the others wait on."""
    pool(story, 2)
    story.workflow("busy", *(task(f"t{n}", lasting(), pool=POOL) for n in range(4)))
    story.until("two run", lambda: programs(story) == 2)
    controller.kill()
    controller.start()
    story.until(
        "the status says what runs",
        lambda: (status(story).get("used"), status(story).get("waiting")) == (2, 2),
    )
    assert 2 == programs(story)
    assert ["t0", "t1"] == sorted(holder["task"] for holder in status(story)["holders"])
    row = story.kubectl("get", "pools").splitlines()[1].split()
    assert [POOL, "2", "2", "2", "busy-once", "t2"] == row[:6]
    story.steer("busy-once", "Cancel")
    story.ended("busy-once")
    story.until("nobody holds a slot", lambda: (status(story).get("used", 0)) == 0)


@pytest.mark.usefixtures("controller")
def test_a_task_waits_for_its_pool_and_says_so(story: Story) -> None:
    """Without the pool the reason is PoolNotFound; when it appears, the task goes on."""
    story.workflow("early", task("only", SUCCEED, pool=POOL))
    run = "early-once"
    story.until("there is a run", lambda: story.kubectl("get", "workflowruns", "-o", "name"))
    waits = story.until(
        "the run names the task",
        lambda: story.get("workflowrun", run).get("status", {}).get("attention"),
        60,
    )
    assert ["PoolNotFound"] == [each["reason"] for each in waits]
    pool(story, 1)
    story.ended(run)
    assert {"only": "Succeeded"} == story.outcomes(run)
