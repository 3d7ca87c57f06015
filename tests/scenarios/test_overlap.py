"""An end counts when nothing of it runs any more: nobody starts beside what is being removed."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from support.builders import limits, task, workflow
from support.story import NewStory, Story


def slow(new_story: NewStory, definition: Definition) -> Story:
    """Return a run whose pods take their time to end."""
    story = new_story(definition)
    story.cluster.lingering = True
    story.tick()
    return story


def swept(story: Story) -> None:
    """Let all that is being removed be gone."""
    story.cluster.sweep()
    story.tick()


def test_who_waits_for_a_task_out_of_time_waits_for_its_pod_too(new_story: NewStory) -> None:
    """Its end is on record at once; what follows starts when nothing of it runs."""
    story = slow(
        new_story, workflow(task("a", timeouts=limits(total=60)), task("b", "a", rule="AllDone"))
    )
    story.begin("a")
    story.pass_time(60)
    assert Reason.TASK_TIMEOUT is story.reason("a")
    assert set() == story.alive
    assert {"a": Reason.TASK_TIMEOUT, "b": Reason.WAITING_FOR_REMOVAL} == story.attention()
    assert f"pod {story.pod('a')} of a still runs" == story.status.attention[-1].message

    swept(story)
    assert {"b"} == story.alive


def test_who_waits_for_a_task_whose_record_was_deleted_waits_for_its_pod_too(
    new_story: NewStory,
) -> None:
    """That it failed is known at once, and that it still runs as well."""
    story = slow(new_story, workflow(task("a"), task("alert", "a", rule="OneFailed")))
    story.begin("a")
    story.cluster.delete_task_run(story.run, "a")
    story.tick()
    assert set() == story.alive
    assert Reason.WAITING_FOR_REMOVAL is story.attention()["alert"]

    swept(story)
    assert {"alert"} == story.alive


def test_a_rule_that_others_meet_waits_for_nobody(new_story: NewStory) -> None:
    """With OneFailed it starts by the task that is gone, whatever becomes of the other."""
    alert = task("alert", "a", "b", rule="OneFailed")
    story = slow(new_story, workflow(task("a", timeouts=limits(total=60)), task("b"), alert))
    story.begin("a", "b")
    story.pass_time(60)
    assert {"b"} == story.alive
    story.fail("b")
    assert {"alert"} == story.alive


def test_what_a_rule_leaves_out_is_left_out_at_once(new_story: NewStory) -> None:
    """It starts nothing, so it has nobody to wait for; and a success is seen early by design."""
    story = slow(
        new_story, workflow(task("a", timeouts=limits(total=60)), task("b", "a"), task("c"))
    )
    story.begin("a", "c")
    story.pass_time(60)
    assert (1, 1) == (story.status.counts.failed, story.status.counts.omitted)


@pytest.mark.parametrize("way", ["cancel", "time", "task run deleted"])
def test_a_run_ends_when_nothing_of_it_runs(new_story: NewStory, way: str) -> None:
    """Its tasks have ended, and it says whom it waits for until then."""
    story = slow(new_story, workflow(task("a", timeouts=limits(total=60))))
    story.begin("a")
    if way == "cancel":
        story.steer(DesiredState.CANCEL)
    elif way == "task run deleted":
        story.cluster.delete_task_run(story.run, "a")
        story.tick()
    else:
        story.pass_time(60)
    story.pass_time(1)
    assert (1, None) == (story.status.counts.ended, story.status.finished)
    assert story.status.message.endswith("still runs")
    assert story.status.reason in (Reason.CANCELLING, Reason.WAITING_FOR_REMOVAL)

    swept(story)
    assert story.status.finished == story.cluster.now
    assert False is story.status.succeeded


def test_a_run_that_lost_its_definition_ends_when_nothing_of_it_runs(new_story: NewStory) -> None:
    """Until then it is no run that has ended: another one may wait for it."""
    story = slow(new_story, workflow(task("a")))
    story.begin("a")
    story.cluster.delete_revision(story.run)
    story.restart()
    story.tick()
    assert Outcome.CANCELLED is story.log("a").outcome
    assert (None, Reason.REVISION_NOT_FOUND) == story.told
    assert story.status.message.endswith(
        f"was deleted; start a new run; pod {story.pod('a')} of a still runs"
    )

    swept(story)
    assert (False, Reason.REVISION_NOT_FOUND) == story.told
    assert story.status.message.endswith("was deleted; start a new run")


@pytest.mark.parametrize("policy", [ConcurrencyPolicy.QUEUE, ConcurrencyPolicy.REPLACE])
def test_the_next_run_begins_when_nothing_of_the_one_before_runs(
    new_story: NewStory, policy: ConcurrencyPolicy
) -> None:
    """Two runs that must not go on beside each other do not, not even while pods are removed."""
    definition = workflow(task("a"), concurrency=Concurrency(policy=policy))
    story = slow(new_story, definition)
    story.begin("a")
    second = story.another_run(definition, "etl-2")
    story.steer(DesiredState.CANCEL)
    story.tick(second)
    assert Reason.WAITING_FOR_TURN is second.log.reason
    assert {} == second.task_runs

    swept(story)
    story.tick(second)
    assert {"a"} == second.task_runs.keys()
