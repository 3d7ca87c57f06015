"""Workflows that start when runs of others end, on a real cluster."""

from typing import Any

import pytest

from cluster.operator_process import ControllerProcess
from cluster.story import FAIL, SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

COUNTS = shell('echo "{\\"rows\\": 7}" > $HEADRACE_OUTPUTS')


def after(name: str, **more: Any) -> dict[str, Any]:
    """Return a trigger."""
    return {"workflow": {"name": name, **more}}


def runs_of(story: Story, workflow: str) -> list[Any]:
    """Return the runs of a workflow."""
    return [run for run in story.all("workflowrun") if run["spec"]["workflow"] == workflow]


def test_a_chain_of_three_workflows(story: Story, controller: ControllerProcess) -> None:
    """Each end starts one run, with outputs as parameters; a restart starts nothing twice."""
    story.workflow(
        "third", task("t", SUCCEED), triggers=[after("second"), after("first", outcomes=["Failed"])]
    )
    day = [{"name": "rows", "type": "Integer", "default": 0}]
    story.workflow(
        "second",
        task(
            "t", shell('test "$ROWS" = 14'), env=[{"name": "ROWS", "value": "${{ params.rows }}"}]
        ),
        params=day,
        triggers=[after("first", paramsFrom=[{"name": "rows", "output": "twice"}])],
    )
    story.until("both are ready", lambda: all(ready(story, name) for name in ("second", "third")))
    story.workflow(
        "first",
        task("count", COUNTS),
        outputs=[{"name": "twice", "expression": "tasks.count.outputs.rows * 2"}],
    )

    last = story.until("the third has started", lambda: runs_of(story, "third"))
    ended = story.ended(last[0]["metadata"]["name"])

    assert "True" == condition(ended)["status"]
    (second,) = runs_of(story, "second")
    assert [{"name": "rows", "value": 14}] == second["spec"]["params"]
    first = story.get("workflowrun", "first-once")
    assert (first["metadata"]["uid"], 1) == (
        *(second["spec"]["triggeredBy"]["uid"], second["spec"]["triggeredBy"]["depth"]),
    )
    assert 2 == ended["spec"]["triggeredBy"]["depth"]
    assert first["metadata"]["creationTimestamp"] == ended["spec"]["logicalTime"]
    (third,) = runs_of(story, "third")
    story.delete("workflowrun", third["metadata"]["name"])
    controller.kill()
    controller.start()
    story.workflow("other", task("t", SUCCEED))
    story.ended("other-once")
    assert [] == runs_of(story, "third")


def test_a_failed_run_starts_what_asks_for_failures(story: Story) -> None:
    """And nothing that asks for success."""
    story.workflow("alarm", task("t", SUCCEED), triggers=[after("bad", outcomes=["Failed"])])
    story.workflow("report", task("t", SUCCEED), triggers=[after("bad")])
    story.until("both are ready", lambda: all(ready(story, name) for name in ("alarm", "report")))
    story.workflow("bad", task("t", FAIL))

    (run,) = story.until("the alarm has started", lambda: runs_of(story, "alarm"))

    story.ended(run["metadata"]["name"])
    assert [] == runs_of(story, "report")


def ready(story: Story, name: str) -> bool:
    """Return whether the controller has seen a workflow."""
    return "followed" in story.get("workflow", name).get("status", {})
