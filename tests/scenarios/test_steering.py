"""What `desiredState` and `onFailure` do to a run."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine.outcome import Outcome
from support.builders import chain, last, retries, task, workflow
from support.story import NewStory

TWO_BRANCHES = workflow(
    task("a"), task("b", "a"), task("c"), task("d", "c", rule="AllDone"), last("tidy")
)


# --- pause ------------------------------------------------------------------------------------


def test_a_paused_run_starts_nothing_new_and_lets_go_on_what_runs(new_story: NewStory) -> None:
    """Running tasks end on their own; the rest waits, and the run says why."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.steer(DesiredState.PAUSE)
    assert (None, Reason.PAUSED) == story.told
    assert {"a"} == story.alive

    story.succeed("a")
    assert set() == story.alive
    story.steer(DesiredState.RUN)
    assert {"b"} == story.alive
    assert (None, Reason.RUNNING) == story.told


def test_a_paused_run_tries_nothing_again(new_story: NewStory) -> None:
    """A retry that is due waits for the run to go on."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=10))))
    story.tick()
    story.fail("a")
    story.steer(DesiredState.PAUSE)
    story.pass_time(3600)
    assert set() == story.alive
    assert Reason.PAUSED == story.reason("a")
    story.steer(DesiredState.RUN)
    assert {"a"} == story.alive


def test_a_run_that_is_paused_from_the_start_does_not_begin(new_story: NewStory) -> None:
    """It has no start time until it goes on."""
    story = new_story(chain("a"), desired=DesiredState.PAUSE)
    story.tick()
    assert (None, Reason.PAUSED) == story.told
    assert story.status.started is None
    story.steer(DesiredState.RUN)
    assert {"a"} == story.alive


def test_finally_tasks_wait_while_the_run_is_paused(new_story: NewStory) -> None:
    """Pause starts nothing at all."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.tick()
    story.steer(DesiredState.PAUSE)
    story.succeed("a")
    assert set() == story.alive
    story.steer(DesiredState.RUN)
    assert {"tidy"} == story.alive


# --- stop -------------------------------------------------------------------------------------


def test_a_stopped_run_ends_what_it_began(new_story: NewStory) -> None:
    """Nothing new starts, what runs may end, then come the `finally` tasks."""
    story = new_story(TWO_BRANCHES)
    story.tick()
    story.steer(DesiredState.STOP)
    assert (None, Reason.STOPPING) == story.told
    assert {"a", "c"} == story.alive

    story.succeed("a")
    story.fail("c")
    assert {"tidy"} == story.alive
    story.succeed("tidy")
    assert (False, Reason.STOPPED) == story.told
    assert (2, 1, 2) == (
        story.status.counts.succeeded,
        story.status.counts.failed,
        story.status.counts.cancelled,
    )
    assert "desiredState is Stop; 1 failed (c); 2 cancelled (b, d)" == story.status.message


def test_a_stopped_run_lets_started_tasks_use_their_retries(new_story: NewStory) -> None:
    """A task that has begun may finish."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=10)), task("b", "a")))
    story.tick()
    story.steer(DesiredState.STOP)
    story.fail("a")
    story.pass_time(10)
    assert {"a"} == story.alive
    story.succeed("a")
    assert (False, Reason.STOPPED) == story.told


def test_a_task_that_never_got_an_attempt_is_stopped(new_story: NewStory) -> None:
    """A TaskRun whose Job was refused so far has not started anything."""
    story = new_story(chain("a", "b"))
    story.cluster.refusals["a"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.tick()
    story.steer(DesiredState.STOP)
    assert {"a": Outcome.CANCELLED} == story.outcomes
    assert (False, Reason.STOPPED) == story.told


def test_what_a_rule_left_out_stays_left_out_when_the_run_is_stopped(new_story: NewStory) -> None:
    """The outcome of a task that ended before the stop does not change, nor what others saw."""
    story = new_story(
        workflow(task("a"), task("slow"), task("alert", "a", rule="OneFailed"), task("z", "slow"))
    )
    story.tick()
    story.succeed("a")
    story.pass_time(1)
    assert 1 == story.status.counts.omitted
    story.steer(DesiredState.STOP)
    story.succeed("slow")
    assert 1 == story.status.counts.omitted
    assert 1 == story.status.counts.cancelled


def test_a_run_that_had_nothing_left_to_stop_succeeded(new_story: NewStory) -> None:
    """Stop is not a failure when it kept nothing from running."""
    story = new_story(chain("a"))
    story.tick()
    story.steer(DesiredState.STOP)
    story.succeed("a")
    assert (True, Reason.SUCCEEDED) == story.told


# --- cancel -----------------------------------------------------------------------------------


def test_a_cancelled_run_ends_what_runs(new_story: NewStory) -> None:
    """Attempts are ended, the rest never starts, then come the `finally` tasks."""
    story = new_story(TWO_BRANCHES)
    story.tick()
    story.begin("a", "c")
    story.steer(DesiredState.CANCEL)
    assert {"tidy"} == story.alive
    assert {"a": Outcome.CANCELLED, "c": Outcome.CANCELLED, "tidy": None} == story.outcomes
    assert (None, Reason.CANCELLING) == story.told

    story.succeed("tidy")
    assert (False, Reason.CANCELLED) == story.told
    assert (1, 4) == (story.status.counts.succeeded, story.status.counts.cancelled)


def test_a_cancelled_run_waits_until_its_attempts_are_gone_before_it_tidies_up(
    new_story: NewStory,
) -> None:
    """A `finally` task never runs beside what it is to clear away."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.cluster.lingering = True
    story.tick()
    story.begin("a")
    story.steer(DesiredState.CANCEL)
    assert set() == story.alive
    assert "tidy" not in story.run.task_runs

    story.cluster.sweep()
    story.tick()
    assert {"tidy"} == story.alive


