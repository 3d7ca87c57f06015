"""What people delete and machines lose while a run goes on."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from support.builders import chain, last, retries, task, workflow
from support.story import NewStory


def test_a_job_deleted_by_hand_is_a_failed_attempt(new_story: NewStory) -> None:
    """It is never a silent success; it uses the infrastructure's budget and is tried again."""
    story = new_story(workflow(task("a", retry=retries(0, seconds=10))))
    story.tick()
    story.begin("a")
    story.cluster.delete_job(story.run, "a")
    story.tick()
    assert Reason.JOB_DELETED == story.attempt("a").reason
    assert (0, 1) == (story.log("a").user_failures, story.log("a").infrastructure_failures)
    story.pass_time(10)
    assert {"a"} == story.alive


def test_a_job_deleted_while_the_controller_was_down(new_story: NewStory) -> None:
    """Its record says that it was there, so it is missed."""
    story = new_story(workflow(task("a", retry=retries(0, seconds=0))))
    story.tick()
    story.pass_time(2)
    story.cluster.delete_job(story.run, "a")
    story.restart()
    story.tick()
    assert Reason.JOB_DELETED == story.log("a").attempts[0].reason
    assert 2 == max(story.record("a").jobs)


def test_a_job_deleted_after_its_program_succeeded_changes_nothing(new_story: NewStory) -> None:
    """Terminal outcomes never change."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    story.cluster.delete_job(story.run, "a")
    story.tick()
    assert Outcome.SUCCEEDED == story.log("a").outcome


def test_a_deleted_task_run_fails_its_task_and_the_run(new_story: NewStory) -> None:
    """A task that had started is never run again in silence."""
    story = new_story(workflow(task("a"), task("b", "a"), task("c"), last("tidy")))
    story.tick()
    story.begin("a")
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.succeed("c")
    story.succeed("tidy")
    assert (False, Reason.TASK_RUN_DELETED) == story.told
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()
    assert "the TaskRun was deleted after the task had started" in story.status.message
    assert 1 == story.cluster.jobs_made[story.run.uid, "a", 1]


def test_a_task_run_deleted_while_the_controller_was_down_is_missed(new_story: NewStory) -> None:
    """The run's own status remembers which tasks were started."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.pass_time(1)
    story.cluster.delete_task_run(story.run, "a")
    story.restart()
    story.tick()
    assert (False, Reason.TASK_RUN_DELETED) == story.told
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()


@pytest.mark.parametrize("restarts", [0, 1])
def test_finally_waits_for_what_a_deleted_task_run_leaves_behind(
    new_story: NewStory, restarts: int
) -> None:
    """It never runs beside what it is to clear away, and the next controller knows that too."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.pass_time(1)
    story.cluster.delete_task_run(story.run, "a")
    for _ in range(restarts):
        story.restart()
    story.tick()
    assert "tidy" not in story.run.task_runs

    story.cluster.sweep()
    story.tick()
    assert {"tidy"} == story.alive


def test_no_allowance_makes_light_of_a_deleted_task_run(new_story: NewStory) -> None:
    """`allowFailure` is about how a task ended, and of this one nobody knows how it did."""
    story = new_story(workflow(task("a", allow_failure=True), task("b")))
    story.tick()
    story.begin("a", "b")
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.succeed("b")
    assert (False, Reason.TASK_RUN_DELETED) == story.told


def test_a_task_run_deleted_in_its_first_second_is_missed(new_story: NewStory) -> None:
    """Whoever sees it vanish writes down that it was there, for whoever comes after."""
    story = new_story(workflow(task("a"), task("slow")))
    story.tick()
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    story.pass_time(1)
    story.restart()
    story.tick()
    assert {"a": Reason.TASK_RUN_DELETED} == story.attention()
    assert 1 == story.cluster.jobs_made[story.run.uid, "a", 1]


def test_a_run_whose_task_run_was_deleted_comes_to_rest(new_story: NewStory) -> None:
    """What is told of it does not change with every look."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    writes = len(story.cluster.writes)
    story.pass_time(3600)
    assert writes == len(story.cluster.writes)


def test_a_lost_pod_is_no_attempt_while_its_job_makes_another(new_story: NewStory) -> None:
    """Disruptions are the Job controller's to repair: no budget is used."""
    story = new_story(chain("a"))
    story.tick()
    story.begin("a")
    story.cluster.lose(story.job("a"))
    story.tick()
    story.begin("a")
    story.succeed("a")
    assert 1 == story.log("a").count
    assert (0, 0) == (story.log("a").user_failures, story.log("a").infrastructure_failures)
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_job_that_starts_another_pod_after_success_is_ended(new_story: NewStory) -> None:
    """Its task has succeeded; what runs once more could do harm."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    story.cluster.haunt(story.job("a"))
    story.tick()
    assert story.job("a").sighting.leaving
    assert Outcome.SUCCEEDED == story.log("a").outcome


def test_an_attempt_that_ended_while_the_controller_was_down(new_story: NewStory) -> None:
    """It is seen for the first time when it is over, and counts like any other."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.cluster.wait(600)
    story.cluster.end(story.job("a"), output='{"rows": 1}')
    story.restart()
    story.tick()
    assert {"rows": 1} == story.log("a").outputs
    assert {"b"} == story.alive


def test_a_run_that_lost_its_definition_ends_what_it_began(new_story: NewStory) -> None:
    """Nothing can be decided any more, so nothing goes on running."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.begin("a")
    story.cluster.delete_revision(story.run)
    story.restart()
    story.tick()
    assert (False, Reason.REVISION_NOT_FOUND) == story.told
    assert Outcome.CANCELLED == story.log("a").outcome
    assert set() == story.alive


@pytest.mark.parametrize("output", ["not json", '{"a": NaN}', '{"a": 1e999}', '"\\ud800"'])
def test_no_output_can_stop_the_controller(new_story: NewStory, output: str) -> None:
    """What cannot be kept in a status is a failure of the attempt."""
    story = new_story(chain("a"))
    story.tick()
    story.succeed("a", output=output)
    assert Reason.INVALID_OUTPUTS == story.reason("a")
