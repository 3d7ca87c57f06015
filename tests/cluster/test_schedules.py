"""Runs that triggers start: by the clock, by a change; and what is kept of them."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from cluster.looking import Manifest
from cluster.story import FAIL, SUCCEED, Story, condition, task, workflow

pytestmark = pytest.mark.cluster

EACH_MINUTE = {"schedule": {"cron": "* * * * *"}}
EACH_SIXTY = {"schedule": {"everySeconds": 60}}
NEVER_SOON = "0 * * * *"
A_MINUTE = 60


def runs_of(story: Story, name: str) -> list[Manifest]:
    """Return the runs of a workflow, oldest logical time first."""
    runs = [run for run in story.all("workflowrun") if run["spec"]["workflow"] == name]
    return sorted(runs, key=lambda run: str(run["spec"].get("logicalTime", "")))


def names_of(story: Story, name: str) -> set[str]:
    """Return the names of a workflow's runs."""
    return {run["metadata"]["name"] for run in runs_of(story, name)}


@pytest.fixture(scope="module")
def armed(story: Story) -> Story:
    """Return the namespace with schedules that soon have their first tick."""
    story.workflow("minutely", task("one", SUCCEED), triggers=[EACH_MINUTE])
    story.workflow("sixty", task("one", SUCCEED), triggers=[EACH_SIXTY])
    story.workflow("asleep", task("one", SUCCEED), triggers=[EACH_MINUTE], suspend=True)
    return story


def hourly(catch_up: str, **fields: object) -> dict[str, object]:
    """Return a trigger that is not due during a test, but for what it has missed."""
    return {"schedule": {"cron": NEVER_SOON, "catchUp": catch_up, **fields}}


def test_ticks_that_passed_are_caught_up_as_the_schedule_says(armed: Story) -> None:
    """Latest starts the newest, All the newest few, None nothing; what starts none is counted."""
    story = armed
    triggers = {"latest": hourly("Latest"), "all": hourly("All", maxCatchUp=3)}
    triggers["none"] = hourly("None", startingDeadlineSeconds=10)
    for name, trigger in triggers.items():
        story.workflow(name, task("one", SUCCEED), triggers=[trigger])
    for name in triggers:
        story.put_back(name, hours=5)

    story.until("runs", lambda: len(runs_of(story, "all")) == 3)
    story.until("a run", lambda: runs_of(story, "latest"))
    story.until("missed ticks", lambda: _status(story, "none").get("missedRuns"))

    caught = [datetime.fromisoformat(run["spec"]["logicalTime"]) for run in runs_of(story, "all")]
    hour = timedelta(hours=1)
    assert [caught[0], caught[0] + hour, caught[0] + 2 * hour] == caught
    assert [caught[-1]] == [
        datetime.fromisoformat(run["spec"]["logicalTime"]) for run in runs_of(story, "latest")
    ]
    assert [] == runs_of(story, "none")
    missed = {name: _status(story, name)["missedRuns"] for name in triggers}
    assert {"latest": 4, "all": 2, "none": 5} == missed


def test_a_change_of_the_spec_runs_and_nothing_else_does(story: Story) -> None:
    """OnApply runs at creation and when the spec changes, not when labels do."""
    manifest = workflow("applied", task("one", SUCCEED), triggers=[{"onApply": {}}])
    story.apply(manifest)
    story.ended("applied-g1")

    story.kubectl("label", "workflow", "applied", "team=blue")
    story.apply({**manifest, "spec": {**manifest["spec"], "description": "the same, explained"}})
    run = story.ended("applied-g2")

    assert "Apply" == run["spec"]["trigger"]
    assert {"applied-g1", "applied-g2"} == names_of(story, "applied")


def test_a_suspended_workflow_starts_no_run_before_it_is_resumed(story: Story) -> None:
    """Suspended it says so and starts nothing; resumed, what was due runs."""
    story.workflow("paused", task("one", SUCCEED), suspend=True)
    ready = story.until("Ready", lambda: _ready(story, "paused"))
    row = story.row("workflow", "paused").split()

    assert not runs_of(story, "paused")
    story.patch("workflow", "paused", {"spec": {"suspend": False}})

    assert "suspended" in ready["message"]
    assert ["paused", "True", "true"] == row[:3]
    assert "True" == condition(story.ended("paused-once"))["status"]


