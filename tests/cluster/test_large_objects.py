"""Large objects of one namespace leave the controller its memory, and all others their service."""

import json
from typing import Any

import pytest

from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, condition, task

pytestmark = pytest.mark.cluster

COUNT, AT_ONCE = 60, 4
LARGE = {"image": "busybox:1.37", "args": ["x" * 32_700] * 43}
"""1.4 MB: about as much as an API server takes."""


def test_after_a_restart_large_task_runs_take_no_memory(
    story: Story, controller: ControllerProcess
) -> None:
    """They are refused at once and stay; what the controller keeps of them is small."""
    before = controller.most_memory()
    for start in range(0, COUNT, AT_ONCE):
        _create(story, [_task_run(number) for number in range(start, start + AT_ONCE)])
    story.until("all are refused", lambda: _refused(story) == COUNT)
    controller.end()

    controller.start()
    story.workflow("beside", task("one", SUCCEED))
    run = story.ended("beside-once")

    assert "True" == condition(run)["status"]
    written = len(json.dumps(LARGE)) * COUNT
    assert controller.most_memory() - before < written / 2


def _task_run(number: int) -> dict[str, Any]:
    # The ServiceAccount has no label that lets tasks use it.
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "TaskRun",
        "metadata": {"name": f"big-{number}"},
        "spec": {**LARGE, "serviceAccountName": "default"},
    }


def _create(story: Story, items: list[dict[str, Any]]) -> None:
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    story.kubectl("create", "-f", "-", stdin=body)


def _refused(story: Story) -> int:
    shown = story.kubectl("get", "taskruns", "--output", "jsonpath={.items[*].status.outcome}")
    return shown.split().count("Failed")
