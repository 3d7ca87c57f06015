"""
Three workflows that follow each other, whose controller is struck at some of its writes.

The API server in memory is struck at every write: `tests/scenarios/test_trigger_chain.py`. Here is
a sample on a real one; HEADRACE_ALL_CRASH_POINTS strikes at each write here too.
"""

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.story import Story, condition, shell, task
from cluster.strikes import Faults, struck
from support.fault_proxy import Fate, passing

pytestmark = pytest.mark.cluster

LONGEST = 240.0
"""Seconds after which a test gives up waiting for the last run."""
WRITES = 36
"""So many writes, about, a controller makes of the chain."""
POINTS = range(1, WRITES + 1) if os.environ.get("HEADRACE_ALL_CRASH_POINTS") else (12, 16, 27, 31)
STRIKES = [
    (point, (Fate.STRIKE_BEFORE, Fate.STRIKE_AFTER)[place % 2])
    for place, point in enumerate(POINTS)
]
ROWS = shell('echo "{\\"rows\\": 7}" > $HEADRACE_OUTPUTS')


@pytest.fixture(scope="module")
def faults(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """Return a namespace whose controller can be struck."""
    with struck(shared_stage, tmp_path_factory.mktemp("chain")) as faults:
        yield faults


def chain(mark: str) -> list[str]:
    """Return the names of the three workflows."""
    return [f"{place}-{mark}" for place in ("first", "second", "third")]


def live(faults: Faults, mark: str, strike: threading.Event | None = None) -> None:
    """Apply the workflows, let the chain live to its end, start another controller if need be."""
    names = chain(mark)
    rows = {"name": "rows", "expression": "tasks.count.outputs.rows * 2"}
    given = {"name": "rows", "type": "Integer", "default": 0}
    for before, name in reversed(list(pairwise(names))):
        after = {"name": before, "paramsFrom": [{"name": "rows", "output": "rows"}]}
        faults.story.workflow(
            *(name, task("count", ROWS)),
            params=[given],
            outputs=[rows],
            triggers=[{"workflow": after}],
        )
    faults.story.workflow(names[0], task("count", ROWS), outputs=[rows])
    strikes = [] if strike is None else [strike]

    def look() -> bool:
        if strikes and strikes[0].is_set():
            strikes.clear()
            faults.go_on()
        last = runs_of(faults.story, names[-1])
        return any(faults.over(run["metadata"]["name"]) for run in last)

    faults.story.until(f"the end of {names[-1]}", look, LONGEST)
    if strikes and strikes[0].is_set():
        faults.go_on()
    faults.proxy.decide = passing


def runs_of(story: Story, workflow: str) -> list[Manifest]:
    """Return the runs of a workflow."""
    return [run for run in story.all("workflowrun") if run["spec"]["workflow"] == workflow]


def is_as_without(story: Story, mark: str) -> None:
    """Check that each workflow ran once, with the outputs of the one before."""
    before: dict[str, Any] = {}
    for depth, name in enumerate(chain(mark)):
        (run,) = runs_of(story, name)
        told = story.ended(run["metadata"]["name"])
        assert "True" == condition(told)["status"], story.row("workflowrun", name)
        assert {"rows": 14} == told["status"]["outputs"]
        if depth:
            assert [{"name": "rows", "value": 14}] == run["spec"]["params"]
            by = run["spec"]["triggeredBy"]
            assert (before["uid"], depth) == (by["uid"], by["depth"])
        before = run["metadata"]
        assert 1 == len(story.of_run("taskrun", before["name"]))
        assert 1 == len(story.of_run("job", before["name"]))


@pytest.mark.parametrize(("point", "fate"), STRIKES)
def test_a_controller_struck_at_a_write_starts_each_workflow_once(
    faults: Faults, point: int, fate: Fate
) -> None:
    """Before the write, or after it and before its answer."""
    live(faults, str(point), faults.strike_at(point, fate))
    is_as_without(faults.story, str(point))


def test_every_answer_to_a_write_that_gets_lost_is_harmless(faults: Faults) -> None:
    """Each write is tried again, meets what the first try did, and starts nothing twice."""
    tries = faults.lose_first_answers()
    live(faults, "lost")
    is_as_without(faults.story, "lost")
    assert WRITES // 3 <= len(tries)  # Those of one object count once.
