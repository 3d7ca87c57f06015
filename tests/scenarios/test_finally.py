"""`finally` tasks: when they start, and what becomes of the run when they end."""

from headrace.api.v1alpha1.reasons import Reason
from support.builders import last, retries, task, workflow
from support.story import NewStory


def test_finally_tasks_run_after_all_others_whatever_the_outcome(new_story: NewStory) -> None:
    """They start together when nothing else is left."""
    story = new_story(workflow(task("a"), task("b"), last("tidy"), last("tell")))
    story.tick()
    story.fail("a")
    assert {"b"} == story.alive
    story.succeed("b")
    assert {"tidy", "tell"} == story.alive
    story.succeed("tidy", "tell")
    assert (False, Reason.FAILED) == story.told


def test_a_finally_task_that_fails_fails_the_run(new_story: NewStory) -> None:
    """A run that did not tidy up did not succeed."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.tick()
    story.succeed("a")
    story.fail("tidy")
    assert (False, Reason.FAILED) == story.told
    assert story.status.message.startswith("tidy failed: ")


def test_a_finally_task_may_be_allowed_to_fail(new_story: NewStory) -> None:
    """It is a task like any other."""
    story = new_story(workflow(task("a"), last("tell", allow_failure=True)))
    story.tick()
    story.succeed("a")
    story.fail("tell")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_finally_task_has_retries_like_any_other(new_story: NewStory) -> None:
    """It is the most important one to succeed."""
    story = new_story(workflow(task("a"), last("tidy", retry=retries(1, seconds=10))))
    story.tick()
    story.succeed("a")
    story.fail("tidy")
    story.pass_time(10)
    assert {"tidy"} == story.alive
    story.succeed("tidy")
    assert (True, Reason.SUCCEEDED) == story.told


def test_finally_tasks_run_when_all_others_were_left_out(new_story: NewStory) -> None:
    """A tidy-up task does not care why there is nothing else to do."""
    story = new_story(workflow(task("a"), task("b", "a"), task("c", "b"), last("tidy")))
    story.tick()
    story.fail("a")
    assert {"tidy"} == story.alive
