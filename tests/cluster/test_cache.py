"""Caches on a real cluster: a later run has an earlier result, without a Job and without a pod."""

from typing import Any

import pytest

from cluster.story import Story, condition, shell, task

pytestmark = pytest.mark.cluster

TELL = """printf '{"by": "%s"}' "$HEADRACE_RUN" > $HEADRACE_OUTPUTS"""
"""Shell: write which run does the work."""
SEES = [{"name": "BY", "value": "${{ tasks.train.outputs.by }}"}]
DAYS = [{"name": "day", "default": "monday"}, {"name": "want"}]


def workflow(story: Story, name: str, **cache: Any) -> None:
    """Apply a workflow that checks whose result its second task reads."""
    story.workflow(
        name,
        task("train", shell(TELL), cache={"key": "params.day", **cache}),
        task(
            *("load", shell('test "$BY" = "$WANT"')),
            dependsOn=["train"],
            env=[*SEES, {"name": "WANT", "value": "${{ params.want }}"}],
        ),
        params=DAYS,
        suspend=True,
    )


def run(story: Story, name: str, want: str, day: str = "monday", **more: Any) -> None:
    """Let somebody start a run, which must read the result of a run, and wait for its end."""
    params = [{"name": "want", "value": want}, {"name": "day", "value": day}]
    story.start(name.partition("-")[0], name, params=params, **more)
    ended = story.ended(name)
    told = condition(ended)
    assert "True" == told["status"], told


def pods(story: Story, name: str) -> set[str]:
    """Return the tasks of a run that have had a pod."""
    return {pod["metadata"]["labels"]["headrace.dev/task"] for pod in story.of_run("pod", name)}


def test_a_later_run_has_the_result_of_an_earlier_one(story: Story) -> None:
    """Also after the history has removed the first run; `kubectl get` shows where it is from."""
    workflow(story, "plain")
    run(story, "plain-once", "plain-once")
    run(story, "plain-again", "plain-once")
    assert ({"train", "load"}, {"load"}) == (pods(story, "plain-once"), pods(story, "plain-again"))
    first, taken = (
        story.get("taskrun", "plain-once.train"),
        story.get("taskrun", "plain-again.train"),
    )
    assert ("Succeeded", "plain-once", {"by": "plain-once"}) == (
        *(taken["status"]["outcome"], taken["status"]["takenOverFrom"]),
        taken["status"]["outputs"],
    )
    assert first["spec"]["cacheHash"] == taken["spec"]["cacheHash"]
    assert ("monday", first["spec"]["command"]) == (
        *(taken["spec"]["cacheKey"], taken["spec"]["command"]),
    )
    assert first["status"]["attempts"][0]["finishTime"] == taken["status"]["doneTime"]
    assert "FromCache" in story.row("taskrun", "plain-again.train")
    assert [] == [
        job for job in story.of_run("job", "plain-again") if "train" in job["metadata"]["name"]
    ]

    story.kubectl("delete", "workflowrun", "plain-once", "--wait=true")
    story.until("no TaskRun of the first run", lambda: not story.of_run("taskrun", "plain-once"))
    run(story, "plain-third", "plain-once")
    run(story, "plain-tuesday", "plain-tuesday", day="tuesday")


def test_a_run_says_what_it_does_with_caches(story: Story) -> None:
    """Refresh leaves a result for others, Off does not; a result may be too old."""
    workflow(story, "aged", maxAgeSeconds=3600)
    run(story, "aged-once", "aged-once", cache="Off")
    run(story, "aged-twice", "aged-twice")
    run(story, "aged-fresh", "aged-fresh", cache="Refresh")
    run(story, "aged-again", "aged-fresh")
    workflow(story, "aged", maxAgeSeconds=1)
    run(story, "aged-later", "aged-later")
