"""Tasks that end without a TaskRun: the run's own status remembers them, however many they are."""

from contextlib import suppress
from dataclasses import replace

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.run.status import MAX_ATTENTION
from support.builders import task, workflow
from support.fake_cluster import CrashError, Fault
from support.story import NewStory, in_memory_only

DENIED = (Reason.ADMISSION_DENIED, "a webhook says no")
MANY = MAX_ATTENTION + 1


@pytest.mark.parametrize("refused", [MAX_ATTENTION, MANY])
def test_any_number_of_refused_tasks_may_be_allowed_to_fail(
    new_story: NewStory, refused: int
) -> None:
    """One more than `attention` has room for is told from a deleted TaskRun like the others."""
    names = [f"t{n}" for n in range(refused)]
    story = new_story(workflow(*(task(name, allow_failure=True) for name in names), task("slow")))
    story.cluster.no_task_runs |= dict.fromkeys(names, DENIED)
    story.tick()
    story.pass_time(5)
    story.restart()
    story.pass_time(5)
    assert (refused, MAX_ATTENTION) == (story.status.counts.failed, len(story.attention()))
    story.succeed("slow")
    assert (True, Reason.SUCCEEDED) == story.told


def test_a_refusal_after_many_failures_is_still_a_refusal(new_story: NewStory) -> None:
    """`attention` is full of others, and is not where the engine keeps what it knows."""
    names = [f"t{n}" for n in range(MAX_ATTENTION)]
    story = new_story(
        workflow(
            *(task(name, allow_failure=True) for name in names),
            *(task("z", allow_failure=True), task("slow")),
        )
    )
    story.cluster.no_task_runs["z"] = DENIED
    story.tick()
    story.fail(*names)
    story.restart()
    story.pass_time(5)
    story.succeed("slow")
    assert (True, Reason.SUCCEEDED) == story.told


def test_the_run_ends_with_the_words_of_a_refusal_that_attention_has_no_room_for(
    new_story: NewStory,
) -> None:
    """The first task that may not fail is to blame, wherever it stands."""
    names = [f"t{n}" for n in range(MAX_ATTENTION)]
    story = new_story(
        workflow(*(task(name, allow_failure=True) for name in names), task("z"), task("slow"))
    )
    story.cluster.no_task_runs["z"] = DENIED
    story.tick()
    story.fail(*names)
    story.pass_time(5)
    story.restart()
    story.succeed("slow")
    assert (False, Reason.FAILED) == story.told
    assert "a webhook says no; no retry can help" in story.status.message


def test_a_refusal_is_on_record_before_the_second_is_over(new_story: NewStory) -> None:
    """Nothing else would tell it after a crash, and an outcome must not change."""
    story = new_story(workflow(task("a"), task("b")))
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    del story.cluster.no_task_runs["a"]
    story.restart()
    story.pass_time(60)
    assert {"b"} == story.run.task_runs.keys()


@pytest.mark.parametrize("write", range(1, 6))
def test_nothing_starts_upon_an_end_that_a_crash_could_lose(
    new_story: NewStory, write: int
) -> None:
    """A refusal is on record before another task starts because of it, and it stays."""
    story = new_story(workflow(task("a"), task("b", "a", rule="AllFailed")))
    story.cluster.no_task_runs["a"] = DENIED
    story.cluster.faults = {write: Fault.CRASH_AFTER}
    with suppress(CrashError):
        story.tick()
        story.pass_time(2)
    del story.cluster.no_task_runs["a"]
    story.restart()
    story.pass_time(60)
    started = {"b"} if story.status.counts.failed else {"a"}
    assert started == story.run.task_runs.keys()


@in_memory_only("it writes into the status")
def test_nothing_is_decided_by_what_people_are_shown(new_story: NewStory) -> None:
    """The list that has room for twenty tasks may be lost: the run ends in the same way."""
    story = new_story(workflow(task("a"), task("b", "a"), task("slow")))
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    story.run.log = story.run.told = replace(story.status, attention=())
    story.restart()
    story.succeed("slow")
    assert (False, Reason.FAILED) == story.told
    assert {"a": Reason.ADMISSION_DENIED} == story.attention()
    assert (
        "a failed: AdmissionDenied: a webhook says no; no retry can help; 1 omitted (b)"
        in story.status.message
    )


@in_memory_only("it writes into the status")
def test_a_run_that_an_older_controller_began_goes_on(new_story: NewStory) -> None:
    """Its status has no marks: what was left out is put on record, and refusals stay."""
    story = new_story(workflow(task("a"), task("b", "a"), task("slow")))
    story.cluster.no_task_runs["a"] = DENIED
    story.tick()
    old = replace(story.status, positions="0,2", marks=None)
    story.run.log = story.run.told = old
    del story.cluster.no_task_runs["a"]
    story.restart()
    story.pass_time(5)
    assert ["0", "1"] == [mark.positions for mark in story.status.marks or ()]
    story.succeed("slow")
    assert (False, Reason.FAILED) == story.told
    assert {"slow"} == story.run.task_runs.keys()


def test_what_was_left_out_stays_on_record(new_story: NewStory) -> None:
    """Also after a restart, and when everything upstream is long over."""
    story = new_story(workflow(task("a"), *(task(f"t{n}", "a") for n in range(50)), task("slow")))
    story.tick()
    story.fail("a")
    story.pass_time(5)
    (mark,) = story.status.marks or ()
    assert (Reason.UPSTREAM_FAILED, "", "1-50") == (mark.reason, mark.message, mark.positions)
    writes = len(story.cluster.writes)
    story.restart()
    story.pass_time(600)
    assert writes == len(story.cluster.writes)
    assert (50, 1) == (story.status.counts.omitted, story.status.counts.failed)
