"""A controller that ends, or loses an answer, at each of its writes, over a run in a pool."""

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from support.builders import last, retries, task, workflow
from support.fake_cluster import Fault
from support.story import NewStory, Story, turn

POOL, SLOTS, ITEMS = "db", 2, 3
DEFINITION = workflow(
    task("a", pool=POOL, retry=retries(1, seconds=0)),
    task("b", pool=POOL, priority=1),
    task("c", pool=POOL, pool_slots=2),
    task("d", "b", pool=POOL),
    task("each", "a", pool=POOL, for_each=ForEach(items=list(range(ITEMS)))),
    last("tidy", pool=POOL),
)
CODES = {"a": [1, 0], "b": [0], "c": [0], "d": [0], "tidy": [0]}
"""How each attempt ends. The items of `each` all end well."""


def live(story: Story) -> None:
    """Let the run live to its end, and compare the count of slots with what runs at each step."""
    story.cluster.set_pool(POOL, SLOTS)
    ended: set[int] = set()
    for _ in range(100):
        turn(story)
        runs = held(story, len(ended))
        assert runs == story.stage.held(POOL)
        assert runs <= SLOTS
        if story.status.finished is not None:
            return
        for name in sorted(story.alive):
            if name == "each":
                end_item(story, ended)
            elif story.job(name).sighting.ending is None:
                job = story.job(name)
                story.cluster.end(job, CODES[name][job.sighting.number - 1])
        story.cluster.wait(3)
    raise AssertionError("the run does not end")


def held(story: Story, ended: int) -> int:
    """Return the slots of what runs, when so many items have ended."""
    slots = {"c": 2, "each": min(SLOTS, ITEMS - ended)}
    return sum(slots.get(name, 1) for name in story.alive)


def end_item(story: Story, ended: set[int]) -> None:
    """Let the first item end that has not ended, if its pod is there."""
    job, index = story.job("each"), len(ended)
    if index in story.cluster.items_made(job):
        story.cluster.end_item(job, index)
        ended.add(index)


def unperturbed() -> Story:
    """Return the story without a fault."""
    story = Story(DEFINITION)
    live(story)
    return story


CALM = unperturbed()
FAULTS = [
    pytest.param(write, fault, id=f"{fault.name.lower()} {write}")
    for fault in Fault
    for write in range(1, len(CALM.cluster.writes) + 1)
]


def test_the_calm_story_runs_everything() -> None:
    """A retry, a task of two slots, three items, a task after the others."""
    assert (True, Reason.SUCCEEDED) == CALM.told
    assert {*CODES, "each"} == CALM.outcomes.keys()


@pytest.mark.parametrize(("write", "fault"), FAULTS)
def test_a_fault_at_any_write_leaks_no_slot_and_gives_none_twice(
    new_story: NewStory, write: int, fault: Fault
) -> None:
    """Never above the slots, the count is what runs, and the end is the same."""
    story = new_story(DEFINITION)
    story.cluster.faults = {write: fault}
    live(story)
    assert CALM.told == story.told
    assert CALM.jobs_made == story.jobs_made
    assert 0 == story.stage.held(POOL)


def test_a_controller_that_ends_at_every_write_leaks_no_slot(new_story: NewStory) -> None:
    """Each life of the process knows nothing of the one before."""
    story = new_story(DEFINITION)
    story.cluster.faults = dict.fromkeys(range(1, 1000), Fault.CRASH_AFTER)
    live(story)
    assert CALM.jobs_made == story.jobs_made
    assert 0 == story.stage.held(POOL)
