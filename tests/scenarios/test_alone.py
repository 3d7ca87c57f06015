"""A TaskRun on its own: a task without a workflow."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import single_task
from headrace.engine.outcome import Outcome
from support.builders import limits, retries
from support.story import alone

IMAGE = "busybox:1.37"


def test_a_task_run_on_its_own_runs_and_ends() -> None:
    """It needs no workflow, and its own status says all."""
    story = alone(single_task("hello", TaskBody(image=IMAGE)))
    story.tick()
    assert {"hello"} == story.alive
    story.succeed("hello", output='{"greeted": 3}')
    assert Outcome.SUCCEEDED == story.log("hello").outcome
    assert {"greeted": 3} == story.log("hello").outputs
    assert "status" not in story.cluster.writes


def test_it_has_retries_and_limits_like_a_task_of_a_run() -> None:
    """The same policies judge it."""
    body = TaskBody(image=IMAGE, retry=retries(1, seconds=10), timeouts=limits(pending=60))
    story = alone(single_task("hello", body))
    story.tick()
    story.pass_time(60)
    assert Reason.WAITING_FOR_RETRY == story.reason("hello")
    story.pass_time(10)
    story.fail("hello")
    assert Reason.RETRIES_EXHAUSTED == story.reason("hello")


def test_nothing_of_it_runs_after_its_end() -> None:
    """A pod that its Job starts after the success is ended."""
    story = alone(single_task("hello", TaskBody(image=IMAGE)))
    story.tick()
    story.succeed("hello")
    story.cluster.haunt(story.job("hello"))
    story.tick()
    assert story.job("hello").sighting.leaving


def test_it_tells_its_state_from_the_first_look() -> None:
    """Tools that read conditions see it in progress before its Job is there."""
    story = alone(single_task("hello", TaskBody(image=IMAGE)))
    story.tick()
    assert ["log hello", "start hello/1"] == story.cluster.writes
    assert 1 == story.log("hello").observed_generation
