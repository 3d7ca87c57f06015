"""A controller that is killed in the middle goes on where it was, and nothing runs twice."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cluster.alone import ALONE
from cluster.control import Stage
from cluster.looking import Manifest
from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, attempts, condition, first_lasts, lasting, shell, task
from cluster.witness import Witness

pytestmark = pytest.mark.cluster

WIDTH, LAYERS = 3, 4
KILLED_AT = (1, 3, 6, 10)
"""After so many Jobs the controller is killed."""

AT_ONCE = {"backoff": {"seconds": 0, "jitterPercent": 0}}


namespace, controller, story = ALONE


@pytest.fixture
def witness(stage: Stage, namespace: str, tmp_path: Path) -> Iterator[Witness]:
    """Return an eye on the Jobs of the test."""
    with stage.witness(namespace, tmp_path / "jobs") as it:
        yield it


def layers() -> list[Manifest]:
    """Return tasks in layers, each of which waits for all of the one before."""
    names = [[f"t{layer}{place}" for place in range(WIDTH)] for layer in range(LAYERS)]
    return [
        task(name, SUCCEED, dependsOn=names[layer - 1] if layer else [])
        for layer in range(LAYERS)
        for name in names[layer]
    ]


def test_a_run_survives_kills_of_the_controller(
    story: Story, controller: ControllerProcess, witness: Witness
) -> None:
    """Killed several times, the run ends as it would have; each attempt had exactly one Job."""
    tasks = layers()
    story.workflow("tough", *tasks)

    for count in KILLED_AT:
        story.until(f"{count} Jobs", partial(_has_jobs, story, count))
        controller.kill()
        controller.start()
    run = story.ended("tough-once")

    assert "True" == condition(run)["status"]
    assert "12/12" in story.row("workflowrun", "tough-once")
    assert {(each["name"], "1") for each in tasks} == set(witness.uids("tough-once"))
    assert {1} == {len(found) for found in witness.uids("tough-once").values()}
    for record in story.of_run("taskrun", "tough-once"):
        assert [("Succeeded", 0)] == attempts(record)


def _has_jobs(story: Story, count: int) -> bool:
    return len(story.of_run("job", "tough-once")) >= count


def test_what_ended_while_the_controller_was_away_is_seen(
    story: Story, controller: ControllerProcess, witness: Witness
) -> None:
    """Successes, failures and deletions of that time are judged as if it had been there."""
    story.workflow(
        "missed",
        task("good", shell("sleep 8; echo '{\"rows\": 9}' > $HEADRACE_OUTPUTS")),
        task("bad", shell("sleep 8; exit 4"), allowFailure=True),
        task("gone", first_lasts(), retry=AT_ONCE),
        task("after", SUCCEED, dependsOn=["good"]),
    )
    for name in ("good", "bad"):
        story.started("missed-once", name)
    story.waits("missed-once.gone", "Running")

    controller.kill()
    (job,) = story.of_run("job", "missed-once", "gone")
    story.kubectl("delete", "job", job["metadata"]["name"], "--grace-period=0", "--force")
    story.until("the end of pods", lambda: not story.running("missed-once"))
    controller.start()
    run = story.ended("missed-once")

    assert "True" == condition(run)["status"]
    records = {each["spec"]["task"]: each for each in story.of_run("taskrun", "missed-once")}
    assert {"rows": 9} == records["good"]["status"]["outputs"]
    assert [("NonZeroExit", 4)] == attempts(records["bad"])
    assert [("JobDeleted", None), ("Succeeded", 0)] == attempts(records["gone"])
    assert {1} == {len(found) for found in witness.uids("missed-once").values()}


def test_a_time_limit_that_passed_while_the_controller_was_away_holds(
    story: Story, controller: ControllerProcess
) -> None:
    """The cluster itself ends the pod; the controller judges it when it is back."""
    story.workflow("limited", task("load", lasting(), timeouts={"attemptSeconds": 6}))
    story.waits("limited-once.load", "Running")

    controller.kill()
    story.until("the end of pods", lambda: not story.running("limited-once"))
    controller.start()
    story.ended("limited-once")

    reasons = [reason for reason, _ in attempts(story.get("taskrun", "limited-once.load"))]
    assert ["AttemptTimeout"] == reasons


def test_a_run_that_was_deleted_while_the_controller_was_away_leaves_nothing(
    story: Story, controller: ControllerProcess
) -> None:
    """Nothing of it is made anew, and the controller goes on with others."""
    story.workflow("dropped", task("load", lasting()))
    story.waits("dropped-once.load", "Running")

    controller.kill()
    story.delete("workflowrun", "dropped-once")
    story.until("no pod", lambda: not story.of_run("pod", "dropped-once"))
    controller.start()
    story.workflow("later", task("one", SUCCEED))

    assert "True" == condition(story.ended("later-once"))["status"]
    assert not story.of_run("job", "dropped-once")
    assert not story.of_run("taskrun", "dropped-once")
    assert not controller.unforeseen()
