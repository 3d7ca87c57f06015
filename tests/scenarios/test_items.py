"""A program over items: each item ends, fails and runs again on its own."""

from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.kube.errors import StaleError, UnreachableError
from support import fake_world
from support.builders import limits, on, param, retries, task, workflow
from support.fake_cluster import CrashError, Fault, LostAnswerError
from support.story import NewStory, Story

R = Reason
TROUBLES = (fake_world.StaleError, LostAnswerError, StaleError, UnreachableError)
"""What ends a turn, and not the process."""


def over(
    items: Any = ("a", "b", "c"), limit: int = 1, each: dict[str, Any] | None = None, **more: Any
) -> Definition:
    """Return a workflow with a task over items, and one after it."""
    named = {"from_": items} if isinstance(items, str) else {"items": items}
    pick = task(
        "pick",
        for_each=ForEach(**named, **(each or {})),
        retry=more.pop("retry", retries(limit, seconds=0)),
        **more,
    )
    return workflow(pick, task("next", "pick"), params=(param("list", default="x,y"),))


def ends(story: Story, **codes: int) -> None:
    """Let items end, `i2=9` the one at index 2 with exit code 9."""
    for name, code in codes.items():
        story.cluster.end_item(story.job("pick"), int(name[1:]), code)
    story.tick()


def shown(story: Story) -> dict[str, str]:
    """Return the items on record as a status shows them."""
    items = story.log("pick").items
    assert items is not None
    names = ("succeeded", "failed", "retrying")
    return {name: str(getattr(items, name)) for name in names if getattr(items, name)}


def test_the_next_task_starts_when_the_last_item_has_succeeded(new_story: NewStory) -> None:
    """Not before, and without a wait for the Job's own word."""
    story = new_story(over())
    story.tick()
    ends(story, i0=0, i2=0)
    assert "next" not in story.run.task_runs
    ends(story, i1=0)
    assert Outcome.SUCCEEDED is story.log("pick").outcome
    assert {"succeeded": "0-2"} == shown(story)
    assert story.jobs_made == {("pick", 1): 1, ("next", 1): 1}


def test_only_the_failed_item_runs_again_and_keeps_its_index(new_story: NewStory) -> None:
    """A second Job, which runs one item."""
    story = new_story(over())
    story.tick()
    ends(story, i0=0, i1=7, i2=0)
    story.pass_time(5)
    assert {"succeeded": "0,2"} == shown(story)
    assert 2 == story.log("pick").count
    ends(story, i1=0)
    assert Outcome.SUCCEEDED is story.log("pick").outcome
    assert [R.ITEMS_FAILED, R.SUCCEEDED] == [each.reason for each in story.log("pick").attempts]


def test_outputs_of_all_attempts_stand_in_order(new_story: NewStory) -> None:
    """Also those of an attempt whose pods are long gone."""
    story = new_story(over())
    story.tick()
    story.cluster.end_item(story.job("pick"), 0, output='{"n": 0}')
    ends(story, i1=7, i2=0)
    story.pass_time(1)
    story.cluster.end_item(story.job("pick"), 1, output='{"n": 1}')
    story.tick()
    outputs = story.log("pick").outputs
    assert {"items": [{"n": 0}, {"n": 1}, None], "count": 2} == outputs


def test_an_item_that_may_not_fail_again_fails_the_task(new_story: NewStory) -> None:
    """After the retries of the others."""
    story = new_story(over(retry=retries(1, on(2, then="Fail"), seconds=0)))
    story.tick()
    ends(story, i0=2, i1=1, i2=0)
    story.pass_time(1)
    ends(story, i1=0)
    assert (Outcome.FAILED, R.ITEMS_FAILED) == (story.log("pick").outcome, story.reason("pick"))
    assert {"succeeded": "1-2", "failed": "0"} == shown(story)
    assert (False, R.FAILED) == story.told
    assert "pick failed: ItemsFailed: 1 of 3 items failed: 0 NonZeroExit" in story.status.message


