"""The way out of a run whose `finally` tasks do not end: Terminate, and a limit of their time."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import RunTimeouts
from headrace.engine.outcome import Outcome
from headrace.engine.run.decide import RUN_STATUS_INTERVAL
from support.builders import chain, last, retries, task, workflow
from support.story import NewStory

TIDY = workflow(task("a"), task("b", "a"), last("tidy"), last("tell"))


def limited(finally_seconds: int, run_seconds: int | None = None) -> RunTimeouts:
    """Return the limits of a run."""
    return RunTimeouts(run_seconds=run_seconds, finally_seconds=finally_seconds)


# --- somebody ends it -------------------------------------------------------------------------


def test_a_run_whose_last_task_hangs_can_be_ended(new_story: NewStory) -> None:
    """Cancel leaves `finally` tasks alone; Terminate ends them, and the run."""
    story = new_story(TIDY)
    story.tick()
    story.steer(DesiredState.CANCEL)
    story.begin("tidy")
    story.succeed("tell")
    story.pass_time(86_400)
    assert {"tidy"} == story.alive

    story.steer(DesiredState.TERMINATE)
    assert set() == story.alive
    assert (False, Reason.TERMINATED) == story.told
    assert "desiredState is Terminate; 3 cancelled (a, b, tidy)" == story.status.message
    assert Outcome.CANCELLED == story.log("tidy").outcome
    assert Outcome.SUCCEEDED == story.log("tell").outcome


def test_a_terminated_run_ends_at_once_without_its_finally_tasks(new_story: NewStory) -> None:
    """What runs is ended, and nothing starts any more; it is on record why."""
    story = new_story(TIDY)
    story.tick()
    story.begin("a")
    story.steer(DesiredState.TERMINATE)
    assert set() == story.alive
    assert (False, Reason.TERMINATED) == story.told
    assert {"a": Outcome.CANCELLED} == story.outcomes
    assert 4 == story.status.counts.cancelled
    assert {"1": "", "2-3": "desiredState is Terminate"} == {
        mark.positions: mark.message for mark in story.status.marks or ()
    }


def test_a_terminated_run_gives_up_its_finally_tasks_and_waits_for_its_pods_only(
    new_story: NewStory,
) -> None:
    """It says which pod still runs, and ends with the last one: nothing runs of what has ended."""
    story = new_story(TIDY)
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.steer(DesiredState.CANCEL)
    story.steer(DesiredState.TERMINATE)
    story.pass_time(1)
    assert (None, Reason.CANCELLING) == story.told
    assert story.status.message.startswith("desiredState is Terminate; ")
    assert str(story.pod("a")) in story.status.message
    assert 4 == story.status.counts.cancelled

    story.cluster.sweep()
    story.tick()
    assert (False, Reason.TERMINATED) == story.told
    assert {"a"} == story.run.task_runs.keys()


@pytest.mark.parametrize("first", [DesiredState.PAUSE, DesiredState.STOP, DesiredState.CANCEL])
def test_every_other_wish_can_become_terminate(new_story: NewStory, first: DesiredState) -> None:
    """Whatever somebody has waited for."""
    story = new_story(TIDY)
    story.tick()
    story.steer(first)
    story.steer(DesiredState.TERMINATE)
    assert (False, Reason.TERMINATED) == story.told
    assert set() == story.alive


def test_a_finally_task_that_waits_for_its_retry_is_ended(new_story: NewStory) -> None:
    """Nothing of it runs, and nothing will."""
    story = new_story(workflow(task("a"), last("tidy", retry=retries(3, seconds=600))))
    story.tick()
    story.succeed("a")
    story.fail("tidy")
    story.steer(DesiredState.TERMINATE)
    assert Outcome.CANCELLED == story.log("tidy").outcome
    assert (False, Reason.TERMINATED) == story.told


def test_a_finally_task_that_cannot_start_is_ended(new_story: NewStory) -> None:
    """It has no TaskRun, and would ask for one for ever."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.cluster.no_task_runs["tidy"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.tick()
    story.succeed("a")
    story.pass_time(3600)
    story.steer(DesiredState.TERMINATE)
    assert (False, Reason.TERMINATED) == story.told


def test_a_run_that_is_terminated_before_it_began_never_runs(new_story: NewStory) -> None:
    """As one that is cancelled."""
    wish = DesiredState.TERMINATE
    story = new_story(TIDY, desired=wish)
    story.tick()
    assert (False, Reason.TERMINATED) == story.told
    assert {} == story.run.task_runs


def test_terminate_is_no_failure_when_it_cut_nothing(new_story: NewStory) -> None:
    """The last task ended before it was seen."""
    story = new_story(chain("a"))
    story.tick()
    story.begin("a")
    story.cluster.end(story.job("a"))
    story.steer(DesiredState.TERMINATE)
    assert (True, Reason.SUCCEEDED) == story.told


# --- its time is over -------------------------------------------------------------------------


def test_finally_tasks_have_a_time_limit_together(new_story: NewStory) -> None:
    """It counts from the end of all others; nobody has to be there."""
    story = new_story(workflow(task("a"), last("tidy"), last("tell"), timeouts=limited(60)))
    story.tick()
    story.begin("a")
    story.pass_time(3600)
    story.succeed("a")
    story.begin("tidy")
    story.succeed("tell")
    story.pass_time(59)
    assert {"tidy"} == story.alive
    story.pass_time(1 + RUN_STATUS_INTERVAL.total_seconds())
    assert set() == story.alive
    assert (False, Reason.FINALLY_TIMEOUT) == story.told
    want = "`finally` took longer than timeouts.finallySeconds (60); 1 cancelled (tidy)"
    assert want == story.status.message


def test_the_limit_counts_also_where_no_finally_task_could_start(new_story: NewStory) -> None:
    """What is to be cleared away is still being removed, and stays so."""
    story = new_story(workflow(task("a"), last("tidy"), timeouts=limited(60, run_seconds=10)))
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.pass_time(68)
    assert (1, None) == (story.status.counts.cancelled, story.status.finished)
    story.pass_time(10)
    assert (2, Reason.TIMING_OUT) == (story.status.counts.cancelled, story.status.reason)
    story.cluster.sweep()
    story.tick()
    assert (False, Reason.FINALLY_TIMEOUT) == story.told
    assert "2 cancelled (a, tidy)" in story.status.message


def test_a_restart_does_not_give_finally_tasks_more_time(new_story: NewStory) -> None:
    """The time is on record with the run."""
    story = new_story(workflow(task("a"), last("tidy"), timeouts=limited(60)))
    story.tick()
    story.succeed("a")
    story.begin("tidy")
    story.pass_time(50)
    story.restart()
    story.tick()
    story.pass_time(12)
    assert (False, Reason.FINALLY_TIMEOUT) == story.told


def test_finally_tasks_that_end_in_time_are_not_touched(new_story: NewStory) -> None:
    """The limit is no news then."""
    story = new_story(workflow(task("a"), last("tidy"), timeouts=limited(60)))
    story.tick()
    story.succeed("a")
    story.pass_time(59)
    story.succeed("tidy")
    assert (True, Reason.SUCCEEDED) == story.told
