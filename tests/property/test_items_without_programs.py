"""
Random runs and questions of items through random trouble: each as often as its ends say.

Whatever order they end in, wherever the controller's process ends, and whatever write is lost.
"""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.outcome import Outcome
from property.test_items import CODES, FAULTS, STAGES, TROUBLES, UNHURRIED
from support.builders import asking, calls, on, param, retries, task, workflow
from support.fake_children import goes_on
from support.fake_cluster import CrashError, FakeJob, FakeRun, Fault
from support.story import Story

KINDS: Final = ("runs", "questions")
INNER: Final = workflow(task("one"), params=(param("word", default="none"),))


class Items:
    """A run with children of items that meet what is drawn for them."""

    def __init__(
        self, stage: str, kind: str, codes: list[list[int]], limit: int, parallel: int
    ) -> None:
        self.codes = codes
        self.ended: set[tuple[int, int]] = set()
        """The attempt and the index of what has ended."""
        each = ForEach(items=[str(own) for own in codes], max_parallel=parallel)
        again = retries(limit, on("Rejected", then="Retry"), seconds=0)
        if kind == "runs":
            passed = {"word": "${{ item }}"}
            pick = calls("pick", for_each=each, params=passed, retry=again)
        else:
            pick = asking("pick", message="${{ item }}?", for_each=each, retry=again)
        self.story = Story(workflow(pick, task("next", "pick")), stage=STAGES[stage]())
        self.story.stage.add_workflow("inner", INNER)

    def look(self) -> None:
        """Let the controller look at all runs; start it again if it ends."""
        for run in tuple(self.story.cluster.runs.values()):
            try:
                self.story.stage.look(run)
            except CrashError:
                self.story.restart()
            except TROUBLES:
                pass
        self.story.invariants.check(self.story.run, None, cut_off=True)

    def going_on(self) -> list[tuple[int, int]]:
        """Return the attempt and the index of what goes on and can end."""
        record = self.story.run.task_runs.get("pick")
        children = {} if record is None else record.children
        return sorted(key for key, child in children.items() if _can_end(child))

    def end_one(self, choice: int) -> None:
        """Let a run or a question of an item end."""
        there = self.going_on()
        if not there:
            return
        key = there[choice % len(there)]
        child, code = self.story.run.task_runs["pick"].children[key], self.codes[key[1]][key[0] - 1]
        if isinstance(child, FakeJob):
            self.story.cluster.answer(child, "reject" if code else "approve")
        else:
            self.story.cluster.end(child.task_runs["one"].newest(), code)
        self.ended.add(key)

    def to_the_end(self) -> None:
        """Let the run come to its end without further trouble."""
        self.story.cluster.faults = {}
        self.look()  # Writes whose answers were lost are known from now on.
        for step in range(200):
            self.story.tick_all()
            if self.story.run.log.finished is not None:
                return
            if self.going_on():
                self.end_one(step)
            elif "next" in self.story.run.task_runs:
                self.story.succeed("next")
            else:
                self.story.pass_all(1, 30)
        raise AssertionError(f"the run does not end: {self.story.run.log}")


def _can_end(child: FakeRun | FakeJob) -> bool:
    if isinstance(child, FakeJob) or not goes_on(child):
        return goes_on(child)
    one = child.task_runs.get("one")
    return one is not None and bool(one.jobs) and one.newest().sighting.alive


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", KINDS)
@UNHURRIED
@given(
    codes=CODES,
    bounds=st.tuples(st.integers(0, 2), st.integers(1, 6)),
    trouble=st.tuples(FAULTS, st.lists(st.integers(0, 9), max_size=20)),
)
def test_each_item_is_done_as_often_as_its_ends_and_the_limit_say(
    stage: str,
    kind: str,
    codes: list[list[int]],
    bounds: tuple[int, int],
    trouble: tuple[dict[int, Fault], list[int]],
) -> None:
    """Nothing is made twice, no success is done again, and the record says what happened."""
    (limit, parallel), (faults, steps) = bounds, trouble
    items = Items(stage, kind, codes, limit, parallel)
    items.story.cluster.faults = dict(faults)
    for step in steps:
        items.end_one(step) if step < 6 else items.story.cluster.wait(step)
        items.look()
    items.to_the_end()
    wanted = [(each.index(0) + 1 if 0 in each else 4) for each in codes]
    made = items.story.cluster.children_made
    assert all(count == 1 for count in made.values())
    times = [sum(1 for _, _, _, index in made if index == n) for n in range(len(codes))]
    assert [min(count, limit + 1) for count in wanted] == times
    log = items.story.log("pick")
    assert log.items is not None
    bad = [index for index, count in enumerate(wanted) if count > limit + 1]
    assert bad == list(log.items.failed)
    assert len(codes) - len(bad) == len(log.items.succeeded)
    assert (Outcome.FAILED if bad else Outcome.SUCCEEDED) is log.outcome
