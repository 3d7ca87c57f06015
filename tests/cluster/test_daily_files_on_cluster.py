"""
The example `examples/daily-files` as pods: a normal day, and an odd one that people judge.

The policies of the chart are not installed here, so nobody knows who answers: see test_approvals.
"""

import pytest

from cluster.control import ROOT, Stage
from cluster.looking import Manifest
from cluster.operator_process import ControllerProcess
from cluster.story import Story, attempts, condition

pytestmark = pytest.mark.cluster

EXAMPLE = ROOT / "examples" / "daily-files"
QUESTION = "2030-01-31: 11402 sold in 8 of 8 shops, but 790 the day before (1343 %). Publish?"
READER = """
import json, os
from pathlib import Path
files = {file.stem: json.loads(file.read_text()) for file in Path("published").glob("*")}
json.dump(files, open(os.environ["HEADRACE_OUTPUTS"], "w"))
"""
"""What a reader finds, by day."""


@pytest.fixture(scope="module")
def shops(shared_stage: Stage, story: Story, controller: ControllerProcess) -> Story:  # noqa: ARG001 - it must run
    """Return the namespace in which the example was applied, and a normal day has run."""
    shared_stage.cluster.provide_image("python:3.13-slim")
    inbox = f"--from-file={EXAMPLE / 'inbox'}"
    story.kubectl("create", "configmap", "daily-files-inbox", inbox)
    for name in ("storage.yaml", "workflow.yaml"):
        story.kubectl("apply", "-f", str(EXAMPLE / name))
    start(story, 30)
    assert "True" == condition(story.ended("day-30"))["status"]
    return story


def start(story: Story, day: int, run: str = "") -> None:
    """Start the run of a day of January."""
    story.start("daily-files", run or f"day-{day}", logicalTime=f"2030-01-{day}T19:00:00Z")


def question(story: Story, run: str) -> Manifest:
    """Wait for the question of a run, and return it."""

    def look() -> list[Manifest]:
        items = story.all("approval", f"headrace.dev/run={run},headrace.dev/task=ask")
        return [each for each in items if each.get("status")]

    return dict(story.until(f"the question of {run}", look)[0])


def answer(story: Story, run: str, choice: str) -> Manifest:
    """Answer the question of a run; return the run at its end."""
    name = question(story, run)["metadata"]["name"]
    story.patch("approval", name, {"spec": {"answer": {"choice": choice}}})
    return story.ended(run)


def published(story: Story, reader: str) -> Manifest:
    """Return what a reader finds, which is a TaskRun on its own."""
    claim = {"claimName": "daily-files-published"}
    spec = {
        "image": "python:3.13-slim",
        "command": ["python", "-c", READER],
        "volumes": [{"name": "published", "persistentVolumeClaim": claim}],
        "volumeMounts": [{"name": "published", "mountPath": "/published"}],
    }
    api = "headrace.dev/v1alpha1"
    story.apply({"apiVersion": api, "kind": "TaskRun", "metadata": {"name": reader}, "spec": spec})
    return dict(story.task_ended(reader)["status"]["outputs"])


def test_a_normal_day_is_published_and_nobody_is_asked(shops: Story) -> None:
    """One file ran again, one is broken and tolerated, the question was skipped."""
    want = dict.fromkeys(("list", "process", "join", "publish"), "Succeeded")
    assert want == shops.outcomes("day-30")
    process = shops.get("taskrun", "day-30.process")
    assert [("ItemsFailed", None), ("Succeeded", None)] == attempts(process)
    items = process["status"]["items"]
    assert ("0-1,3-7", "2", 8) == (items["succeeded"], items["failed"], items["total"])
    assert "1 skipped (ask)" in shops.row("workflowrun", "day-30")
    assert {"2030-01-30": {"sold": 790, "shops": 7}} == published(shops, "first-reader")


def test_a_rejected_day_is_not_published_and_the_run_says_so(shops: Story) -> None:
    """The question has the numbers of both days."""
    start(shops, 31)
    assert QUESTION == question(shops, "day-31")["spec"]["message"]
    run = answer(shops, "day-31", "reject")
    told = condition(run)
    assert ("False", "Failed") == (told["status"], told["reason"])
    assert "ask failed: Rejected: somebody chose reject" in told["message"]
    assert "1 omitted (publish)" in told["message"]
    assert ["2030-01-30"] == list(published(shops, "second-reader"))


def test_an_approved_day_is_published(shops: Story) -> None:
    """The same day once more, by another run."""
    start(shops, 31, "again-31")
    assert "True" == condition(answer(shops, "again-31", "approve"))["status"]
    want = {"sold": 11402, "shops": 8}
    assert want == published(shops, "third-reader")["2030-01-31"]


def test_the_runs_of_three_days_wait_for_each_other(shops: Story) -> None:
    """As the README says: created at once, they begin in the order of their days."""
    shops.kubectl("create", "-f", str(EXAMPLE / "days.yaml"))
    waits = shops.waits("daily-files-31", "WaitingForTurn", "workflowrun")
    assert "daily-files-30" in condition(waits)["message"]
    for day in (29, 30):
        assert "True" == condition(shops.ended(f"daily-files-{day}"))["status"]
    assert "False" == condition(answer(shops, "daily-files-31", "reject"))["status"]
