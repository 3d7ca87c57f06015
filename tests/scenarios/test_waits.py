"""Tasks that only let time pass: `wait`."""

import pytest

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.task import TaskTimeouts
from headrace.api.v1alpha1.workflow import OnFailure, RunTimeouts
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.text import rfc3339
from support.builders import last, limits, pause, task, workflow
from support.fake_cluster import CrashError, Fault, LostAnswerError
from support.fake_world import StaleError
from support.story import NewStory, Story

SOON = "run.logicalTime + duration('1h')"
PATIENT = limits(pending=1_000_000)


def calm(**fields: object) -> Definition:
    """Return a task, a wait of a minute, and another task."""
    return workflow(task("a"), pause("p", "a"), task("b", "p"), **fields)


def begun(new_story: NewStory, definition: Definition | None = None) -> Story:
    """Return a run whose wait has begun, ten seconds after its start."""
    story = new_story(definition or calm())
    story.tick()
    story.pass_time(10)
    story.succeed("a")
    return story


def end_of(story: Story, name: str) -> tuple[Outcome | None, Reason]:
    """Return how a task ended."""
    log = story.log(name)
    return log.outcome, log.reason


def until(story: Story, seconds: float) -> str:
    """Return what a wait says that ends so many seconds after the story's begin."""
    return f"until {rfc3339(story.at(seconds))}"


WAITED = (Outcome.SUCCEEDED, Reason.SUCCEEDED)


def test_time_passes_between_two_tasks(new_story: NewStory) -> None:
    """The next task starts at the instant, and not before."""
    story = begun(new_story)
    assert Reason.WAITING_FOR_TIME == story.reason("p")
    assert until(story, 70) == story.log("p").message
    story.pass_time(59.9)
    assert story.at(70) == story.look_again
    assert "b" not in story.run.task_runs
    story.pass_time(0.1)
    assert WAITED == end_of(story, "p")
    assert story.at(70) == story.log("p").finished
    story.succeed("b")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_wait_needs_nobody(new_story: NewStory) -> None:
    """It counts as running, and is nothing unusual."""
    story = begun(new_story)
    story.pass_time(1)
    assert {} == story.attention()
    assert (1, 1) == (story.status.counts.running, story.status.counts.pending)
    assert (Reason.RUNNING, "") == (story.status.reason, story.status.message)


def test_an_instant_may_come_from_an_expression(new_story: NewStory) -> None:
    """It is evaluated once; a restart knows it from the TaskRun."""
    story = new_story(workflow(pause("p", until=SOON), task("b", "p")))
    story.tick()
    story.pass_time(1000)
    story.restart()
    story.pass_time(2599)
    assert Reason.WAITING_FOR_TIME == story.reason("p")
    story.pass_time(1)
    assert story.at(3600) == story.log("p").finished
    assert {"b"} == story.alive


def test_an_instant_may_be_what_a_task_wrote(new_story: NewStory) -> None:
    """The task upstream says when its data will be there."""
    ready = "timestamp(tasks.a.outputs.ready)"
    story = new_story(workflow(task("a"), pause("p", "a", until=ready)))
    story.tick()
    written = write_time(story.at(300.25))
    story.succeed("a", output=f'{{"ready": "{written}"}}')
    assert until(story, 301) == story.log("p").message
    story.pass_time(301)
    assert (True, Reason.SUCCEEDED) == story.told


def test_an_instant_in_the_past_ends_the_wait_at_once(new_story: NewStory) -> None:
    """As many of them as follow each other."""
    names = [f"p{n}" for n in range(12)]
    waits = [
        pause(name, *names[max(0, n - 1) : n], until="run.logicalTime")
        for n, name in enumerate(names)
    ]
    story = new_story(workflow(*waits, task("b", names[-1])))
    story.tick()
    assert {WAITED} == {end_of(story, name) for name in names}
    assert {"b"} == story.alive


