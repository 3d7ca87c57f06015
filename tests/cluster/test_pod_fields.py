"""What a task says of its pod reaches the cluster: folder, image, and time to end."""

import pytest

from cluster.looking import Manifest
from cluster.story import Story, attempts, shell, task

pytestmark = pytest.mark.cluster

TELL_FOLDER = shell('printf \'{"folder": "%s"}\' "$(pwd)" > "$HEADRACE_OUTPUTS"')
TIDY_UP = shell("trap 'sleep 12; exit 7' TERM; sleep 600 & wait $!")
"""Needs more time to end than some give, and less than others."""


def test_a_program_starts_in_its_folder_from_its_image(story: Story) -> None:
    """A task's own words win over those of `defaults`."""
    defaults = {"imagePullPolicy": "IfNotPresent", "workingDir": "/tmp"}  # noqa: S108 - the pod's
    story.workflow(
        "fields",
        task("a", TELL_FOLDER),
        task("b", TELL_FOLDER, workingDir="/usr/bin"),
        defaults=defaults,
    )
    story.ended("fields-once")

    folders = [
        story.task_ended(f"fields-once.{name}")["status"]["outputs"]["folder"] for name in "ab"
    ]
    assert ["/tmp", "/usr/bin"] == folders  # noqa: S108 - the pod's
    (pod,) = story.of_run("pod", "fields-once", "a")
    assert "IfNotPresent" == pod["spec"]["containers"][0]["imagePullPolicy"]


def test_a_program_has_the_time_to_end_that_its_task_gives(story: Story) -> None:
    """After the time of an attempt: who has enough ends by itself, who has not is killed."""
    limits = {"attemptSeconds": 5}
    story.workflow(
        "grace",
        task("enough", TIDY_UP, timeouts=limits, terminationGracePeriodSeconds=60),
        task("hasty", TIDY_UP, timeouts=limits, terminationGracePeriodSeconds=2),
    )
    story.ended("grace-once")

    ends = {name: attempts(story.task_ended(f"grace-once.{name}")) for name in ("enough", "hasty")}
    assert {"enough": [("AttemptTimeout", 7)], "hasty": [("AttemptTimeout", 137)]} == ends


def test_a_cancelled_run_ends_when_the_time_of_its_program_was_used(story: Story) -> None:
    """What waits for the end waits for the program, as long as its task gives it."""
    story.workflow("long", task("a", TIDY_UP, terminationGracePeriodSeconds=45), suspend=True)
    story.start("long", "long")
    story.waits("long.a", "Running")
    story.steer("long", "Cancel")

    def leaving() -> Manifest:
        pods = story.of_run("pod", "long", "a")
        return next((dict(pod) for pod in pods if "deletionTimestamp" in pod["metadata"]), {})

    pod = story.until("the pod's removal", leaving)
    assert 45 == pod["metadata"]["deletionGracePeriodSeconds"]
    story.ended("long")
    assert [] == story.running("long")
