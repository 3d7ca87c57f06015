"""What is written, and when: a quiet system makes no writes, and a busy one few."""

from datetime import timedelta

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.outcome import Outcome
from support.builders import chain, diamond, limits, retries, task, workflow
from support.fake_cluster import FakeTaskRun
from support.story import NewStory, in_memory_only


def test_a_quick_task_costs_one_write_of_its_status(new_story: NewStory) -> None:
    """TaskRun, Job, and the end: what goes as it should is not told in between."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.begin("a")
    story.cluster.wait(0.5)
    story.succeed("a")
    assert ["create a", "start a/1", "log a"] == [
        each for each in story.cluster.writes if each.endswith((" a", "a/1"))
    ]


def test_a_longer_task_tells_that_it_runs(new_story: NewStory) -> None:
    """After two seconds its TaskRun says so, once, with pod and node."""
    story = new_story(chain("a"))
    story.tick()
    story.begin("a")
    story.pass_time(3600)
    assert 1 == story.cluster.writes.count("log a")
    assert Reason.RUNNING == story.reason("a")
    assert story.job("a").sighting.where == story.attempt("a").where


def test_a_slow_start_is_told_and_then_that_it_runs(new_story: NewStory) -> None:
    """Somebody who looks after two seconds sees that it is starting, or that it runs."""
    story = new_story(chain("a"))
    story.tick()
    story.pass_time(60)
    assert (1, Reason.STARTING) == (story.cluster.writes.count("log a"), story.reason("a"))
    story.begin("a")
    story.pass_time(3)
    assert (2, Reason.RUNNING) == (story.cluster.writes.count("log a"), story.reason("a"))


def test_a_quick_program_that_started_late_costs_two_writes(new_story: NewStory) -> None:
    """Where many pods wait for their turn, nobody would see that one ran for a moment."""
    story = new_story(chain("a"))
    story.tick()
    story.pass_time(60)
    story.begin("a")
    story.succeed("a")
    assert 2 == story.cluster.writes.count("log a")


def test_trouble_is_told_at_once(new_story: NewStory) -> None:
    """On-call people do not wait for a quiet time to be over."""
    story = new_story(chain("a"))
    story.tick()
    story.stall("a", Reason.IMAGE_PULL_FAILED, "manifest unknown")
    assert Reason.IMAGE_PULL_FAILED == story.reason("a")


def test_words_that_alternate_for_one_trouble_are_told_once(new_story: NewStory) -> None:
    """An image pull says two things in turns; the first one names the cause."""
    story = new_story(chain("a"))
    story.tick()
    for _ in range(50):
        story.stall("a", Reason.IMAGE_PULL_FAILED, "manifest unknown")
        story.pass_time(10)
        story.stall("a", Reason.IMAGE_PULL_FAILED, "Back-off pulling image")
        story.pass_time(10)
    assert 1 == story.cluster.writes.count("log a")
    assert "manifest unknown" == story.log("a").message


def test_words_that_change_are_told_every_ten_seconds_at_most(new_story: NewStory) -> None:
    """The scheduler's words change with every node; the last ones are told in the end."""
    story = new_story(chain("a"))
    story.tick()
    for node in range(100):
        story.stall("a", Reason.UNSCHEDULABLE, f"0/{node} nodes are available")
        story.pass_time(1)
    assert 12 >= story.cluster.writes.count("log a") >= 10
    story.pass_time(10)
    assert "0/99 nodes are available" == story.log("a").message


def test_the_run_tells_its_counts_once_a_second_at_most(new_story: NewStory) -> None:
    """A run of many quick tasks does not write for each of them."""
    story = new_story(workflow(*(task(f"t{n}") for n in range(25))))
    story.tick()
    for n in range(25):
        story.succeed(f"t{n}")
        story.pass_time(0.1)
    assert 5 >= story.cluster.writes.count("status")
    assert 25 == story.status.counts.succeeded


def test_the_begin_and_the_end_of_a_run_are_told_at_once(new_story: NewStory) -> None:
    """Nobody waits a second for what they wait for."""
    story = new_story(chain("a"))
    story.tick()
    assert story.status.started is not None
    story.succeed("a")
    assert story.status.finished is not None


def test_a_run_that_waits_makes_no_writes(new_story: NewStory) -> None:
    """Hours of waiting for a task, a retry or a person cost nothing."""
    story = new_story(
        workflow(
            task("running"),
            task("stuck", timeouts=limits(pending=31_536_000)),
            task("again", retry=retries(1, seconds=80_000, max_seconds=86_400)),
            task("after", "running"),
        )
    )
    story.tick()
    story.begin("running")
    story.stall("stuck", Reason.UNSCHEDULABLE, "no node")
    story.fail("again")
    story.pass_time(20)
    writes = len(story.cluster.writes)
    story.pass_time(70_000)
    story.restart()
    story.tick()
    assert writes == len(story.cluster.writes)


