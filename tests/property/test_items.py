"""
Random items through random trouble: each runs as often as its exit codes and the limit say.

Whatever order they end in, wherever the controller's process ends, and whatever write is lost.
"""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.outcome import Outcome
from headrace.kube.errors import StaleError, UnreachableError
from support import fake_world
from support.api_stage import ApiStage
from support.builders import retries, task, workflow
from support.fake_cluster import CrashError, Fault, LostAnswerError
from support.memory_stage import MemoryStage
from support.story import Story

ASKED = os.environ.get("HEADRACE_EXAMPLES")
UNHURRIED = settings(
    max_examples=int(ASKED or "40"),
    derandomize=ASKED is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
TROUBLES: Final = (fake_world.StaleError, LostAnswerError, StaleError, UnreachableError)
STAGES = {"memory": MemoryStage, "cluster-world": ApiStage}

CODES = st.lists(
    st.lists(st.sampled_from([0, 1, 2]), min_size=3, max_size=3), min_size=1, max_size=6
)
"""By item: how its program ends in each attempt."""
FAULTS = st.dictionaries(st.integers(1, 30), st.sampled_from(Fault), max_size=5)


class Items:
    """A run over items that meets what is drawn for it."""

    def __init__(self, stage: str, codes: list[list[int]], limit: int, parallel: int) -> None:
        self.codes = codes
        self.ran: list[list[int]] = [[] for _ in codes]
        """By item: the numbers of the attempts that ran it."""
        each = ForEach(items=list(codes), max_parallel=parallel)
        pick = task("pick", for_each=each, retry=retries(limit, seconds=0))
        self.story = Story(workflow(pick, task("next", "pick")), stage=STAGES[stage]())

    def look(self) -> None:
        """Let the controller look; start it again if it ends."""
        try:
            self.story.stage.look(self.story.run)
        except CrashError:
            self.story.restart()
        except TROUBLES:
            pass

    def open_items(self) -> list[int]:
        """Return the items of the newest attempt that have a pod and have not ended."""
        record = self.story.run.task_runs.get("pick")
        if record is None or not record.jobs or not record.newest().sighting.alive:
            return []
        number, job = max(record.jobs), record.newest()
        made = [] if job.sighting.leaving else self.story.cluster.items_made(job)
        return [index for index in made if number not in self.ran[index]]

    def end_one(self, choice: int) -> None:
        """Let an item of the newest attempt end."""
        items = self.open_items()
        if items:
            index = items[choice % len(items)]
            code = self.codes[index][len(self.ran[index])]
            self.story.cluster.end_item(self.story.job("pick"), index, code)
            self.ran[index].append(max(self.story.run.task_runs["pick"].jobs))

    def to_the_end(self) -> None:
        """Let the run come to its end without further trouble."""
        self.story.cluster.faults = {}
        for step in range(200):
            self.story.tick()
            if self.story.run.log.finished is not None:
                return
            if self.open_items():
                self.end_one(step)
            elif "next" in self.story.run.task_runs:
                self.story.succeed("next")
            else:
                self.story.pass_time(30)
        raise AssertionError(f"the run does not end: {self.story.run.log}")


@pytest.mark.parametrize("stage", STAGES)
@UNHURRIED
@given(
    codes=CODES,
    bounds=st.tuples(st.integers(0, 2), st.integers(1, 6)),
    faults=FAULTS,
    steps=st.lists(st.integers(0, 9), max_size=30),
)
def test_each_item_runs_as_often_as_its_ends_and_the_limit_say(
    stage: str,
    codes: list[list[int]],
    bounds: tuple[int, int],
    faults: dict[int, Fault],
    steps: list[int],
) -> None:
    """No success runs twice, no failure is lost, and the record says what happened."""
    limit, parallel = bounds
    items = Items(stage, codes, limit, parallel)
    items.story.cluster.faults = dict(faults)
    for step in steps:
        items.end_one(step) if step < 6 else items.story.cluster.wait(step)
        items.look()
    items.to_the_end()
    runs = [(each.index(0) + 1 if 0 in each else 4) for each in codes]
    assert [min(count, limit + 1) for count in runs] == [len(ran) for ran in items.ran]
    log = items.story.log("pick")
    assert log.items is not None
    bad = [index for index, count in enumerate(runs) if count > limit + 1]
    assert bad == list(log.items.failed)
    assert len(codes) - len(bad) == len(log.items.succeeded)
    assert (Outcome.FAILED if bad else Outcome.SUCCEEDED) is log.outcome
    assert all(1 == made for made in items.story.jobs_made.values())
