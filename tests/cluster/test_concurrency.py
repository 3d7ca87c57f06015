"""Runs of one workflow share time, as `concurrency` says; what waits says for whom."""

from functools import partial
from itertools import pairwise

import pytest

from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, condition, lasting, shell, task

pytestmark = pytest.mark.cluster


def held(story: Story, name: str, seconds: int = 600, **concurrency: object) -> None:
    """Apply a workflow whose runs take their time, and of which no trigger starts any."""
    story.workflow(name, task("work", lasting(seconds)), suspend=True, concurrency=concurrency)


def begun(story: Story, run: str) -> Manifest:
    """Wait until a run has begun."""
    return story.waits(run, "Running", "workflowrun")


def test_allow_begins_as_many_runs_as_maxruns(story: Story) -> None:
    """The third of two waits, names the others, and begins when one of them has ended."""
    held(story, "both", policy="Allow", maxRuns=2)
    for number in (1, 2, 3):
        story.start("both", f"both-{number}")
    begun(story, "both-1")
    begun(story, "both-2")

    waiting = story.waits("both-3", "WaitingForTurn", "workflowrun")
    row = story.row("workflowrun", "both-3")
    story.steer("both-1", "Cancel")
    begun(story, "both-3")

    assert "2 runs are allowed at a time, and both-1, both-2" in condition(waiting)["message"]
    assert "WaitingForTurn" in row
    assert "completionTime" not in story.get("workflowrun", "both-2")["status"]


def test_queue_begins_runs_one_after_the_other(story: Story) -> None:
    """Each begins when the one before has ended, in the order in which they were made."""
    story.workflow(
        "line", task("work", shell("sleep 1")), suspend=True, concurrency={"policy": "Queue"}
    )
    runs = [f"line-{number}" for number in range(3)]
    for run in runs:
        story.start("line", run)
        story.until(f"a word about {run}", partial(_seen, story, run))

    waiting = story.waits(runs[2], "WaitingForTurn", "workflowrun")
    ended = [story.ended(run)["status"] for run in runs]

    assert "1 run is allowed at a time, and line-" in condition(waiting)["message"]
    for before, after in pairwise(ended):
        assert before["completionTime"] <= after["startTime"]


def test_replace_cancels_the_active_run_for_a_newer_one(story: Story) -> None:
    """The older run is cancelled, and the newer one begins when nothing of it runs any more."""
    held(story, "newest", policy="Replace")
    story.start("newest", "newest-1")
    begun(story, "newest-1")
    story.waits("newest-1.work", "Running")

    story.start("newest", "newest-2")
    cancelled = story.ended("newest-1")
    later = begun(story, "newest-2")

    assert "Cancelled" == condition(cancelled)["reason"]
    assert "Cancel" == cancelled["spec"]["desiredState"]
    assert cancelled["status"]["completionTime"] <= later["status"]["startTime"]


def test_a_run_whose_last_task_hangs_can_be_ended(story: Story) -> None:
    """Cancel leaves it alone, and the next run waits. Terminate ends it, and so does its limit."""
    tidy = {"finally_": [task("tidy", lasting())], "concurrency": {"policy": "Queue"}}
    story.workflow("hanging", task("work", SUCCEED), suspend=True, **tidy)
    story.start("hanging", "hanging-1")
    story.waits("hanging-1.tidy", "Running")
    story.start("hanging", "hanging-2")
    story.steer("hanging-1", "Cancel")
    story.waits("hanging-2", "WaitingForTurn", "workflowrun")
    assert "completionTime" not in story.get("workflowrun", "hanging-1")["status"]

    limits = {"spec": {"timeouts": {"finallySeconds": 3}}}
    story.patch("workflow", "hanging", limits)
    story.steer("hanging-1", "Terminate")
    terminated = condition(story.ended("hanging-1"))
    late = story.ended("hanging-2")

    assert "Terminated" == terminated["reason"]
    assert "desiredState is Terminate; 1 cancelled (tidy)" == terminated["message"]
    assert "FinallyTimeout" == condition(late)["reason"]
    assert "finallyTime" in late["status"]
    story.until(
        "nothing runs", lambda: not story.running("hanging-1", "") + story.running("hanging-2")
    )


def test_forbid_skips_a_tick_and_lets_a_run_by_hand_wait(story: Story) -> None:
    """The skipped tick is counted and told in an Event; what somebody asked for is not lost."""
    hourly = {"schedule": {"cron": "0 * * * *"}}
    story.workflow(
        "alone", task("work", lasting()), triggers=[hourly], concurrency={"policy": "Forbid"}
    )
    story.start("alone", "alone-1")
    begun(story, "alone-1")

    story.start("alone", "alone-2")
    story.waits("alone-2", "WaitingForTurn", "workflowrun")
    story.put_back("alone", hours=1)
    told = story.until(
        "an Event", lambda: [each for each in story.all("event") if _is_about(each, "alone")]
    )

    assert "concurrency.policy is Forbid and alone-1" in told[0]["note"]
    assert 1 == story.get("workflow", "alone")["status"]["missedRuns"]
    assert {"alone-1", "alone-2"} == {
        run["metadata"]["name"]
        for run in story.all("workflowrun")
        if run["spec"]["workflow"] == "alone"
    }


def test_a_run_that_waits_can_be_cancelled(story: Story) -> None:
    """It ends without a single task, and the run before it goes on."""
    held(story, "calm", policy="Queue")
    story.start("calm", "calm-1")
    begun(story, "calm-1")
    story.start("calm", "calm-2")
    story.waits("calm-2", "WaitingForTurn", "workflowrun")

    story.steer("calm-2", "Cancel")

    assert "Cancelled" == condition(story.ended("calm-2"))["reason"]
    assert not story.of_run("taskrun", "calm-2")
    assert "Running" == condition(story.get("workflowrun", "calm-1"))["reason"]


def test_runs_of_other_workflows_do_not_wait(story: Story) -> None:
    """Concurrency is counted within a workflow."""
    held(story, "mine", policy="Queue")
    story.start("mine", "mine-1")
    begun(story, "mine-1")
    story.workflow("yours", task("work", SUCCEED), concurrency={"policy": "Queue"})

    assert "True" == condition(story.ended("yours-once"))["status"]


def _is_about(event: Manifest, workflow: str) -> bool:
    return (event["reason"], event["regarding"]["name"]) == ("ConcurrencyForbidden", workflow)


def _seen(story: Story, run: str) -> bool:
    return "status" in story.get("workflowrun", run)