def test_a_task_that_is_refused_again_and_again_costs_no_writes(new_story: NewStory) -> None:
    """Each try meets the same quota, and what is told stays as it was, since when it was."""
    story = new_story(workflow(task("a"), task("b")))
    story.cluster.no_task_runs["a"] = (Reason.QUOTA_EXCEEDED, "count/taskruns is full")
    story.tick()
    story.begin("b")
    story.pass_time(20)
    writes, told = len(story.cluster.writes), story.status
    story.pass_time(3600)
    assert (writes, told) == (len(story.cluster.writes), story.status)
    assert [("a", story.at(1))] == [(each.task, each.since) for each in told.attention]


def test_a_long_queue_of_runs_costs_a_few_writes_for_each(new_story: NewStory) -> None:
    """What a waiting run tells does not change each time that the queue moves."""
    queue = Concurrency(policy=ConcurrencyPolicy.QUEUE)
    definition = workflow(task("a"), concurrency=queue)
    story = new_story(definition, name="r-00")
    runs = [story.run, *(story.another_run(definition, f"r-{n:02}") for n in range(1, 15))]
    for run in runs:
        story.tick(run)
    for place, run in enumerate(runs):
        story.cluster.wait(2)
        story.run = run
        story.tick(run)
        story.cluster.end(story.job("a"))
        story.tick(run)
        for waiting in runs[place + 1 :]:
            story.tick(waiting)
    assert 7 * len(runs) >= story.cluster.writes.count("status")
    assert all(run.log.succeeded for run in runs)


def test_a_finished_run_makes_no_writes(new_story: NewStory) -> None:
    """Its status is final, also for a controller that has just started."""
    story = new_story(diamond())
    story.tick()
    for name in ("extract", "left", "right", "join"):
        story.succeed(name)
    writes = [each for each in story.cluster.writes if "end" not in each]
    story.pass_time(7200)
    story.restart()
    story.tick()
    assert writes == [each for each in story.cluster.writes if "end" not in each]


def test_jobs_of_succeeded_tasks_go_after_their_time_and_those_of_failed_ones_stay(
    new_story: NewStory,
) -> None:
    """Logs of what went well are kept for history.jobSeconds after the run."""
    story = new_story(workflow(task("good"), task("bad")))
    story.tick()
    story.succeed("good")
    story.fail("bad")
    story.pass_time(3599)
    assert not story.job("good").sighting.leaving
    story.pass_time(1)
    assert story.job("good").sighting.leaving
    assert not story.job("bad").sighting.leaving


@in_memory_only("its clock jumps, and an event loop's does not")
@pytest.mark.parametrize("minutes", [-60, -1, 1, 60])
def test_a_clock_that_jumps_breaks_nothing(new_story: NewStory, minutes: int) -> None:
    """Nothing is made twice or lost; what waits for a time waits for the clock to say it."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=10)), task("b", "a")))
    story.tick()
    story.pass_time(5)
    story.cluster.now += timedelta(minutes=minutes)
    story.restart()
    story.tick()
    story.fail("a")
    story.cluster.now += timedelta(minutes=max(0, -minutes))
    story.pass_time(11)
    story.succeed("a")
    story.succeed("b")
    assert (True, Reason.SUCCEEDED) == story.told
    assert 2 == story.log("a").count


@in_memory_only("its clock jumps, and an event loop's does not")
def test_an_end_told_by_another_clock_is_bounded(new_story: NewStory) -> None:
    """A node whose clock is an hour ahead does not delay the retry by an hour."""
    story = new_story(workflow(task("a", retry=retries(1, seconds=10))))
    story.tick()
    story.begin("a")
    story.cluster.now += timedelta(hours=1)
    story.cluster.end(story.job("a"), 1)
    story.cluster.now -= timedelta(hours=1)
    story.tick()
    story.pass_time(11)
    assert {"a"} == story.alive


@in_memory_only("a TaskRun of a task that the run has not is none of the run's in a cluster")
def test_a_stranger_among_the_task_runs_is_left_alone(new_story: NewStory) -> None:
    """One odd object does not stop the run."""
    story = new_story(chain("a"))
    story.tick()
    story.run.task_runs["stranger"] = FakeTaskRun()
    story.tick()
    story.succeed("a")
    assert Outcome.SUCCEEDED == story.log("a").outcome
    assert (True, Reason.SUCCEEDED) == story.told
