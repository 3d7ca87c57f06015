"""What people delete by hand: never a silent success, never run again in silence."""

from pathlib import Path
from typing import Any

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.story import (
    IMAGE,
    SUCCEED,
    Story,
    attempts,
    condition,
    first_lasts,
    hours_ago,
    lasting,
    shell,
    task,
)
from headrace.manifests.names import job_name

pytestmark = pytest.mark.cluster

AT_ONCE = {"backoff": {"seconds": 0, "jitterPercent": 0}}


def job_of(story: Story, run: str, name: str) -> str:
    """Return the name of the one Job of a task."""
    (job,) = story.of_run("job", run, name)
    return str(job["metadata"]["name"])


def test_a_deleted_job_is_an_attempt_that_failed(story: Story) -> None:
    """The attempt is JobDeleted, a failure of the infrastructure, and the task is tried again."""
    story.workflow("reborn", task("load", first_lasts(), retry=AT_ONCE))
    story.waits("reborn-once.load", "Running")

    story.delete("job", job_of(story, "reborn-once", "load"))
    run = story.ended("reborn-once")

    ended = story.get("taskrun", "reborn-once.load")
    assert [("JobDeleted", None), ("Succeeded", 0)] == attempts(ended)
    assert [1, 0] == [ended["status"][f"{kind}Failures"] for kind in ("infrastructure", "user")]
    assert "True" == condition(run)["status"]


def test_attempts_do_not_overlap_when_a_job_is_deleted(story: Story) -> None:
    """The next attempt waits until the pod of the deleted Job has ended, and says so."""
    story.workflow("slow", task("load", first_lasts(leaving=5), retry=AT_ONCE))
    story.waits("slow-once.load", "Running")
    (pod,) = story.of_run("pod", "slow-once")
    name = pod["metadata"]["name"]

    story.delete("job", job_of(story, "slow-once", "load"))
    waiting = story.waits("slow-once.load", "WaitingForRetry")
    story.until("the second Job", lambda: story.of_run("job", "slow-once", "load"))

    assert name in condition(waiting)["message"]
    assert name not in {each["metadata"]["name"] for each in story.running("slow-once")}
    assert "True" == condition(story.ended("slow-once"))["status"]


def test_a_job_that_was_deleted_with_all_infrastructure_retries_used_up_fails(story: Story) -> None:
    """Without a retry left the run fails, and kubectl says that the Job was deleted."""
    policy = {**AT_ONCE, "infrastructureLimit": 0}
    story.workflow("final", task("load", lasting(), retry=policy))
    story.waits("final-once.load", "Running")

    story.delete("job", job_of(story, "final-once", "load"))
    story.ended("final-once")

    row = story.row("workflowrun", "final-once")
    assert "Failed" in row
    assert "the Job was deleted" in row


def test_a_deleted_pod_is_an_attempt_that_failed(story: Story) -> None:
    """The attempt is PodDeleted, a failure of the infrastructure, and the task is tried again."""
    story.workflow("bereft", task("load", first_lasts(), retry=AT_ONCE))
    story.waits("bereft-once.load", "Running")

    (pod,) = story.of_run("pod", "bereft-once")
    story.delete("pod", pod["metadata"]["name"])
    story.ended("bereft-once")

    ended = story.get("taskrun", "bereft-once.load")
    assert ["PodDeleted", "Succeeded"] == [reason for reason, _ in attempts(ended)]
    assert [1, 0] == [ended["status"][f"{kind}Failures"] for kind in ("infrastructure", "user")]


def test_the_taskrun_of_a_running_task_is_deleted(
    story: Story, shared_stage: Stage, tmp_path: Path
) -> None:
    """Its pod ends, the run fails and says which record was deleted, and nothing runs twice."""
    with shared_stage.witness(story.namespace, tmp_path / "jobs") as witness:
        story.workflow("erased", task("load", lasting()), task("other", shell("sleep 3")))
        story.waits("erased-once.load", "Running")

        story.delete("taskrun", "erased-once.load")
        run = story.ended("erased-once")
        story.until("no pod", lambda: not story.running("erased-once"))

    attention = run["status"]["attention"][0]
    assert ["load", "TaskRunDeleted"] == [attention["task"], attention["reason"]]
    assert "the TaskRun was deleted" in story.row("workflowrun", "erased-once")
    assert {("load", "1"): 1, ("other", "1"): 1} == _counts(witness.uids("erased-once"))
    assert {"other": "Succeeded"} == story.outcomes("erased-once")


