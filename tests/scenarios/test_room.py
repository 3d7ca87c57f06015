"""Waiting for room: quotas of a namespace, other runs of a workflow."""

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from support.builders import chain, task, workflow
from support.story import NewStory

QUOTA = (Reason.QUOTA_EXCEEDED, "exceeded quota: jobs, used: count/jobs.batch=4, limited: 4")


def test_a_full_quota_holds_a_task_until_there_is_room(new_story: NewStory) -> None:
    """The task waits with the quota's words, is tried again, and nothing is counted."""
    story = new_story(chain("a", "b"))
    story.cluster.refusals["a"] = QUOTA
    story.tick()
    story.pass_time(2)
    assert set() == story.alive
    assert QUOTA == (story.reason("a"), story.log("a").message)
    assert {"a": Reason.QUOTA_EXCEEDED} == story.attention()
    assert (2, 0) == (story.status.counts.pending, story.status.counts.running)

    story.pass_time(300)
    del story.cluster.refusals["a"]
    story.pass_time(30)
    assert {"a"} == story.alive
    assert (1, 0) == (story.log("a").count, story.log("a").user_failures)


def test_a_full_quota_does_not_hold_other_branches(new_story: NewStory) -> None:
    """One task that cannot start is one task."""
    story = new_story(workflow(task("a"), task("b"), task("c", "b")))
    story.cluster.refusals["a"] = QUOTA
    story.tick()
    story.succeed("b")
    assert {"c"} == story.alive


def test_a_quota_whose_words_change_is_told_again_but_not_each_time(new_story: NewStory) -> None:
    """Other words for the same trouble are worth a write every ten seconds at most."""
    story = new_story(chain("a"))
    story.cluster.refusals["a"] = QUOTA
    story.tick()
    for used in range(20):
        story.cluster.refusals["a"] = (Reason.QUOTA_EXCEEDED, f"exceeded quota: used {used}")
        story.pass_time(30)
    story.pass_time(10)
    assert 21 >= story.cluster.writes.count("log a")
    assert "exceeded quota: used 19" == story.log("a").message


def test_runs_of_a_workflow_wait_for_their_turn(new_story: NewStory) -> None:
    """With Queue one run begins when the one before it has ended, in the order of creation."""
    definition = workflow(task("a"), concurrency=Concurrency(policy=ConcurrencyPolicy.QUEUE))
    story = new_story(definition)
    story.tick()
    story.cluster.wait(60)
    second = story.another_run(definition, "etl-2")
    story.tick(second)
    assert (None, Reason.WAITING_FOR_TURN) == (second.log.succeeded, second.log.reason)
    assert "1 run is allowed at a time, and etl-1 has not ended" == second.log.message
    assert {} == second.task_runs
    assert second.log.started is None

    story.succeed("a")
    story.tick(second)
    assert {"a"} == second.task_runs.keys()
    assert second.log.started is not None


def test_a_run_with_parameters_that_do_not_fit_is_refused(new_story: NewStory) -> None:
    """It fails before it begins, and the message names the parameter and the cure."""
    story = new_story(chain("a"), given={"regoin": "eu"})
    story.tick()
    assert (False, Reason.INVALID_PARAMS) == story.told
    assert "params: the workflow has no parameter 'regoin'" in story.status.message
    assert {} == story.run.task_runs


def test_a_run_without_its_workflow_waits_a_while(new_story: NewStory) -> None:
    """Both may be applied at once, in any order."""
    story = new_story(None)
    story.tick()
    assert (None, Reason.WORKFLOW_NOT_FOUND) == story.told
    assert story.look_again is not None
    story.cluster.add_workflow(story.run, chain("a"))
    story.pass_time(10)
    assert {"a"} == story.alive