def test_tolerated_failures_do_not_fail_the_task(new_story: NewStory) -> None:
    """They stay on record."""
    story = new_story(over(limit=0, each={"tolerated_failures": 1}))
    story.tick()
    ends(story, i0=0, i1=1, i2=0)
    assert Outcome.SUCCEEDED is story.log("pick").outcome
    assert {"succeeded": "0,2", "failed": "1"} == shown(story)
    assert "next" in story.run.task_runs


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("write", range(1, 14))
def test_a_crash_at_any_write_loses_and_repeats_nothing(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Each attempt has one Job, and each item runs as often as without the crash."""
    story = new_story(over(items="params.list.split(',')"))
    story.cluster.faults = {write: fault}

    def look() -> None:
        for _ in range(4):
            try:
                story.stage.look(story.run)
            except CrashError:
                story.restart()
            except TROUBLES:
                continue
        story.cluster.wait(3)

    def end(code: int, *indexes: int) -> None:
        for index in indexes:
            story.cluster.end_item(story.job("pick"), index, code)
        look()

    look()
    look()
    end(0, 0)
    end(5, 1)
    look()
    look()
    end(0, 1)
    look()
    story.tick()
    assert Outcome.SUCCEEDED is story.log("pick").outcome
    assert {"succeeded": "0-1"} == shown(story)
    assert {("pick", 1): 1, ("pick", 2): 1, ("next", 1): 1} == story.jobs_made


def test_items_of_a_deleted_job_run_again(new_story: NewStory) -> None:
    """Those that had not ended, in another attempt."""
    story = new_story(over())
    story.tick()
    ends(story, i0=0)
    story.pass_time(5)
    story.cluster.delete_job(story.run, "pick")
    story.tick()
    story.pass_time(5)
    assert {"succeeded": "0"} == shown(story)
    assert R.JOB_DELETED is story.log("pick").attempts[0].reason
    ends(story, i1=0, i2=0)
    assert Outcome.SUCCEEDED is story.log("pick").outcome


def test_a_cancelled_run_ends_the_items(new_story: NewStory) -> None:
    """What has succeeded stays on record."""
    story = new_story(over())
    story.tick()
    ends(story, i0=0)
    story.steer(DesiredState.CANCEL)
    assert (Outcome.CANCELLED, {"succeeded": "0"}) == (story.log("pick").outcome, shown(story))
    assert not story.alive


def test_a_paused_run_lets_items_end_and_tries_none_again(new_story: NewStory) -> None:
    """The next attempt waits until the run goes on."""
    story = new_story(over())
    story.tick()
    story.steer(DesiredState.PAUSE)
    ends(story, i0=0, i1=4, i2=0)
    story.pass_time(5)
    assert 1 == story.log("pick").count
    story.steer(DesiredState.RUN)
    assert {("pick", 1): 1, ("pick", 2): 1} == story.jobs_made


def test_items_that_never_start_fail_in_time(new_story: NewStory) -> None:
    """The others keep what they have."""
    story = new_story(over(limit=0, timeouts=limits(60), each={"max_parallel": 1}))
    story.tick()
    ends(story, i0=0)
    story.stall("pick", R.UNSCHEDULABLE, "0/1 nodes are available")
    story.pass_time(100)
    assert {"succeeded": "0", "failed": "1-2"} == shown(story)
    assert R.PENDING_TIMEOUT is story.log("pick").items.failures[0].reason  # type: ignore[union-attr] # it has items
    assert (Outcome.FAILED, R.ITEMS_FAILED) == (story.log("pick").outcome, story.reason("pick"))


def test_a_task_over_an_empty_list_is_skipped(new_story: NewStory) -> None:
    """It leaves no TaskRun."""
    story = new_story(over(items="params.list.split(',').filter(each, each == 'none')"))
    story.tick()
    assert {} == story.run.task_runs
    assert (2, 0) == (
        story.status.counts.skipped + story.status.counts.omitted,
        story.status.counts.failed,
    )


def test_a_list_that_is_none_fails_the_task(new_story: NewStory) -> None:
    """With the expression and what it gave."""
    story = new_story(over(items="params.list.split(',').map(each, int(each))"))
    story.tick()
    assert R.FAILED is story.told[1]
    assert "forEach.from: column" in story.status.message
