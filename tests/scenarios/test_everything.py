"""A run with a task of every kind, whose controller ends or loses an answer at each write."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from scenarios.conftest import STAGES
from support.everything import OUTPUTS, Everything, summary
from support.fake_cluster import Fault
from support.story import Story


@contextmanager
def begun(stage: str) -> Iterator[Everything]:
    """Let somebody create the run."""
    made = STAGES[stage]()
    yield Everything.begun(partial(Story, stage=made))
    made.close()


@cache
def calm(stage: str) -> tuple[dict[str, Any], int]:
    """Return the end of a run that meets no trouble, and how many writes it takes."""
    with begun(stage) as everything:
        everything.live()
        return summary(everything), len(everything.story.cluster.writes)


def faults(stage: str, write: int) -> list[Fault]:
    """
    Return what goes wrong with a write: one thing in memory and another over the API, in turn.

    On each stage, three writes in a row meet three different things; the stages differ.
    HEADRACE_ALL_CRASH_POINTS lets all things go wrong on both stages, as `make sweep` does.
    """
    kinds = list(Fault)
    if os.environ.get("HEADRACE_ALL_CRASH_POINTS"):
        return kinds
    return [kinds[(write + list(STAGES).index(stage)) % len(kinds)]]


FAULTS = [
    pytest.param(stage, write, fault, id=f"{stage}, {fault.name.lower()} {write}")
    for stage in STAGES
    for write in range(1, calm(stage)[1] + 1)
    for fault in faults(stage, write)
]


def test_the_calm_run_has_what_the_others_are_compared_with() -> None:
    """Retries of a task, an item and a called run; two sorts of skips; outputs of all of them."""
    want, got = calm("memory")[0], calm("cluster-world")[0]
    assert {"lists"} == {part for part in got if got[part] != want[part]}
    assert Counter({1: 1}) == got["lists"]
    run, tasks = want["runs"]["outer"]["told"], want["runs"]["outer"]["tasks"]
    assert (True, Reason.SUCCEEDED, OUTPUTS) == (*run[:2], run[-1])
    started = {"list", "each", "yes", "unless", "call", "rest", "ask", "publish", "tidy"}
    started |= {"shops", "naps", "polls"}
    assert dict.fromkeys(started, Outcome.SUCCEEDED) == {
        name: end[0] for name, end in tasks.items()
    }
    shops = {"shops/1/0", "shops/1/1", "shops/1/2", "shops/2/1"}
    assert {"outer", "call/1", "call/2", *shops} == want["runs"].keys()
    assert {"shops": 4, "polls": 3} == Counter(name for name, *_ in want["children"])
    assert {1} == set(want["children"].values())
    again = {task for run, task, number in want["made"] if run == "outer" and number > 1}
    assert {"list", "each", "call"} == again


@pytest.mark.parametrize(("stage", "write", "fault"), FAULTS)
def test_a_fault_at_any_write_changes_nothing_in_the_end(
    stage: str, write: int, fault: Fault
) -> None:
    """Same ends and outputs; no Job, run, question or list of items is made twice."""
    with begun(stage) as everything:
        everything.story.cluster.faults = {write: fault}
        everything.live()
        assert calm(stage)[0] == summary(everything)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", [Fault.CRASH_AFTER, Fault.ANSWER_LOST])
def test_a_fault_at_every_write_changes_nothing_in_the_end(stage: str, fault: Fault) -> None:
    """Each life of the process makes one step, or each answer is lost."""
    with begun(stage) as everything:
        everything.story.cluster.faults = dict.fromkeys(range(1, 2000), fault)
        everything.live()
        assert calm(stage)[0] == summary(everything)
