"""Attempts that go on at a time, where a world has a limit: `headrace.engine.run.slots`."""

from dataclasses import replace

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import ObservedRun, RunKey, Slots
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import ObservedTask
from support.builders import (
    at,
    exited,
    failed,
    log,
    pause,
    retries,
    running,
    task,
    waiting,
    workflow,
)
from support.item_sightings import items

FULL = "all slots are taken"


def with_slots(total: int, **seen: ObservedTask) -> ObservedRun:
    """Return a run of four tasks that wait for nothing; `a` may fail once."""
    definition = workflow(task("a", retry=retries(1)), task("b"), task("c"), task("d"))
    key, slots = RunKey("default", "etl-1"), Slots(total, FULL)
    return ObservedRun(key, "uid-1", at(0), definition, tasks=seen, slots=slots)


def starts(observed: ObservedRun) -> list[str]:
    """Return the tasks that are started."""
    actions = decide(observed, at(60)).actions
    return [action.task for action in actions if isinstance(action, StartAttempt)]


RUNS = ObservedTask(sighting=running())
OVER = ObservedTask(sighting=exited(0))
LINGERS = ObservedTask(log(failed()), exited(0, number=2, alive=True), frozenset({1}))
AGAIN = ObservedTask(log(failed(), user_failures=1), exited(1))


FOUR_ITEMS = ObservedTask(sighting=items(total=9, on=range(4)))
BETWEEN_ITEMS = ObservedTask(sighting=items({0: 0}))


@pytest.mark.parametrize(
    ("total", "seen", "want"),
    [
        pytest.param(3, {}, ["a", "b", "c"], id="tasks start in the order of the definition"),
        pytest.param(9, {}, ["a", "b", "c", "d"], id="more slots than tasks hold nobody back"),
        pytest.param(2, {"c": RUNS}, ["a"], id="an attempt that runs has a slot"),
        pytest.param(2, {"c": OVER}, ["a", "b"], id="an attempt that has ended has none"),
        pytest.param(3, {"c": LINGERS}, ["a"], id="what lingers of an attempt has a slot"),
        pytest.param(1, {"c": RUNS, "d": RUNS}, [], id="fewer slots than attempts start nothing"),
        pytest.param(5, {"c": FOUR_ITEMS}, ["a"], id="each item that runs has a slot"),
        pytest.param(2, {"c": BETWEEN_ITEMS}, ["a"], id="a slot is kept for the next item"),
        pytest.param(1, {"a": AGAIN}, ["a"], id="a task that was tried before comes first"),
    ],
)
def test_no_more_attempts_start_than_have_a_slot(
    total: int, seen: dict[str, ObservedTask], want: list[str]
) -> None:
    """The attempts that go on count, whichever task they are of."""
    assert want == starts(with_slots(total, **seen))


def test_without_a_limit_all_tasks_start() -> None:
    """A cluster has no slots of its own."""
    assert ["a", "b", "c", "d"] == starts(replace(with_slots(1), slots=None))


def test_a_retry_without_a_slot_says_so_in_the_log_of_its_task() -> None:
    """Its attempt before is on record, and the task waits."""
    observed = with_slots(1, a=AGAIN, b=RUNS)
    told = decide(observed, at(60)).records["a"]
    assert (Reason.WAITING_FOR_SLOT, FULL, 1) == (told.reason, told.message, told.count)


def test_a_wait_takes_no_slot_and_needs_none() -> None:
    """Nothing runs of it."""
    definition = workflow(pause("p"), task("a"), pause("q"), task("b"))
    seen = {"q": ObservedTask(sighting=waiting(1e6))}
    run = replace(with_slots(1), definition=definition, tasks=seen)
    assert ["p", "a"] == starts(run)