def test_an_expression_without_an_instant_fails_the_task(new_story: NewStory) -> None:
    """The message names the field, and what went wrong."""
    story = new_story(workflow(pause("p", until="timestamp(run.name)"), task("b", "p")))
    story.tick()
    assert (False, Reason.FAILED) == story.told
    assert "p failed: InvalidExpression: wait.until: column" in story.status.message


def test_an_instant_that_no_status_can_hold_fails_the_task(new_story: NewStory) -> None:
    """A mistake in a calculation is told, and no wait for ever."""
    story = new_story(workflow(pause("p", until="timestamp('9999-01-01T00:00:00Z')")))
    story.tick()
    assert "give a time in the years 1000 to 8999" in story.status.message


def test_a_condition_may_skip_a_wait(new_story: NewStory) -> None:
    """As any task; its instant is not evaluated then."""
    waits = pause("p", until="timestamp(run.name)", when="false")
    story = new_story(workflow(waits, task("b", "p", rule="NoneFailed")))
    story.tick()
    story.succeed("b")
    assert (True, 1) == (story.status.succeeded, story.status.counts.skipped)


@pytest.mark.parametrize("downtime", [5, 60, 100_000], ids=lambda each: f"{each} s")
def test_a_wait_ends_at_its_instant_after_any_downtime(new_story: NewStory, downtime: int) -> None:
    """Whoever looks after it finds that it ended in time."""
    story = begun(new_story)
    story.stage.wait_until(story.at(10 + downtime))
    story.restart()
    story.tick()
    story.pass_time(60)
    assert (WAITED, story.at(70)) == (end_of(story, "p"), story.log("p").finished)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("write", range(1, 12))
def test_a_crash_between_two_writes_changes_nothing(
    new_story: NewStory, fault: Fault, write: int
) -> None:
    """Wherever it comes: the wait begins once, and ends at the instant that it had first."""
    story = new_story(
        workflow(pause("p"), pause("q", "p", until=SOON), task("b", "q", timeouts=PATIENT))
    )
    story.cluster.faults = {write: fault}
    for _ in range(4):
        try:
            story.tick()
            story.pass_time(61)
            story.pass_time(3600)
        except CrashError:
            story.restart()
        except (LostAnswerError, StaleError):
            pass
    story.tick()
    assert {("p", 1): 1, ("q", 1): 1, ("b", 1): 1} == story.jobs_made
    assert [WAITED, WAITED] == [end_of(story, name) for name in ("p", "q")]
    assert story.at(3600) == story.log("q").finished
    story.succeed("b")
    assert (True, Reason.SUCCEEDED) == story.told


@pytest.mark.parametrize(
    ("desired", "end"),
    [
        (DesiredState.STOP, Reason.STOPPED),
        (DesiredState.CANCEL, Reason.CANCELLED),
        (DesiredState.TERMINATE, Reason.TERMINATED),
    ],
)
def test_somebody_ends_a_wait(new_story: NewStory, desired: DesiredState, end: Reason) -> None:
    """At once: there is nothing that could be lost."""
    story = begun(new_story)
    story.steer(desired)
    assert Outcome.CANCELLED == story.log("p").outcome
    assert story.at(10) == story.log("p").finished
    assert (False, end) == story.told
    story.pass_time(100)
    assert (False, end) == story.told


def test_a_failure_elsewhere_ends_a_wait_if_it_stops_the_run(new_story: NewStory) -> None:
    """No task would follow the wait."""
    definition = workflow(task("a"), pause("p"), task("b", "p"), on_failure=OnFailure.STOP)
    story = new_story(definition)
    story.tick()
    story.fail("a")
    assert (Outcome.CANCELLED, Reason.RUN_STOPPED) == end_of(story, "p")
    assert "onFailure is Stop, and task a failed" == story.log("p").message
    assert (False, Reason.FAILED) == story.told


