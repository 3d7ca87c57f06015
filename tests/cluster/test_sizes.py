"""A run of many tasks, under a controller manager with its default limits."""

import pytest

from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, condition, task

pytestmark = pytest.mark.cluster

LAYERS, WIDTH = 20, 10
LONG = 500.0


def test_a_run_of_two_hundred_tasks_ends(story: Story, controller: ControllerProcess) -> None:
    """Each of 20 layers waits for all 10 tasks of the one before; kubectl shows how far it is."""
    names = [[f"l{layer}-{place}" for place in range(WIDTH)] for layer in range(LAYERS)]
    tasks = (
        task(name, SUCCEED, dependsOn=names[layer - 1] if layer else [])
        for layer in range(LAYERS)
        for name in names[layer]
    )
    story.workflow("wide", *tasks)

    half = story.until("half of it", lambda: _ended(story) >= LAYERS * WIDTH // 2, patience=LONG)
    row = story.row("workflowrun", "wide-once")
    run = story.ended("wide-once", patience=LONG)

    assert half
    assert f"/{LAYERS * WIDTH}" in row
    assert "Running" in row
    assert "True" == condition(run)["status"]
    assert f"{LAYERS * WIDTH}/{LAYERS * WIDTH}" == run["status"]["progress"]
    assert f"0-{LAYERS * WIDTH - 1}" == run["status"]["started"]
    assert ["1"] * LAYERS * WIDTH == [
        job["metadata"]["labels"]["headrace.dev/attempt"]
        for job in story.of_run("job", "wide-once")
    ]
    assert 0 == controller.metric("headrace_cache_repairs")
    _tell(controller, run["status"]["duration"])


def _ended(story: Story) -> int:
    counts = story.get("workflowrun", "wide-once").get("status", {}).get("tasks", {})
    return int(counts.get("succeeded", 0))


def _tell(controller: ControllerProcess, duration: str) -> None:
    """Print what the run cost: numbers to read, none of them is promised here."""
    hops = controller.metric("headrace_hop_duration_seconds_count")
    seconds = controller.metric("headrace_hop_duration_seconds_sum")
    requests = {
        verb: controller.metric("headrace_api_requests_total", verb=verb)
        for verb in ("create", "patch", "get", "delete")
    }
    cpu = controller.cpu_seconds()
    print(  # noqa: T201 - shown by pytest -s
        f"\n{LAYERS * WIDTH} tasks in {duration}; {hops:.0f} hops, mean {seconds / hops:.3f} s;"
        f" requests {requests}; controller CPU {cpu:.1f} s"
    )