def test_the_taskrun_of_a_task_that_succeeded_is_deleted(
    story: Story, shared_stage: Stage, tmp_path: Path
) -> None:
    """A success without its record is none: the run fails, and the task is not run again."""
    with shared_stage.witness(story.namespace, tmp_path / "jobs") as witness:
        story.workflow(
            "forgotten", task("load", SUCCEED), task("use", shell("sleep 6"), dependsOn=["load"])
        )
        story.started("forgotten-once", "use")

        story.delete("taskrun", "forgotten-once.load")
        run = story.ended("forgotten-once")

    assert "TaskRunDeleted" == condition(run)["reason"]
    assert "TaskRunDeleted" == run["status"]["attention"][0]["reason"]
    assert {("load", "1"): 1, ("use", "1"): 1} == _counts(witness.uids("forgotten-once"))


def test_a_deleted_run_ends_its_pods(story: Story) -> None:
    """Nothing of a deleted run goes on, and its TaskRuns go with it."""
    story.workflow("dropped", task("load", lasting()))
    story.waits("dropped-once.load", "Running")

    story.delete("workflowrun", "dropped-once")

    story.gone("taskrun", "dropped-once.load")
    story.until("no pod", lambda: not story.of_run("pod", "dropped-once"))
    assert not story.of_run("job", "dropped-once")


def test_a_run_outlives_its_workflow(story: Story) -> None:
    """It goes on to its end by its pinned definition; later it is cleaned up, and that too."""
    story.workflow("parent", task("one", shell("sleep 4")), task("two", SUCCEED, dependsOn=["one"]))
    story.started("parent-once", "one")

    story.delete("workflow", "parent")
    run = story.ended("parent-once")

    assert "True" == condition(run)["status"]
    assert story.get("controllerrevision", run["status"]["revision"])
    long_ago = hours_ago(2)
    aged = {"status": {"completionTime": long_ago}}
    story.patch("workflowrun", "parent-once", aged, "--subresource=status")
    story.gone("workflowrun", "parent-once")
    story.gone("controllerrevision", run["status"]["revision"])


def test_a_workflow_made_anew_under_its_old_name_runs_again(story: Story) -> None:
    """What ran once ran for the workflow of that time, not for a new one of the same name."""
    story.workflow("phoenix", task("one", SUCCEED))
    first = story.ended("phoenix-once")
    story.kubectl("delete", "workflow", "phoenix", "--wait")

    story.workflow("phoenix", task("one", SUCCEED))

    def second() -> list[Manifest]:
        runs = [run for run in story.all("workflowrun") if run["spec"]["workflow"] == "phoenix"]
        return [run for run in runs if run["metadata"]["uid"] != first["metadata"]["uid"]]

    (run,) = story.until("a second run", second)
    assert "True" == condition(story.ended(run["metadata"]["name"]))["status"]


def test_a_job_of_somebody_else_is_not_taken_for_ours(story: Story) -> None:
    """Where the derived name is taken the task fails, names the Job, and touches it not."""
    story.workflow("squat", task("one", shell("sleep 4")), task("two", SUCCEED, dependsOn=["one"]))
    run = story.until("the run", lambda: story.get("workflowrun", "squat-once"))
    name = job_name("squat-once", run["metadata"]["uid"], "two", 1)
    story.apply(_bare_job(name))
    before = story.get("job", name)

    ended = story.ended("squat-once")

    assert "NameTaken" == ended["status"]["attention"][0]["reason"]
    assert name in condition(ended)["message"]
    assert "belongs to somebody else" in story.row("workflowrun", "squat-once")
    assert before["metadata"]["uid"] == story.get("job", name)["metadata"]["uid"]


def _bare_job(name: str) -> Manifest:
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": IMAGE, "command": lasting()}],
    }
    spec = {"suspend": True, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec}


def _counts(uids: dict[tuple[str, str], set[str]]) -> dict[tuple[str, str], int]:
    return {attempt: len(found) for attempt, found in uids.items()}