def test_a_task_that_waits_for_its_retry_is_cancelled(new_story: NewStory) -> None:
    """Nothing of it runs, and nothing will."""
    story = new_story(workflow(task("a", retry=retries(3, seconds=600))))
    story.tick()
    story.fail("a")
    story.steer(DesiredState.CANCEL)
    assert Outcome.CANCELLED == story.log("a").outcome
    assert (False, Reason.CANCELLED) == story.told


def test_finally_tasks_are_not_cancelled(new_story: NewStory) -> None:
    """They end on their own, also when they ran already."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.tick()
    story.succeed("a")
    story.steer(DesiredState.CANCEL)
    assert {"tidy"} == story.alive
    story.succeed("tidy")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_success_that_came_first_stays_a_success(new_story: NewStory) -> None:
    """Cancel races with the end of a task: what the world showed first counts."""
    story = new_story(chain("a"))
    story.tick()
    story.begin("a")
    story.cluster.end(story.job("a"))
    story.steer(DesiredState.CANCEL)
    assert (True, Reason.SUCCEEDED) == story.told


@pytest.mark.parametrize("desired", [DesiredState.STOP, DesiredState.CANCEL])
def test_a_run_that_is_ended_before_it_began_never_runs(
    new_story: NewStory, desired: DesiredState
) -> None:
    """Not even its `finally` tasks: there is nothing to tidy up."""
    story = new_story(TWO_BRANCHES, desired=desired)
    story.tick()
    assert story.status.finished is not None
    assert story.status.succeeded is False
    assert story.status.started is None
    assert {} == story.run.task_runs
    assert 5 == story.status.counts.cancelled


def test_stop_can_become_cancel(new_story: NewStory) -> None:
    """Who has waited long enough ends what still runs."""
    story = new_story(TWO_BRANCHES)
    story.tick()
    story.steer(DesiredState.STOP)
    story.succeed("a")
    story.steer(DesiredState.CANCEL)
    assert {"tidy"} == story.alive
    story.succeed("tidy")
    assert (False, Reason.CANCELLED) == story.told


# --- onFailure: Stop --------------------------------------------------------------------------


def test_a_failure_can_stop_the_run(new_story: NewStory) -> None:
    """With onFailure: Stop independent branches start nothing new; what runs may end."""
    story = new_story(
        workflow(task("a"), task("c"), task("d", "c"), last("tidy"), on_failure=OnFailure.STOP)
    )
    story.tick()
    story.fail("a")
    assert {"c"} == story.alive
    story.succeed("c")
    assert {"tidy"} == story.alive
    story.succeed("tidy")
    assert (False, Reason.FAILED) == story.told
    assert story.status.message.startswith("a failed: NonZeroExit: ")
    assert story.status.message.endswith("; 1 cancelled (d)")


def test_a_task_that_has_begun_keeps_its_retries_when_the_run_is_stopped(
    new_story: NewStory,
) -> None:
    """Another task's failure takes nothing from it."""
    story = new_story(
        workflow(task("a"), task("b", retry=retries(1, seconds=10)), on_failure=OnFailure.STOP)
    )
    story.tick()
    story.fail("b")
    story.fail("a")
    story.pass_time(10)
    assert {"b"} == story.alive


def test_a_failure_that_is_allowed_does_not_stop_the_run(new_story: NewStory) -> None:
    """It is not counted against the run in any way."""
    story = new_story(
        workflow(
            task("a", allow_failure=True), task("c"), task("d", "c"), on_failure=OnFailure.STOP
        )
    )
    story.tick()
    story.fail("a")
    story.succeed("c")
    assert {"d"} == story.alive
