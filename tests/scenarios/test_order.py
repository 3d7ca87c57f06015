"""In which order tasks start, and which never do."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import RunWhen
from headrace.engine.outcome import Outcome
from support.builders import chain, diamond, task, workflow
from support.story import NewStory


def test_a_diamond_runs_from_top_to_bottom(new_story: NewStory) -> None:
    """Each task starts when what it waits for has succeeded, not before, and the run succeeds."""
    story = new_story(diamond())

    story.tick()
    assert {"extract"} == story.alive
    story.begin("extract")
    assert {"extract"} == story.alive

    story.succeed("extract")
    assert {"left", "right"} == story.alive

    story.succeed("left")
    assert {"right"} == story.alive

    story.succeed("right")
    assert {"join"} == story.alive

    story.succeed("join")
    assert (True, Reason.SUCCEEDED) == story.told
    assert 4 == story.status.counts.succeeded


def test_the_status_remembers_which_tasks_were_started(new_story: NewStory) -> None:
    """Started tasks are kept as ranges of positions, in the run's own status."""
    story = new_story(diamond())
    story.tick()
    story.succeed("extract")
    story.pass_time(1)
    assert "0-2" == story.status.positions


@pytest.mark.parametrize(
    ("rule", "ends", "starts"),
    [
        # How many tasks upstream succeed, fail, and are left out; whether the task starts.
        ("AllSucceeded", (2, 0, 0), True),
        ("AllSucceeded", (1, 1, 0), False),
        ("AllSucceeded", (1, 0, 1), False),
        ("AllFailed", (0, 2, 0), True),
        ("AllFailed", (1, 1, 0), False),
        ("AllDone", (1, 1, 1), True),
        ("AllDoneMinOneSucceeded", (1, 1, 1), True),
        ("AllDoneMinOneSucceeded", (0, 1, 1), False),
        ("AllSkipped", (0, 0, 2), True),
        ("AllSkipped", (1, 0, 1), False),
        ("OneFailed", (1, 1, 0), True),
        ("OneFailed", (2, 0, 0), False),
        ("OneSucceeded", (1, 1, 0), True),
        ("OneSucceeded", (0, 2, 0), False),
        ("OneDone", (0, 1, 1), True),
        ("OneDone", (0, 0, 2), False),
        ("NoneFailed", (1, 0, 1), True),
        ("NoneFailed", (1, 1, 0), False),
        ("NoneFailedMinOneSucceeded", (1, 0, 1), True),
        ("NoneFailedMinOneSucceeded", (0, 0, 2), False),
        ("NoneSkipped", (1, 1, 0), True),
        ("NoneSkipped", (1, 1, 1), False),
        ("Always", (0, 1, 1), True),
    ],
)
def test_each_rule_in_a_run(
    new_story: NewStory, rule: str, ends: tuple[int, int, int], *, starts: bool
) -> None:
    """A task starts by its rule, or is left out, when the tasks upstream have ended."""
    good, bad, left_out = ends
    goods, bads = [f"good{n}" for n in range(good)], [f"bad{n}" for n in range(bad)]
    out = [f"out{n}" for n in range(left_out)]
    story = new_story(
        workflow(
            task("first"),
            *(task(name) for name in (*goods, *bads)),
            *(task(name, "first", rule="OneFailed") for name in out),
            task("judged", *goods, *bads, *out, rule=rule),
        )
    )
    story.tick()
    story.succeed("first")
    story.succeed(*goods)
    story.fail(*bads)

    assert starts == ("judged" in story.run.task_runs)
    if starts:
        story.succeed("judged")
    assert left_out + (not starts) == story.status.counts.omitted
    assert story.status.finished is not None


def test_every_rule_is_in_the_table_of_runs() -> None:
    """No rule of the API is left out of the test above."""
    (mark,) = test_each_rule_in_a_run.pytestmark  # type: ignore[attr-defined] # set by the decorator
    assert {each.value for each in RunWhen} == {case[0] for case in mark.args[1]}


@pytest.mark.parametrize("rule", ["OneFailed", "OneDone"])
def test_a_one_rule_starts_as_soon_as_one_is_enough(new_story: NewStory, rule: str) -> None:
    """It does not wait for the others."""
    story = new_story(workflow(task("a"), task("b"), task("alert", "a", "b", rule=rule)))
    story.tick()
    story.fail("a")
    assert {"b", "alert"} == story.alive


def test_always_starts_at_once(new_story: NewStory) -> None:
    """It waits for nothing, whatever stands in dependsOn."""
    story = new_story(workflow(task("a"), task("watch", "a", rule="Always")))
    story.tick()
    assert {"a", "watch"} == story.alive


def test_a_failure_leaves_out_what_needs_its_success_and_nothing_else(new_story: NewStory) -> None:
    """Branches that do not depend on it go on; the run fails and says what failed."""
    story = new_story(
        workflow(task("a"), task("b"), task("c", "a"), task("d", "c"), task("e", "b"))
    )
    story.tick()
    story.fail("a")
    story.succeed("b")
    assert {"e"} == story.alive

    story.succeed("e")
    assert (False, Reason.FAILED) == story.told
    counts = story.status.counts
    assert (2, 1, 2) == (counts.succeeded, counts.failed, counts.omitted)
    assert story.status.message.startswith("a failed: NonZeroExit: ")
    assert story.status.message.endswith("; 2 omitted (c, d)")
    assert {"a": Reason.NON_ZERO_EXIT} == story.attention()


def test_an_omission_after_a_failure_looks_failed_to_others(new_story: NewStory) -> None:
    """Who waits for the end of a broken branch can start an alert (Airflow's upstream_failed)."""
    story = new_story(workflow(task("a"), task("b", "a"), task("alert", "b", rule="OneFailed")))
    story.tick()
    story.fail("a")
    assert {"alert"} == story.alive


def test_an_omission_is_not_decided_before_it_is_sure_how_it_looks(new_story: NewStory) -> None:
    """
    A join is ruled out by a skip; a failure that comes later must not change what others saw.

    Omitted tasks have no record: their end is worked out anew each turn, so it is told only when
    nothing upstream can change it.
    """
    story = new_story(
        workflow(
            task("first"),
            task("slow"),
            task("skipped", "first", rule="OneFailed"),
            task("join", "skipped", "slow"),
            task("alert", "join", rule="OneFailed"),
        )
    )
    story.tick()
    story.succeed("first")
    story.pass_time(2)
    assert 1 == story.status.counts.omitted

    story.fail("slow")
    assert {"alert"} == story.alive


def test_a_failure_that_is_allowed_does_not_fail_the_run(new_story: NewStory) -> None:
    """It affects the outcome of the run only: what waits for the task sees the failure."""
    story = new_story(workflow(task("a", allow_failure=True), task("b", "a")))
    story.tick()
    story.fail("a")
    assert {"a": Outcome.FAILED} == story.outcomes
    assert (True, Reason.SUCCEEDED) == story.told
    assert "1 failed (a); 1 omitted (b)" == story.status.message


def test_success_is_seen_before_the_job_completes(new_story: NewStory) -> None:
    """What waits for a task starts the moment its program ended; its Job is left alone."""
    story = new_story(chain("a", "b"))
    story.tick()
    story.succeed("a")
    assert {"b"} == story.alive
    assert not story.job("a").sighting.leaving
