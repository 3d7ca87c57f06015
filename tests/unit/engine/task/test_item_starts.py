"""The items that start now: `headrace.engine.task.item_starts`."""

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.course import Course, Mode
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.item_starts import AT_ONCE, items_to_start
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import (
    Attempt,
    Ending,
    SeenItems,
    Sighting,
    Stage,
    TaskLog,
)
from support.builders import at, calls, log, pause, workflow

FOUR = ForEach(items=("a", "b", "c", "d"), max_parallel=2)
MANY = ForEach(range={"count": 200})
TASKS = workflow(
    calls("call", for_each=FOUR), calls("many", for_each=MANY), pause("p", for_each=FOUR)
).tasks


def known(total: int = 4, **more: Places) -> TaskLog:
    """Return the log of a task whose attempt is open."""
    return log(Attempt(1, created=at(0)), items=ItemsLog(total, **more))


def shown(running: tuple[int, ...] = (), ended: tuple[int, ...] = (), total: int = 4) -> Sighting:
    """Return an attempt with items that go on, and items that have ended."""
    ends = {index: Ending(at(1)) for index in ended}
    seen = SeenItems(total, ends, running=Places.of(running))
    return Sighting(1, Stage.RUNNING, items=seen)


@pytest.mark.parametrize(
    ("want", "log", "sighting"),
    [
        ([0, 1], known(), shown()),
        ([1], known(), shown((0,))),
        ([], known(), shown((0, 1))),
        ([2], known(succeeded=Places.of([0])), shown((1,), (0,))),
        ([3], known(failed=Places.of([0, 2])), shown((1,), (0, 2))),
        ([2], known(), shown((1,), (0,))),
        ([1], known(succeeded=Places.of([0, 2, 3])), shown()),
    ],
    ids=[
        "none has started",
        "one goes on",
        "as many go on as may",
        "one has succeeded",
        "two have failed",
        "an end that is not on record yet",
        "the last one that is left",
    ],
)
def test_so_many_start_as_may_go_on(want: list[int], log: TaskLog, sighting: Sighting) -> None:
    """The first ones in the order of the list that have neither ended nor started."""
    assert want == list(items_to_start(TASKS["call"], log, sighting, Course(Mode.GO)))


@pytest.mark.parametrize("mode", [Mode.PAUSE, Mode.STOP, Mode.CANCEL, Mode.TERMINATE])
def test_a_run_that_starts_nothing_starts_no_item(mode: Mode) -> None:
    """Also one that goes on later."""
    assert NO_PLACES == items_to_start(TASKS["call"], known(), shown(), Course(mode))


def test_not_all_start_in_one_turn() -> None:
    """Somebody who stops the run in between is heard."""
    started = items_to_start(TASKS["many"], known(200), shown(total=200), Course(Mode.GO))
    assert Places.first(AT_ONCE) == started


def test_waits_are_never_started() -> None:
    """Their ends are known from the first moment on."""
    assert NO_PLACES == items_to_start(TASKS["p"], known(), shown(), Course(Mode.GO))
