"""A rerun of a part of a task: items that did not succeed, and what failed in a called run."""

from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.kube.errors import StaleError, UnreachableError
from support import fake_world
from support.builders import calls, chain, param, retries, task, workflow
from support.fake_cluster import CrashError, FakeRun, Fault, LostAnswerError
from support.story import NewStory, Story

R = Reason
TROUBLES = (fake_world.StaleError, LostAnswerError, StaleError, UnreachableError)
"""What ends a turn, and not the process."""


def over(items: str = "params.list.split(',')", **more: Any) -> Definition:
    """Return a workflow with a task over items, one before it and one after it."""
    each = task("pick", "first", for_each=ForEach(from_=items), **more)
    params = (param("list", default="x,y,z"), param("other", default="1"))
    return workflow(task("first"), each, task("next", "pick"), params=params)


def ends(story: Story, **codes: int) -> None:
    """Let items end, `i2=9` the one at index 2 with exit code 9; each that succeeds has outputs."""
    for name, code in codes.items():
        index = int(name[1:])
        output = "" if code else f'{{"of": "{story.run.key.name}", "n": {index}}}'
        story.cluster.end_item(story.job("pick"), index, code, output)
    story.tick()


def with_a_failed_item(new_story: NewStory, definition: Definition | None = None) -> Story:
    """Return the story of a run in which the item at index 1 failed."""
    story = new_story(definition or over())
    story.tick()
    story.succeed("first")
    ends(story, i0=0, i1=7, i2=0)
    assert (False, R.FAILED) == story.told
    return story


def rerun(story: Story, name: str = "etl-2", given: Any = None, **asked: Any) -> None:
    """Let somebody repeat the run, and let the controller look at the new one."""
    of = RerunOf(name=story.run.key.name, **asked)
    story.run = story.another_run(story.run.definition, name, rerun=of, given=given or {})
    story.tick()


def items(story: Story) -> dict[str, str]:
    """Return the items on record."""
    log = story.log("pick").items
    assert log is not None
    return {name: str(getattr(log, name)) for name in ("succeeded", "failed", "taken_over")}


def test_only_the_failed_items_of_a_fan_out_run_again(new_story: NewStory) -> None:
    """One Job with one item; the outputs of the others are there, and stand in order."""
    story = with_a_failed_item(new_story)
    rerun(story)
    assert [1] == story.cluster.items_made(story.job("pick"))
    assert {"succeeded": "0,2", "failed": "", "taken_over": "0,2"} == items(story)
    ends(story, i1=0)
    assert {"succeeded": "0-2", "failed": "", "taken_over": "0,2"} == items(story)
    outputs = story.log("pick").outputs
    assert outputs is not None
    assert ["etl-1", "etl-2", "etl-1"] == [each["of"] for each in outputs["items"]]
    assert "etl-1" == story.log("pick").taken_over_from
    story.succeed("next")
    assert (True, R.SUCCEEDED) == story.told


def test_a_rerun_of_a_rerun_keeps_the_items_of_both(new_story: NewStory) -> None:
    """Items taken over, items of the first rerun, and one that fails until the second."""
    story = new_story(over())
    story.tick()
    story.succeed("first")
    ends(story, i0=0, i1=7, i2=7)
    rerun(story)
    ends(story, i1=0, i2=7)
    assert (False, R.FAILED) == story.told
    rerun(story, "etl-3")
    assert [2] == story.cluster.items_made(story.job("pick"))
    ends(story, i2=0)
    outputs = story.log("pick").outputs
    assert outputs is not None
    assert ["etl-1", "etl-2", "etl-3"] == [each["of"] for each in outputs["items"]]


def test_another_list_runs_all_items(new_story: NewStory) -> None:
    """A parameter that the list reads has changed, and index 0 is another item now."""
    story = with_a_failed_item(new_story)
    rerun(story, given={"list": "a,b"})
    assert [0, 1] == story.cluster.items_made(story.job("pick"))
    assert story.log("pick").taken_over_from is None


def test_a_fan_out_that_somebody_names_runs_all_items(new_story: NewStory) -> None:
    """`from: Task` means the whole task."""
    story = with_a_failed_item(new_story)
    rerun(story, from_=RerunFrom.TASK, task="pick")
    assert [0, 1, 2] == story.cluster.items_made(story.job("pick"))


def test_a_fan_out_behind_a_repeated_task_runs_all_items(new_story: NewStory) -> None:
    """What the items read may be another thing now."""
    story = with_a_failed_item(new_story)
    rerun(story, from_=RerunFrom.TASK, task="first")
    story.succeed("first")
    assert [0, 1, 2] == story.cluster.items_made(story.job("pick"))


def test_retries_of_a_rerun_count_anew(new_story: NewStory) -> None:
    """The failures of the earlier run used up nothing of this one."""
    story = with_a_failed_item(new_story, over(retry=retries(0, seconds=0)))
    rerun(story)
    ends(story, i1=7)
    assert (Outcome.FAILED, "1") == (story.log("pick").outcome, items(story)["failed"])
    assert 1 == story.log("pick").count


