"""An attempt over items: `headrace.local.items`. Its programs are stand-ins."""

from collections.abc import Callable
from datetime import datetime
from unittest.mock import Mock

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.observed import Ending, One, Sighting, Stage
from headrace.local.items import FanOutAttempt
from headrace.local.records import AttemptRecord, ItemsRecord
from support.builders import NOON, at


class Program:
    """A program that a test ends."""

    def __init__(self, on_end: Callable[[], None], started: datetime, code: int | None) -> None:
        self.calls: list[str] = []
        self._on_end = on_end
        self._started = started
        self._code = code

    def sighting(self) -> Sighting:
        ending = None if self._code is None else Ending(at(9), One(self._code))
        return Sighting(1, Stage.RUNNING, started=self._started, ending=ending)

    def end(self, code: int = 0) -> None:
        self._code = code
        self._on_end()

    def terminate(self) -> None:
        self.calls.append("terminate")

    def kill(self) -> None:
        self.calls.append("kill")


class Programs:
    """The programs of an attempt; `before` are those of an earlier runner, by their exit code."""

    def __init__(self, **before: int | None) -> None:
        self.made: dict[int, Program] = {}
        self._before = {int(index.removeprefix("i")): code for index, code in before.items()}

    def start(self, index: int, on_end: Callable[[], None]) -> Program:
        assert index not in self.made
        self.made[index] = Program(on_end, at(index), None)
        return self.made[index]

    def find(self, index: int, on_end: Callable[[], None]) -> Program:
        if index not in self._before:
            raise FileNotFoundError
        self.made[index] = Program(on_end, at(index), self._before[index])
        return self.made[index]


def attempt(
    programs: Programs, most: int | None = None, todo: Places | None = None
) -> FanOutAttempt:
    """Return an attempt over four items."""
    items = ItemsRecord("wxyz", Places.first(4) if todo is None else todo)
    record = AttemptRecord("each", 1, NOON, "64Mi", items=items)
    return FanOutAttempt(record, programs, most, Mock())  # type: ignore[arg-type] - stand-ins


def shown(each: FanOutAttempt) -> tuple[Stage, bool, str, list[int]]:
    """Return stage, whether it is alive, which items run, and which have ended."""
    sighting = each.sighting()
    assert sighting.items is not None
    items = sighting.items
    return sighting.stage, sighting.alive, str(items.running), sorted(items.ended)


def test_items_start_when_they_are_let() -> None:
    """In the order of the list, and no more at a time than the task allows."""
    programs = Programs()
    each = attempt(programs, most=2)
    assert ((Stage.STARTING, True, "", []), 2) == (shown(each), each.wanted)

    each.start(2)
    assert ((Stage.RUNNING, True, "0-1", []), 0) == (shown(each), each.wanted)

    programs.made[0].end()
    assert ((Stage.RUNNING, True, "1", [0]), 1) == (shown(each), each.wanted)

    each.start(1)
    for index in (1, 2):
        programs.made[index].end(3)
    assert (Stage.RUNNING, True, "", [0, 1, 2]) == shown(each), "one is between two items"

    each.start(1)
    programs.made[3].end()
    assert (Stage.ENDED, False, "", [0, 1, 2, 3]) == shown(each)
    sighting = each.sighting()
    assert (at(0), None, "64Mi") == (sighting.started, sighting.ending, sighting.memory)


def test_a_later_attempt_runs_what_is_left() -> None:
    """An item is known by its place in the whole list."""
    programs = Programs()
    each = attempt(programs, todo=Places.of([1, 3]))
    each.start(each.wanted)

    assert (Stage.RUNNING, True, "1,3", []) == shown(each)
    assert 4 == getattr(each.sighting().items, "total", None)


def test_a_change_is_told_and_an_old_sighting_stays() -> None:
    """A sighting is a value."""
    programs = Programs()
    each = attempt(programs)
    each.start(1)
    before = each.sighting()

    programs.made[0].end()

    assert before.items is not None
    assert ({}, "0") == (dict(before.items.ended), str(before.items.running))
    assert before != each.sighting()
    assert each.sighting().items is each.sighting().items, "nothing changed in between"


def test_another_runner_goes_on() -> None:
    """It takes over what was started; the rest starts, unless the log says that it has ended."""
    each = attempt(programs := Programs(i0=0, i1=None))
    each.find(Places.of([1, 3]), narrow=False)

    assert (Stage.RUNNING, True, "1", [0]) == shown(each)
    each.start(each.wanted)
    assert {0, 1, 3} == programs.made.keys()


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_no_item_starts_after_the_end(how: str) -> None:
    """What runs is told; what never ran ends with the attempt, once nothing of it runs."""
    programs = Programs()
    each = attempt(programs)
    each.start(2)

    getattr(each, how)()
    getattr(each, how)()

    assert [[how, how]] * 2 == [program.calls for program in programs.made.values()]
    assert 0 == each.wanted
    sighting = each.sighting()
    assert (True, True, None) == (sighting.alive, sighting.leaving, sighting.ending)
    for program in programs.made.values():
        program.end(143)
    sighting = each.sighting()
    assert sighting.ending is not None
    assert (Stage.ENDED, False) == (sighting.stage, sighting.alive)
    assert Reason.INTERRUPTED is sighting.ending.reason


def test_an_attempt_whose_items_all_ran_has_no_end_of_its_own() -> None:
    """Also if it was asked to end: each item has its own."""
    programs = Programs()
    each = attempt(programs, todo=Places.of([2]))
    each.start(1)
    each.terminate()
    programs.made[2].end(143)

    assert each.sighting().ending is None


def test_another_runner_starts_no_more_items_at_once_than_run() -> None:
    """Their pool may have had less room than the task could use."""
    each = attempt(programs := Programs(i0=None, i1=0))
    each.find(Places.of([0, 1, 3]), narrow=True)

    assert (0, 1) == (each.wanted, each.width)
    programs.made[0].end()
    each.start(each.wanted)
    assert ({0, 1, 3}, 0) == (programs.made.keys(), each.wanted)
