"""Time limits of attempts, tasks and runs."""

from datetime import timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import RunTimeouts
from headrace.engine.outcome import Outcome
from support.builders import last, limits, retries, task, workflow
from support.story import NewStory, in_memory_only


def test_a_program_that_never_starts_is_given_up(new_story: NewStory) -> None:
    """The attempt ends as PendingTimeout, with the words of what it waited for."""
    story = new_story(workflow(task("a", timeouts=limits(pending=300))))
    story.tick()
    story.stall("a", Reason.UNSCHEDULABLE, "0/3 nodes are available")
    story.pass_time(1)
    assert {"a": Reason.UNSCHEDULABLE} == story.attention()
    assert story.at(300) == story.look_again

    story.pass_time(299)
    assert Reason.PENDING_TIMEOUT == story.reason("a")
    assert (
        "not started within timeouts.pendingSeconds (300);"
        " it waited for Unschedulable: 0/3 nodes are available" in story.log("a").message
    )
    assert set() == story.alive


def test_a_pending_timeout_uses_the_tasks_own_retries(new_story: NewStory) -> None:
    """Somebody chose the limit and the resources: it is the user's failure."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=5), timeouts=limits(pending=60))))
    story.tick()
    story.pass_time(60)
    assert 1 == story.log("a").user_failures
    story.pass_time(5)
    assert {"a"} == story.alive


def test_a_program_that_started_is_not_pending(new_story: NewStory) -> None:
    """Only scheduling and image pull are limited by pendingSeconds."""
    story = new_story(workflow(task("a", timeouts=limits(pending=60))))
    story.tick()
    story.begin("a")
    story.pass_time(3600)
    assert {"a"} == story.alive


def test_a_held_job_is_waiting_for_its_turn(new_story: NewStory) -> None:
    """A Job that a queue suspended is not timed out; the clock begins when it is let go."""
    story = new_story(workflow(task("a", timeouts=limits(pending=60))))
    story.tick()
    story.stall("a", Reason.SUSPENDED, "somebody suspended the Job")
    story.pass_time(7200)
    assert Reason.SUSPENDED == story.reason("a")

    story.cluster.resume(story.job("a"))
    story.tick()
    assert {"a"} == story.alive
    story.pass_time(60)
    assert Reason.PENDING_TIMEOUT == story.log("a").attempts[0].reason


def test_a_replaced_pod_has_its_own_time_to_start(new_story: NewStory) -> None:
    """After a node is lost the clock of waiting begins anew, and does not run out at once."""
    story = new_story(workflow(task("a", timeouts=limits(pending=60))))
    story.tick()
    story.begin("a")
    story.pass_time(3600)
    lost = story.pod("a")
    story.cluster.lose(story.job("a"))
    story.tick()
    assert Reason.STARTING == story.reason("a")
    assert f"pod {lost} " in story.log("a").message
    story.pass_time(59)
    assert {"a"} == story.alive
    story.pass_time(1)
    assert Reason.PENDING_TIMEOUT == story.attempt("a").reason


def test_a_world_that_ends_a_long_program_is_believed(new_story: NewStory) -> None:
    """The limit of an attempt is enforced where it runs; the engine classifies its end."""
    story = new_story(workflow(task("a", timeouts=limits(attempt=10))))
    story.tick()
    story.fail("a", code=137, reason=Reason.ATTEMPT_TIMEOUT)
    assert Reason.ATTEMPT_TIMEOUT == story.reason("a")


def test_a_task_has_a_limit_for_all_its_attempts_and_waits(new_story: NewStory) -> None:
    """It counts from the first start, and ends a running attempt."""
    story = new_story(workflow(task("a", retry=retries(9, seconds=40), timeouts=limits(total=100))))
    story.tick()
    story.fail("a")
    story.pass_time(40)
    story.begin("a")
    story.pass_time(59)
    assert {"a"} == story.alive
    story.pass_time(1)
    assert Reason.TASK_TIMEOUT == story.reason("a")
    assert set() == story.alive
    assert story.at(100) == story.log("a").finished


def test_a_task_that_waits_for_its_retry_ends_at_its_limit(new_story: NewStory) -> None:
    """A wait is not longer than the task may take in all."""
    story = new_story(
        workflow(task("a", retry=retries(9, seconds=600), timeouts=limits(total=100)))
    )
    story.tick()
    story.fail("a")
    story.pass_time(100)
    assert Reason.TASK_TIMEOUT == story.reason("a")


def test_a_run_that_takes_too_long_is_cancelled(new_story: NewStory) -> None:
    """What runs is ended, what waits never starts, and `finally` tasks run."""
    story = new_story(
        workflow(*(task("a"), task("b", "a"), last("tidy")), timeouts=RunTimeouts(run_seconds=100))
    )
    story.tick()
    story.pass_time(99)
    assert {"a"} == story.alive
    story.pass_time(1)
    assert (None, Reason.TIMING_OUT) == story.told
    assert {"a": Outcome.CANCELLED, "tidy": None} == story.outcomes

    story.succeed("tidy")
    assert (False, Reason.RUN_TIMEOUT) == story.told
    assert story.status.message.startswith(
        "the run took longer than timeouts.runSeconds (100); 2 cancelled"
    )


@in_memory_only("its clock goes backwards, and an event loop's does not")
def test_a_time_limit_that_was_reached_stays_reached(new_story: NewStory) -> None:
    """A clock that goes backwards does not bring a run back."""
    story = new_story(workflow(task("a"), last("tidy"), timeouts=RunTimeouts(run_seconds=100)))
    story.tick()
    story.pass_time(100)
    story.cluster.now -= timedelta(seconds=50)
    story.restart()
    story.tick()
    assert (None, Reason.TIMING_OUT) == story.told
    story.succeed("tidy")
    assert (False, Reason.RUN_TIMEOUT) == story.told


def test_the_clock_of_a_run_begins_when_it_leaves_the_queue(new_story: NewStory) -> None:
    """Waiting for other runs is not the run's time."""
    story = new_story(None)
    story.tick()
    story.pass_time(50)
    assert (None, Reason.WORKFLOW_NOT_FOUND) == story.told
    definition = workflow(task("a"), timeouts=RunTimeouts(run_seconds=30))
    story.cluster.add_workflow(story.run, definition)
    story.tick()
    story.pass_time(29)
    assert {"a"} == story.alive


def test_a_run_whose_time_passes_while_it_tidies_up_was_in_time(new_story: NewStory) -> None:
    """Nothing was cut, so nothing is told of the limit, neither before the end nor at it."""
    limits_ = RunTimeouts(run_seconds=10)
    story = new_story(workflow(task("a"), last("tidy"), timeouts=limits_))
    story.tick()
    story.succeed("a")
    story.begin("tidy")
    story.pass_time(60)
    assert (None, Reason.RUNNING) == story.told
    story.succeed("tidy")
    assert (True, Reason.SUCCEEDED) == story.told
