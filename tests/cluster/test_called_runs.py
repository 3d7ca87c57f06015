"""Tasks that call workflows, on a real cluster: values there and back, steering, the end."""

from typing import Any

import pytest

from cluster.story import FAIL, SUCCEED, Story, condition, lasting, shell, task

pytestmark = pytest.mark.cluster

COUNTS = shell('echo "{\\"rows\\": 7}" > $HEADRACE_OUTPUTS')
CALLED: dict[str, Any] = {"suspend": True}


def call(name: str, of: str, params: list[dict[str, Any]] | None = None, **more: Any) -> Any:
    """Return a task that calls a workflow."""
    return {"name": name, "workflow": {"name": of, "params": params or []}, **more}


def called(story: Story, run: str, task: str) -> str:
    """Return the name of the run that a task's newest attempt has called, once there is one."""

    def look() -> Any:
        attempts = story.get("taskrun", f"{run}.{task}").get("status", {}).get("attempts") or [{}]
        return attempts[-1].get("runName")

    return str(story.until(f"{task} has called a run", look))


def test_values_go_there_and_back(story: Story) -> None:
    """A run of its own, for the same instant; its outputs are the task's."""
    story.workflow(
        "part",
        task("count", COUNTS),
        task(
            "check",
            shell('test "$DAY" = outer-once'),
            env=[{"name": "DAY", "value": "${{ params.day }}"}],
        ),
        params=[{"name": "day"}],
        outputs=[{"name": "rows", "expression": "tasks.count.outputs.rows * 2", "type": "Integer"}],
        **CALLED,
    )
    day = [{"name": "day", "value": "${{ run.name }}"}]
    story.workflow(
        "outer",
        call("load", "part", day),
        task("after", SUCCEED, dependsOn=["load"], when="tasks.load.outputs.rows == 14"),
    )

    run = story.ended("outer-once")

    assert "True" == condition(run)["status"]
    assert {"load": "Succeeded", "after": "Succeeded"} == story.outcomes("outer-once")
    load = story.get("taskrun", "outer-once.load")
    assert {"rows": 14} == load["status"]["outputs"]
    inner = story.get("workflowrun", load["status"]["attempts"][-1]["runName"])
    assert ("Call", run["metadata"]["creationTimestamp"]) == (
        *(inner["spec"]["trigger"], inner["spec"]["logicalTime"]),
    )
    assert {"rows": 14} == inner["status"]["outputs"]
    assert load["metadata"]["uid"] == inner["metadata"]["ownerReferences"][0]["uid"]


def test_pause_run_and_cancel_go_down(story: Story) -> None:
    """The called run shows each; the calling one ends when nothing of it runs any more."""
    story.workflow(
        "steered-part",
        task("long", lasting()),
        task("never", SUCCEED, dependsOn=["long"]),
        **CALLED,
    )
    story.workflow(
        "steered", call("load", "steered-part"), task("after", SUCCEED, dependsOn=["load"])
    )
    inner = called(story, "steered-once", "load")
    story.started(inner, "long")
    for state in ("Pause", "Run"):
        story.steer("steered-once", state)
        story.until(
            f"{state} has gone down",
            lambda want=state: story.get("workflowrun", inner)["spec"]["callerState"] == want,
        )
    story.steer("steered-once", "Cancel")

    run = story.ended("steered-once")

    assert "Cancelled" == condition(run)["reason"]
    assert "Cancelled" == condition(story.get("workflowrun", inner))["reason"]
    assert [] == story.running(inner)


def test_a_failure_is_tried_again_in_a_run_of_its_own(story: Story) -> None:
    """The message names the run and the cause."""
    story.workflow("failing-part", task("bad", FAIL), **CALLED)
    again = {"limit": 1, "backoff": {"seconds": 0}}
    story.workflow("failing", call("load", "failing-part", retry=again))

    run = story.ended("failing-once")

    message = condition(run)["message"]
    assert message.startswith("load failed: RunFailed: run failing-once-load-")
    assert "bad failed: NonZeroExit" in message
    attempts = story.get("taskrun", "failing-once.load")["status"]["attempts"]
    assert ["RunFailed", "RunFailed"] == [each["reason"] for each in attempts]
    assert 2 == len({each["runName"] for each in attempts})


def test_a_deleted_run_takes_the_called_one_along(story: Story) -> None:
    """The garbage collector deletes it with its owner, and its pods with it."""
    story.workflow("deleted-part", task("long", lasting()), **CALLED)
    story.workflow("deleted", call("load", "deleted-part"))
    inner = called(story, "deleted-once", "load")
    story.started(inner, "long")
    story.delete("workflowrun", "deleted-once")
    story.gone("workflowrun", inner)
    story.until("no pod runs", lambda: not story.running(inner))