def test_old_runs_go_as_history_says(story: Story) -> None:
    """Of each kind as many as asked for are kept, the newest; their TaskRuns go with the others."""
    limits = {"successfulRuns": 1, "failedRuns": 1}
    for name, command in (("good", SUCCEED), ("bad", FAIL)):
        story.workflow(name, task("one", command), suspend=True, history=limits)
        for number in (1, 2):
            story.start(name, f"{name}-{number}")
            story.until("its end", partial(_over, story, f"{name}-{number}"))

    for name in ("good", "bad"):
        story.gone("workflowrun", f"{name}-1")
        story.gone("taskrun", f"{name}-1.one")
        assert {f"{name}-2"} == names_of(story, name)


def test_jobs_of_succeeded_tasks_go_and_what_they_told_stays(story: Story) -> None:
    """After jobSeconds the Job is gone; its TaskRun and the Jobs of failed tasks are there."""
    story.workflow(
        "lean",
        task("good", ["sh", "-c", 'echo "{\\"rows\\": 3}" > $HEADRACE_OUTPUTS']),
        task("bad", FAIL, allowFailure=True),
        history={"jobSeconds": 0},
    )
    story.ended("lean-once")

    story.until("no Job", lambda: not story.of_run("job", "lean-once", "good"))

    assert {"rows": 3} == story.get("taskrun", "lean-once.good")["status"]["outputs"]
    assert story.of_run("job", "lean-once", "bad")
    assert "True" == condition(story.get("workflowrun", "lean-once"))["status"]


def test_a_definition_that_cannot_run_says_which_field_and_what_to_do(story: Story) -> None:
    """The workflow is not Ready but Stalled; another one beside it runs; mended, it runs too."""
    chain = [task("a", SUCCEED, dependsOn=["b"]), task("b", SUCCEED, dependsOn=["a"])]
    story.workflow("circle", *chain)

    stalled = story.until("a refusal", lambda: _ready(story, "circle"))
    row = story.row("workflow", "circle")
    story.workflow("beside", task("one", SUCCEED))

    assert ["False", "InvalidDefinition"] == [stalled["status"], stalled["reason"]]
    assert "spec.tasks: tasks wait for each other" in stalled["message"]
    assert "remove a dependency" in row
    assert "True" == condition(story.get("workflow", "circle"), "Stalled")["status"]
    assert "True" == condition(story.ended("beside-once"))["status"]
    story.workflow("circle", task("a", SUCCEED), task("b", SUCCEED, dependsOn=["a"]))
    assert "True" == condition(story.ended("circle-once"))["status"]
    assert "True" == condition(story.get("workflow", "circle"), "Ready")["status"]


def test_a_tick_of_the_clock_starts_one_run(armed: Story) -> None:
    """Cron and everySeconds fire at the minute, and the name of the run is its tick."""
    story = armed
    story.until("the first ticks", lambda: runs_of(story, "minutely") and runs_of(story, "sixty"))

    for name in ("minutely", "sixty"):
        run = runs_of(story, name)[0]
        tick = datetime.fromisoformat(run["spec"]["logicalTime"])
        minutes = int(tick.timestamp()) // A_MINUTE
        assert f"{name}-{minutes}" == run["metadata"]["name"]
        assert 0 == tick.second
        interval = {
            edge: datetime.fromisoformat(run["spec"]["interval"][edge]) for edge in ("start", "end")
        }
        assert {"start": tick - timedelta(seconds=A_MINUTE), "end": tick} == interval
        assert "Schedule" == run["spec"]["trigger"]
        assert "True" == condition(story.ended(run["metadata"]["name"]))["status"]
        assert datetime.fromisoformat(_status(story, name)["nextRunTime"]) > tick
    assert [] == runs_of(story, "asleep")


def _status(story: Story, name: str) -> Manifest:
    return dict(story.get("workflow", name).get("status", {}))


def _ready(story: Story, name: str) -> Manifest:
    return condition(story.get("workflow", name), "Ready")


def _over(story: Story, run: str) -> bool:
    """Tell whether a run has ended; it may be gone already."""
    seen = story.get("workflowrun", run)
    return not seen or "completionTime" in seen.get("status", {})