def test_a_source_deleted_before_its_items_are_taken_over_fails_the_task(
    new_story: NewStory,
) -> None:
    """Otherwise items that succeeded would run twice in silence."""
    story = with_a_failed_item(new_story)
    first = story.run
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name="etl-1"))
    for _ in range(3):
        story.stage.look(story.run)
    assert "pick" not in story.run.task_runs
    story.cluster.delete_run(first)
    story.tick()
    assert {"pick": R.SOURCE_RUN_DELETED} == story.attention()
    assert "etl-1 was deleted before its part" in story.status.attention[0].message


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("write", range(1, 13))
def test_a_crash_at_any_write_repeats_no_item(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Each item that succeeded runs once in all runs together, and no output is lost."""
    story = with_a_failed_item(new_story)
    first = story.run
    story.cluster.faults = {len(story.cluster.writes) + write: fault}
    story.run = story.another_run(first.definition, "etl-2", rerun=RerunOf(name="etl-1"))
    done = False
    for _ in range(30):
        try:
            story.tick()
            if "pick" in story.run.task_runs and not done and "pick" in story.alive:
                assert [1] == story.cluster.items_made(story.job("pick"))
                done = True
                ends(story, i1=0)
            if "next" in story.alive:
                story.cluster.end(story.job("next"))
            story.pass_time(1)
        except CrashError:
            story.restart()
        except TROUBLES:
            continue
        if story.status.finished is not None:
            break
    assert (True, R.SUCCEEDED) == story.told
    assert {("pick", 1): 1, ("next", 1): 1} == story.jobs_made
    outputs = story.log("pick").outputs
    assert outputs is not None
    assert [0, 1, 2] == [each["n"] for each in outputs["items"]]


# --- parameters -------------------------------------------------------------------------------


def test_parameters_come_from_the_earlier_run_unless_they_are_given(new_story: NewStory) -> None:
    """Also in a rerun of a rerun."""
    story = with_a_failed_item(new_story)
    rerun(story, given={"other": "2"})
    ends(story, i1=7)
    rerun(story, "etl-3")
    inheritance = story.status.inheritance
    assert inheritance is not None
    assert {"other": "2"} == inheritance.given


def test_a_task_whose_expressions_read_a_changed_parameter_is_repeated(new_story: NewStory) -> None:
    """With all that waits for it: its input is another one."""
    made = workflow(
        task("a", when="params.mode != 'none'"),
        task("b", "a"),
        task("other"),
        task("bad"),
        params=(param("mode", default="all"),),
    )
    story = new_story(made)
    story.tick()
    story.succeed("a")
    story.succeed("b", "other")
    story.fail("bad")
    rerun(story, given={"mode": "some"})
    assert R.TAKEN_OVER is story.reason("other")
    assert {"a", "bad"} == story.alive


# --- called runs ------------------------------------------------------------------------------

INNER = chain("a", "b", "c")


def begun(new_story: NewStory, outer: Definition) -> Story:
    """Return a run whose task has called another one."""
    story = new_story(outer)
    story.stage.add_workflow("inner", INNER)
    story.tick_all()
    return story


def end(story: Story, run: FakeRun, name: str, code: int = 0) -> None:
    """Let a program of some run end."""
    story.cluster.end(run.task_runs[name].newest(), code)
    story.tick_all()


def test_a_retry_of_a_call_takes_over_what_succeeded(new_story: NewStory) -> None:
    """The second run begins at the task that failed."""
    story = begun(new_story, workflow(calls("call", retry=retries(1, seconds=0))))
    first = story.called("call")
    end(story, first, "a")
    end(story, first, "b", 1)
    story.pass_all(2)
    second = story.called("call")
    assert first is not second
    assert R.TAKEN_OVER is second.task_runs["a"].log.reason
    assert {"b"} == {name for name, each in second.task_runs.items() if each.jobs}
    end(story, second, "b")
    end(story, second, "c")
    story.pass_all(1)
    assert (True, R.SUCCEEDED) == story.told


def test_a_retry_of_a_deleted_call_runs_it_all(new_story: NewStory) -> None:
    """Nothing is left to take over."""
    story = begun(new_story, workflow(calls("call", retry=retries(1, seconds=0))))
    first = story.called("call")
    end(story, first, "a")
    story.cluster.delete_called(story.run, "call")
    story.pass_all(3)
    second = story.called("call")
    assert first is not second
    assert {"a"} == second.task_runs.keys()
    assert second.task_runs["a"].jobs


def test_a_rerun_of_the_calling_run_goes_on_inside_the_called_one(new_story: NewStory) -> None:
    """The new run's call takes over what succeeded in the earlier run's call."""
    story = begun(new_story, workflow(calls("call")))
    first = story.called("call")
    end(story, first, "a")
    end(story, first, "b", 1)
    assert (False, R.FAILED) == story.told
    story.run = story.another_run(
        story.run.definition, "etl-2", rerun=RerunOf(name=story.run.key.name)
    )
    story.tick_all()
    second = story.called("call")
    assert second is not first
    assert R.TAKEN_OVER is second.task_runs["a"].log.reason
    assert {"b"} == {name for name, each in second.task_runs.items() if each.jobs}
