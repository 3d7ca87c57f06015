"""For whose end something waits: `headrace.cluster.awaited`."""

import gc
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headrace.cluster.awaited import CROWD, LAST, Awaited
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, ObservedRun, RunKey, RunLog
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import ObservedTask, TaskLog
from support import item_sightings
from support.builders import last, task, waiting, workflow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = RunKey("default", "inventory-1")


def definition() -> Definition:
    """Return one where `load` waits for `extract`, nothing for the others, and `tidy` is last."""
    return workflow(task("extract"), task("load", "extract"), task("alone"), last("tidy"))


def run(ended: int = 0, *, total: int = LAST + 9, finished: datetime | None = None) -> ObservedRun:
    """Return a run of which so many tasks have ended."""
    log = RunLog(counts=Counts(total=total, succeeded=ended), finished=finished)
    return ObservedRun(KEY, "uid", NOON, definition(), log=log)


@pytest.mark.parametrize(
    ("seen", "task_name", "want"),
    [
        pytest.param(run(), "extract", True, id="another task waits for the task"),
        pytest.param(run(), "load", False, id="no other task waits for the task"),
        pytest.param(run(), "tidy", True, id="the task is a `finally` task"),
        pytest.param(run(9), "load", True, id="few tasks are left, and the end of the run waits"),
        pytest.param(run(8), "load", False, id="many tasks are left"),
        pytest.param(
            replace(run(), definition=None), "load", True, id="the definition is not known"
        ),
        pytest.param(run(13, finished=NOON), "load", True, id="the run has ended"),
    ],
)
def test_waits_for(seen: ObservedRun, task_name: str, want: bool) -> None:  # noqa: FBT001 - a column
    """The end of a task is looked at once if something can start by it."""
    awaited = Awaited()
    awaited.learn(seen)
    assert want == awaited.waits_for(KEY, task_name)


def test_of_a_run_that_was_not_seen_everything_is_waited_for() -> None:
    """After a restart nothing is held up."""
    assert Awaited().waits_for(KEY, "load")


def over_items(left: int) -> ObservedTask:
    """Return a task over items, of which so many have not ended."""
    ends = dict.fromkeys(range(7), 0)
    total = left + len(ends)
    sighting = item_sightings.items(ends, total=total, on=range(len(ends), total))
    return ObservedTask(TaskLog(items=ItemsLog(total)), sighting)


@pytest.mark.parametrize(
    ("left", "many", "anything"),
    [
        pytest.param(LAST, False, True, id="few items are left: each may be the last"),
        pytest.param(LAST + 1, True, True, id="the end of one may be told a little later"),
        pytest.param(CROWD, True, True, id="the last end is still to be heard at once"),
        pytest.param(CROWD + 1, True, False, id="a crowd is left: news of its pods may gather"),
    ],
)
def test_items(left: int, many: bool, anything: bool) -> None:  # noqa: FBT001 - columns
    """While many items are left, nothing starts by the end of one."""
    awaited = Awaited()
    awaited.learn(replace(run(), tasks={"extract": over_items(left)}))
    assert (many, anything) == (awaited.has_many_items(KEY, "extract"), awaited.anything)


def test_a_crowd_of_items_holds_up_no_other_task() -> None:
    """Something may start by the end of that one."""
    awaited = Awaited()
    tasks = {"tidy": over_items(CROWD + 1), "extract": ObservedTask()}
    awaited.learn(replace(run(), tasks=tasks))
    assert awaited.anything


@pytest.mark.parametrize(
    ("tasks", "want"),
    [
        pytest.param({}, False, id="no task runs"),
        pytest.param({"alone": ObservedTask()}, False, id="no task waits for the running task"),
        pytest.param(
            {"alone": ObservedTask(), "extract": ObservedTask()},
            True,
            id="a task waits for a running task",
        ),
        pytest.param(
            {"extract": ObservedTask(TaskLog(outcome=Outcome.SUCCEEDED))},
            False,
            id="the running task has ended",
        ),
        pytest.param(
            {"extract": ObservedTask(sighting=waiting(1e6))},
            False,
            id="a task waits for one that only waits: no pod will tell its end",
        ),
    ],
)
def test_anything(tasks: dict[str, ObservedTask], want: bool) -> None:  # noqa: FBT001 - a column
    """News of pods may gather while nothing can start by it."""
    awaited = Awaited()
    awaited.learn(replace(run(), tasks=tasks))
    assert want == awaited.anything


def test_what_starts_is_waited_for_until_the_next_look() -> None:
    """It may end before that, and the next task is to start at once."""
    awaited = Awaited()
    awaited.learn(run())
    awaited.starts(KEY, "extract")
    assert awaited.anything
    awaited.learn(run())
    assert not awaited.anything


def test_what_starts_is_not_waited_for_if_nothing_can_start_by_it() -> None:
    """Forty tasks at once start hundreds of events, and each would wake the process."""
    awaited = Awaited()
    seen = run()
    awaited.learn(seen)
    awaited.starts(KEY, "alone")
    assert not awaited.anything


def test_a_run_that_begins_has_all_its_tasks_before_it() -> None:
    """Its status has no counts yet; it is not about to end."""
    definition = workflow(*(task(f"t{number}") for number in range(LAST + 1)))
    awaited = Awaited()
    awaited.learn(replace(run(total=0), definition=definition))
    assert not awaited.waits_for(KEY, "t0")


def test_a_run_that_is_gone_is_forgotten() -> None:
    """Another may get its name."""
    awaited = Awaited()
    awaited.learn(run())
    awaited.forget(KEY)
    assert awaited.waits_for(KEY, "load")


def test_no_definition_is_kept_for_it() -> None:
    """A thousand runs may each have a definition of a megabyte; then everything is waited for."""
    awaited = Awaited()
    seen = run()
    awaited.learn(seen)
    assert not awaited.waits_for(KEY, "load")
    del seen
    gc.collect()
    assert awaited.waits_for(KEY, "load")
