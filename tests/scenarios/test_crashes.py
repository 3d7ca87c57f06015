"""A controller that ends, or loses an answer, at each of its writes."""

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.outcome import Outcome
from support.builders import last, pause, retries, task, workflow
from support.fake_cluster import CrashError, Fault
from support.story import NewStory, Story, turn

VARIABLE = EnvVar(name="X", value="${{ tasks.extract.outcome }}")
DEFINITION = workflow(
    task("extract", retry=retries(1, seconds=0)),
    task("left", "extract"),
    task("right", "extract"),
    task("join", "left", "right", rule="AllDone"),
    task("alert", "left", "right", rule="OneFailed"),
    task("skipped", "right", rule="AllDone", when="tasks.right.outcome == 'Succeeded'"),
    task("after", "skipped", rule="AllSkipped"),
    task("wrong", "left", when="tasks.left.outputs.rows > 0", allow_failure=True),
    task("given", "left", env=(VARIABLE,), retry=retries(1, seconds=0)),
    pause("rest", "left", seconds=5),
    pause("rested", "rest", until="run.logicalTime"),
    task("awake", "rested"),
    last("tidy"),
)
CODES = {
    "extract": [1, 0],
    "given": [1, 0],
    "right": [1],
    **{name: [0] for name in ("left", "join", "alert", "after", "awake", "tidy")},
    "rest": [],
    "rested": [],
}
"""How each attempt ends."""


def live(story: Story, codes: dict[str, list[int]]) -> None:
    """Let the run live to its end: what is there ends as planned, oldest first."""
    for _ in range(100):
        turn(story)
        if story.status.finished is not None:
            return
        for name in sorted(story.alive):
            job = story.job(name)
            if job.sighting.ending is None:
                story.cluster.end(job, codes[name][job.sighting.number - 1])
        story.cluster.wait(3)
    raise AssertionError("the run does not end")


def unperturbed() -> Story:
    """Return the story without a fault."""
    story = Story(DEFINITION)
    live(story, CODES)
    return story


CALM = unperturbed()
FAULTS = [
    pytest.param(write, fault, id=f"{fault.name.lower()} {write}")
    for fault in Fault
    for write in range(1, len(CALM.cluster.writes) + 1)
]


def test_the_calm_story_has_what_the_others_are_compared_with() -> None:
    """A retry, a failure, an alert, a skipped task, one without a value, waits, a tidy-up task."""
    assert (False, Reason.FAILED) == CALM.told
    assert [1, 0] == [each.progress.exit_code for each in CALM.log("extract").attempts]
    assert CODES.keys() == CALM.outcomes.keys()
    assert (1, 2) == (CALM.status.counts.skipped, CALM.status.counts.failed)
    assert "Succeeded" == CALM.record("given").env["X"]
    assert Outcome.FAILED == CALM.outcomes["right"]


@pytest.mark.parametrize(("write", "fault"), FAULTS)
def test_a_fault_at_any_write_changes_nothing_in_the_end(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Same outcomes, same attempts, each Job made once: whatever was cut off goes on."""
    story = new_story(DEFINITION)
    story.cluster.faults = {write: fault}
    live(story, CODES)
    assert CALM.told == story.told
    assert CALM.outcomes == story.outcomes
    assert CALM.status.counts == story.status.counts
    assert CALM.status.positions == story.status.positions
    assert CALM.jobs_made == story.jobs_made
    assert CALM.record("given").env == story.record("given").env


@pytest.mark.parametrize("write", range(1, 12))
@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_a_fault_while_a_run_is_cancelled_leaves_nothing_running(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """What was to be ended is ended by whoever comes after."""
    story = new_story(DEFINITION)
    turn(story)
    story.cluster.end(story.job("extract"), 1)
    turn(story)
    story.cluster.end(story.job("extract"), 0)
    turn(story)
    story.cluster.faults = {len(story.cluster.writes) + write: fault}
    story.cluster.steer(story.run, DesiredState.CANCEL)
    live(story, CODES)
    assert (False, Reason.CANCELLED) == story.told
    assert set() == story.alive
    assert [Outcome.CANCELLED] * 2 == [story.outcomes[name] for name in ("left", "right")]


def test_a_run_that_began_and_could_not_say_so_is_cancelled_like_any_other(
    new_story: NewStory,
) -> None:
    """A crash before the first status: what runs is ended as cancelled, and `finally` runs."""
    story = new_story(workflow(task("a"), last("tidy")))
    story.decision()  # The definition is kept by now.
    story.cluster.faults = {len(story.cluster.writes) + 3: Fault.CRASH_BEFORE}
    with pytest.raises(CrashError, match="status"):
        story.tick()
    story.restart()
    story.cluster.begin(story.job("a"))
    story.steer(DesiredState.CANCEL)
    story.succeed("tidy")
    assert (False, Reason.CANCELLED) == story.told
    assert "desiredState is Cancel; 1 cancelled (a)" == story.status.message
    assert {"a": Outcome.CANCELLED, "tidy": Outcome.SUCCEEDED} == story.outcomes


def test_a_controller_that_ends_at_every_write_gets_there_all_the_same(new_story: NewStory) -> None:
    """Each life of the process makes one step."""
    story = new_story(DEFINITION)
    story.cluster.faults = dict.fromkeys(range(1, 1000), Fault.CRASH_AFTER)
    live(story, CODES)
    assert CALM.outcomes == story.outcomes
    assert CALM.jobs_made == story.jobs_made
