"""Runs as a person sees them: order, rules, steering, the words in `kubectl get`."""

import pytest

from cluster.story import FAIL, SUCCEED, Story, condition, lasting, shell, task

pytestmark = pytest.mark.cluster


def test_a_diamond_runs_in_order(story: Story) -> None:
    """Each task starts after those that it depends on, and the run succeeds."""
    story.workflow(
        "diamond",
        task("top", shell('echo "{\\"rows\\": 7}" > $HEADRACE_OUTPUTS')),
        task("left", SUCCEED, dependsOn=["top"]),
        task("right", SUCCEED, dependsOn=["top"]),
        task("bottom", SUCCEED, dependsOn=["left", "right"]),
    )

    run = story.ended("diamond-once")

    assert condition(run)["status"] == "True"
    assert {"total": 4, "succeeded": 4} == {
        name: count for name, count in run["status"]["tasks"].items() if count
    }
    assert {"rows": 7} == story.get("taskrun", "diamond-once.top")["status"]["outputs"]
    starts = {
        name: story.get("taskrun", f"diamond-once.{name}")["status"]["startTime"]
        for name in ("top", "left", "right", "bottom")
    }
    assert starts["top"] <= min(starts["left"], starts["right"])
    assert starts["bottom"] >= max(starts["left"], starts["right"])
    assert "4/4" in story.row("workflowrun", "diamond-once")


def test_every_rule_starts_or_omits_its_task(story: Story) -> None:
    """Each runWhen rule does over a success and a failure what its name says."""
    both = {"dependsOn": ["good", "bad"]}
    want = {
        "AllSucceeded": False,
        "AllFailed": False,
        "AllDone": True,
        "AllDoneMinOneSucceeded": True,
        "AllSkipped": False,
        "OneFailed": True,
        "OneSucceeded": True,
        "OneDone": True,
        "NoneFailed": False,
        "NoneFailedMinOneSucceeded": False,
        "NoneSkipped": True,
        "Always": True,
    }
    story.workflow(
        "rules",
        task("good", SUCCEED),
        task("bad", FAIL, allowFailure=True),
        *(task(rule.lower(), SUCCEED, runWhen=rule, **both) for rule in want),
    )

    run = story.ended("rules-once")

    started = story.outcomes("rules-once").keys() - {"good", "bad"}
    assert {rule.lower() for rule, starts in want.items() if starts} == started
    assert sum(not starts for starts in want.values()) == run["status"]["tasks"]["omitted"]
    assert condition(run)["status"] == "True"


def test_a_failure_is_told_where_people_look(story: Story) -> None:
    """The run names the task that failed, why, and what was omitted because of it."""
    story.workflow(
        "broken",
        task("load", shell("echo no such table >/dev/termination-log; exit 3")),
        task("report", SUCCEED, dependsOn=["load"]),
        finally_=[task("tidy", SUCCEED)],
    )

    run = story.ended("broken-once")

    message = condition(run)["message"]
    assert condition(run)["reason"] == "Failed"
    assert all(word in message for word in ("load", "exit code 3", "no such table", "report"))
    assert "load" == run["status"]["attention"][0]["task"]
    assert {"load": "Failed", "tidy": "Succeeded"} == story.outcomes("broken-once")
    assert "no such table" in story.row("workflowrun", "broken-once")


def test_cancel_ends_what_runs_and_then_tidies_up(story: Story) -> None:
    """Cancelling a run ends its pods, starts nothing more, and runs `finally` tasks."""
    story.workflow(
        "long",
        task("sleep", lasting()),
        task("after", SUCCEED, dependsOn=["sleep"]),
        finally_=[task("tidy", SUCCEED)],
    )
    story.waits("long-once.sleep", "Running")

    story.steer("long-once", "Cancel")
    run = story.ended("long-once")

    assert "Cancelled" == condition(run)["reason"]
    assert {"sleep": "Cancelled", "tidy": "Succeeded"} == story.outcomes("long-once")
    assert not story.running("long-once", "sleep")


