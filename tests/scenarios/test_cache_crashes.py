"""A controller that ends, or loses an answer, at each write of a run that uses earlier results."""

import pytest

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.reasons import Reason
from support.builders import cached, last, retries, task, workflow
from support.fake_cluster import Fault
from support.story import NewStory, Story, turn

READS = EnvVar(name="ROWS", value="${{ tasks.a.outputs.rows }}")
DEFINITION = workflow(
    cached("a"),
    task("b", "a", env=(READS,)),
    cached("skipped", "b", when="tasks.b.outcome == 'Failed'"),
    cached("new", "b", key="run.name", env=(READS,), retry=retries(1, seconds=0)),
    cached("c", "new", "skipped", rule="NoneFailed", env=(READS,)),
    last("tidy"),
)
CODES = {"new": [1, 0]}


def live(story: Story, rows: int) -> None:
    """Let the run live to its end: each program gives so many rows."""
    for _ in range(100):
        turn(story)
        if story.status.finished is not None:
            return
        for name in sorted(story.alive):
            job = story.job(name)
            if job.sighting.ending is None:
                code = CODES.get(name, [0])[job.sighting.number - 1]
                story.cluster.end(job, code, output=f'{{"rows": {rows}}}')
        story.cluster.wait(3)
    raise AssertionError("the run does not end")


def second(story: Story, write: int = 0, fault: Fault | None = None) -> Story:
    """Let a first run do the work, then a second one meet a fault at one of its writes."""
    live(story, 3)
    if fault is not None:
        story.cluster.faults = {len(story.cluster.writes) + write: fault}
    story.run = story.another_run(DEFINITION, "etl-2")
    live(story, 4)
    return story


def facts(story: Story) -> object:
    """Return all that must be the same, whatever was cut off."""
    records = story.run.task_runs
    return (
        *(story.told, story.outcomes, story.jobs_made, story.status.counts),
        *(story.status.positions, {name: each.log.reason for name, each in records.items()}),
        {name: (each.log.outputs, each.log.taken_over_from) for name, each in records.items()},
        {name: records[name].env.get("ROWS") for name in ("b", "new", "c")},
    )


CALM = second(Story(DEFINITION))
FIRST = Story(DEFINITION)
live(FIRST, 3)
WRITES = len(CALM.cluster.writes) - len(FIRST.cluster.writes)
FAULTS = [
    pytest.param(write, fault, id=f"{fault.name.lower()} {write}")
    for fault in Fault
    for write in range(1, WRITES + 1)
]


def test_the_calm_story_has_what_the_others_are_compared_with() -> None:
    """Two results of the first run, among them one behind a task that ran anew."""
    assert (True, Reason.SUCCEEDED) == CALM.told
    reasons = {name: each.log.reason for name, each in CALM.run.task_runs.items()}
    hits = {name for name, reason in reasons.items() if reason is Reason.FROM_CACHE}
    assert {"a", "c"} == hits
    assert {"b", "new", "tidy"} == {task for task, _ in CALM.jobs_made}
    assert {"rows": 3} == CALM.log("c").outputs
    assert "3" == CALM.record("new").env["ROWS"]
    assert 1 == CALM.status.counts.skipped


@pytest.mark.parametrize(("write", "fault"), FAULTS)
def test_a_fault_at_any_write_changes_nothing_in_the_end(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Nothing runs twice, and a task that has a result never runs."""
    assert facts(CALM) == facts(second(new_story(DEFINITION), write, fault))


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("write", [1, 2, 3, 4, 5])
def test_a_result_that_goes_while_it_is_taken_is_taken_or_made_anew(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """The TaskRun that was created before the crash does not know how its task goes on."""
    story = new_story(DEFINITION)
    live(story, 3)
    first = story.run
    story.cluster.faults = {len(story.cluster.writes) + write: fault}
    story.run = story.another_run(DEFINITION, "etl-2")
    try:
        story.tick()
    except Exception:  # noqa: BLE001 - whatever the fault is
        story.restart()
    story.cluster.delete_run(first)
    live(story, 4)
    assert (True, Reason.SUCCEEDED) == story.told
    known = story.log("a").reason is Reason.FROM_CACHE
    assert ({"rows": 3} if known else {"rows": 4}) == story.log("a").outputs
    assert ({} if known else {("a", 1): 1}) == {
        attempt: made for attempt, made in story.jobs_made.items() if attempt[0] == "a"
    }