def test_time_passes_while_a_run_is_paused(new_story: NewStory) -> None:
    """The wait ends, and nothing starts after it until the run goes on."""
    story = begun(new_story)
    story.steer(DesiredState.PAUSE)
    story.pass_time(100)
    assert (WAITED, story.at(70)) == (end_of(story, "p"), story.log("p").finished)
    assert "b" not in story.run.task_runs
    story.steer(DesiredState.RUN)
    assert {"b"} == story.alive


def test_a_wait_may_have_a_limit(new_story: NewStory) -> None:
    """An expression may give a later instant than anybody wants."""
    limit = TaskTimeouts(total_seconds=30)
    story = new_story(workflow(pause("p", until=SOON, timeouts=limit), task("b", "p")))
    story.tick()
    story.pass_time(31)
    assert (Outcome.FAILED, Reason.TASK_TIMEOUT) == end_of(story, "p")
    assert (False, Reason.FAILED) == story.told


def test_a_run_out_of_time_ends_its_waits(new_story: NewStory) -> None:
    """`timeouts.runSeconds` is the whole run's."""
    story = new_story(calm(timeouts=RunTimeouts(run_seconds=30)))
    story.tick()
    story.succeed("a")
    story.pass_time(31)
    assert Outcome.CANCELLED == story.log("p").outcome
    assert (False, Reason.RUN_TIMEOUT) == story.told


def test_a_wait_never_waits_too_long_for_its_start(new_story: NewStory) -> None:
    """`timeouts.pendingSeconds` is about programs: an hour is no limit here."""
    story = begun(new_story, workflow(task("a"), pause("p", "a", seconds=7200), task("b", "p")))
    story.pass_time(7000)
    assert Reason.WAITING_FOR_TIME == story.reason("p")
    story.pass_time(200)
    assert WAITED == end_of(story, "p")


def test_a_deleted_wait_is_not_begun_again(new_story: NewStory) -> None:
    """Its TaskRun was all that there was of it."""
    story = begun(new_story)
    story.cluster.delete_task_run(story.run, "p")
    story.tick()
    assert (False, Reason.TASK_RUN_DELETED) == story.told
    assert "b" not in story.run.task_runs


def test_a_finally_task_may_wait(new_story: NewStory) -> None:
    """Also after somebody has stopped the run."""
    story = new_story(workflow(task("a"), last("rest", wait=pause("x").wait)))
    story.tick()
    story.steer(DesiredState.STOP)
    story.succeed("a")
    assert Reason.WAITING_FOR_TIME == story.reason("rest")
    story.pass_time(60)
    assert WAITED == end_of(story, "rest")


def test_a_refused_task_run_is_tried_again(new_story: NewStory) -> None:
    """A namespace may be full; the wait counts from its start."""
    story = new_story(workflow(pause("p")))
    story.cluster.no_task_runs["p"] = (Reason.QUOTA_EXCEEDED, "no room")
    story.tick()
    story.pass_time(1)
    assert {"p": Reason.QUOTA_EXCEEDED} == story.attention()
    story.cluster.no_task_runs.clear()
    story.pass_time(31)
    assert until(story, 90) == story.log("p").message


def test_many_waits_end_together(new_story: NewStory) -> None:
    """One look is enough for all that are over."""
    names = [f"p{n}" for n in range(30)]
    story = new_story(workflow(*(pause(name) for name in names), task("b", *names)))
    story.tick()
    assert 30 == len(story.run.task_runs)
    story.pass_time(60)
    assert {WAITED} == {end_of(story, name) for name in names}
    assert {"b"} == story.alive


def test_a_long_wait_is_quiet(new_story: NewStory) -> None:
    """Its TaskRun, what it waits for, its end: nothing is written in the days between."""
    story = new_story(workflow(pause("p", seconds=864_000), task("b", "p")))
    story.tick()
    story.pass_time(10)
    before = list(story.cluster.writes)
    assert [1, 1] == [before.count(each) for each in ("create p", "log p")]
    story.pass_time(863_980)
    assert before == story.cluster.writes
    story.pass_time(10)
    assert 2 == story.cluster.writes.count("log p")