def test_pause_holds_and_run_goes_on(story: Story) -> None:
    """A paused run starts nothing; set back to Run, it goes on."""
    story.workflow("held", task("one", ["sleep", "3"]), task("two", SUCCEED, dependsOn=["one"]))
    story.waits("held-once.one", "Running")

    story.steer("held-once", "Pause")
    story.task_ended("held-once.one")
    story.until(
        "a paused run",
        lambda: condition(story.get("workflowrun", "held-once")).get("reason") == "Paused",
    )
    assert not story.get("taskrun", "held-once.two")
    story.steer("held-once", "Run")

    assert "Succeeded" == condition(story.ended("held-once"))["reason"]


def test_stop_lets_running_tasks_end(story: Story) -> None:
    """A stopped run lets its tasks end, starts no further ones, and says so."""
    story.workflow("halt", task("one", ["sleep", "3"]), task("two", SUCCEED, dependsOn=["one"]))
    story.waits("halt-once.one", "Running")

    story.steer("halt-once", "Stop")
    run = story.ended("halt-once")

    assert "Stopped" == condition(run)["reason"]
    assert {"one": "Succeeded"} == story.outcomes("halt-once")


def test_steering_cannot_go_back(story: Story) -> None:
    """The API server itself keeps a cancelled run cancelled."""
    story.workflow("once", task("sleep", lasting()))
    story.waits("once-once.sleep", "Running")
    story.steer("once-once", "Cancel")

    with pytest.raises(Exception, match="Cancel"):
        story.steer("once-once", "Run")


def test_parameters_reach_the_task_as_data(story: Story) -> None:
    """A run's parameters arrive byte for byte, whatever is in them."""
    hostile = "'; $(touch /tmp/x) `id` $HOME \\ \" \n ü $(HEADRACE_RUN)"
    story.workflow(
        "echo",
        task("show", shell('printf "%s" "$HEADRACE_PARAMS" > $HEADRACE_OUTPUTS')),
        params=[
            {"name": "text", "default": "plain"},
            {"name": "n", "type": "Integer", "default": 1},
        ],
        triggers=[{"onApply": {}}],
        suspend=True,
    )
    story.start("echo", "echo-now", params=[{"name": "text", "value": hostile}])
    story.start("echo", "echo-bad", params=[{"name": "txet", "value": "x"}])

    story.ended("echo-now")
    refused = condition(story.ended("echo-bad"))

    outputs = story.get("taskrun", "echo-now.show")["status"]["outputs"]
    assert {"text": hostile, "n": 1} == outputs
    assert "InvalidParams" == refused["reason"]
    assert "did you mean 'text'" in refused["message"]


def test_a_task_runs_on_its_own(story: Story) -> None:
    """A TaskRun without a run is run, with retries and outputs."""
    story.apply(
        {
            "apiVersion": "headrace.dev/v1alpha1",
            "kind": "TaskRun",
            "metadata": {"name": "alone"},
            "spec": {
                "image": "busybox:1.37",
                "command": shell('test $HEADRACE_ATTEMPT = 2 && echo "{}" > $HEADRACE_OUTPUTS'),
                "retry": {"limit": 1, "backoff": {"seconds": 1}},
            },
        }
    )

    ended = story.task_ended("alone")

    assert "Succeeded" == ended["status"]["outcome"]
    assert 2 == ended["status"]["attemptCount"]


def test_a_run_of_a_workflow_that_does_not_exist_says_so(story: Story) -> None:
    """A typing error in the workflow's name is told, first as waiting."""
    story.start("nothing", "nothing-1")

    def told() -> bool:
        return "WorkflowNotFound" == condition(story.get("workflowrun", "nothing-1")).get("reason")

    story.until("WorkflowNotFound", told)
    assert "create it, or correct" in condition(story.get("workflowrun", "nothing-1"))["message"]
