"""Reruns on a real cluster: what succeeded is taken over, with its outputs and without a pod."""

from typing import Any

import pytest

from cluster.story import SUCCEED, Story, condition, shell, task

pytestmark = pytest.mark.cluster

TELL = """printf '{"by": "%s"}' "$HEADRACE_RUN" > $HEADRACE_OUTPUTS"""
"""Shell: write which run does the work."""
UNLESS_MENDED = 'case "$HEADRACE_PARAMS" in *mended*) ;; *) exit 3;; esac'
"""Shell: fail, unless a parameter says that the trouble is over."""
MODE = [{"name": "mode", "default": "broken"}]
MENDED = [{"name": "mode", "value": "mended"}]


def rerun(story: Story, workflow: str, of: str, run: str, **more: Any) -> dict[str, Any]:
    """Let somebody repeat a run; return the new one when it has ended."""
    story.start(workflow, run, rerunOf={"name": of, **more.pop("asked", {})}, **more)
    return story.ended(run)


def pods(story: Story, run: str) -> set[str]:
    """Return the tasks of a run that have had a pod."""
    return {pod["metadata"]["labels"]["headrace.dev/task"] for pod in story.of_run("pod", run)}


def test_only_what_failed_runs_again(story: Story) -> None:
    """Expressions read what was taken over; `kubectl get` shows where it is from."""
    story.workflow(
        "prices",
        task("fetch", shell(TELL)),
        task("convert", shell(UNLESS_MENDED), dependsOn=["fetch"]),
        task(
            *("load", shell('test "$BY" = prices-once')),
            dependsOn=["convert"],
            env=[{"name": "BY", "value": "${{ tasks.fetch.outputs.by }}"}],
        ),
        params=MODE,
        **{"finally": [task("tidy", SUCCEED)]},
    )
    first = story.ended("prices-once")
    assert "False" == condition(first)["status"]

    run = rerun(story, "prices", "prices-once", "again", params=MENDED)

    assert "True" == condition(run)["status"], run
    assert {"convert", "load", "tidy"} == pods(story, "again")
    taken = story.get("taskrun", "again.fetch")
    assert ("Succeeded", "prices-once", {"by": "prices-once"}) == (
        *(taken["status"]["outcome"], taken["status"]["takenOverFrom"]),
        taken["status"]["outputs"],
    )
    assert "TakenOver" in story.row("taskrun", "again.fetch")
    assert first["status"]["revision"] == run["status"]["revision"]
    assert first["metadata"]["creationTimestamp"] == run["status"]["rerun"]["logicalTime"]

    named = rerun(*(story, "prices", "again", "named"), asked={"from": "Task", "task": "load"})
    assert "True" == condition(named)["status"], named
    assert {"load", "tidy"} == pods(story, "named")
    assert "prices-once" == story.get("taskrun", "named.fetch")["status"]["takenOverFrom"]


def test_only_items_that_failed_run_again(story: Story) -> None:
    """One pod, with the index that the item had; the outputs stand in order."""
    script = f'if [ "$HEADRACE_INDEX" = 1 ]; then {UNLESS_MENDED}; fi; {TELL}'
    story.workflow(
        "fruit",
        task("pick", shell(script), forEach={"items": ["apple", "fig", "date"]}),
        params=MODE,
    )
    story.ended("fruit-once")

    run = rerun(story, "fruit", "fruit-once", "ripe", params=MENDED)

    assert "True" == condition(run)["status"], run
    indexes = [
        pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        for pod in story.of_run("pod", "ripe")
    ]
    assert ["1"] == indexes
    status = story.get("taskrun", "ripe.pick")["status"]
    assert ["fruit-once", "ripe", "fruit-once"] == [
        each["by"] for each in status["outputs"]["items"]
    ]
    assert ("0-2", "0,2") == (status["items"]["succeeded"], status["items"]["takenOver"])


def test_a_retry_of_a_call_takes_over_what_succeeded(story: Story) -> None:
    """The second run of the called workflow has a pod for the failed task only."""
    bad = task(
        *("bad", shell('test "$BY" != "$HEADRACE_RUN"')),  # Succeeds once `good` is taken over.
        dependsOn=["good"],
        env=[{"name": "BY", "value": "${{ tasks.good.outputs.by }}"}],
    )
    story.workflow("part", task("good", shell(TELL)), bad, suspend=True)
    retry = {"limit": 1, "backoff": {"seconds": 0, "jitterPercent": 0}}
    story.workflow("outer", {"name": "call", "workflow": {"name": "part"}, "retry": retry})

    run = story.ended("outer-once")

    assert "True" == condition(run)["status"], run
    calls = [
        each["runName"] for each in story.get("taskrun", "outer-once.call")["status"]["attempts"]
    ]
    assert [{"good", "bad"}, {"bad"}] == [pods(story, each) for each in calls]


def test_a_rerun_that_cannot_be_says_why(story: Story) -> None:
    """On its status, at once; what can be seen in the object is refused by the API server."""
    story.workflow("plain", task("a", SUCCEED), suspend=True)
    story.start("plain", "first")
    story.ended("first")
    for asked, reason in (
        ({"name": "nobody"}, "RunNotFound"),
        ({"name": "first"}, "NothingToRerun"),
        ({"name": "first", "from": "Task", "task": "b"}, "InvalidRerun"),
    ):
        name = f"no-{reason.lower()}"
        story.start("plain", name, rerunOf=asked)
        assert reason == condition(story.ended(name))["reason"]
