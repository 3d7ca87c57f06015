"""What a run's turn waits for: `headrace.loop.runs`."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from headrace.engine.room import Claim
from headrace.engine.run.decide import Decision
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import Action, EndAttempt
from headrace.engine.task.observed import TaskLog
from headrace.loop.runs import Runs
from support.builders import start, task, workflow

KEY = RunKey("default", "etl-1")
TASKS = workflow(task("a"), task("b")).tasks
A, B = start(TASKS["a"], 1), start(TASKS["b"], 1)
END = EndAttempt("c", 1)


class Diary:
    """A world that writes down what it is asked for."""

    def __init__(self) -> None:
        self.lines: list[object] = []

    async def observe(self, key: RunKey) -> ObservedRun | None:
        raise AssertionError(key)

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        self.lines.append((key, *claims))

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        assert KEY == key
        self.lines.append(("log", *records))

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        assert KEY == key
        self.lines.append(("apply", *actions))

    async def record(self, key: RunKey, status: RunLog) -> None:
        assert (KEY, RunLog()) == (key, status)
        self.lines.append("record")


def turned(decision: Decision, *, given_more: bool = False) -> list[object]:
    """Return what a turn with this decision asks for, after its claims."""
    diary = Diary()
    runs = Runs(diary, lambda _: given_more)

    async def act() -> None:
        await runs.apply(KEY, decision)
        await runs.record(KEY, decision)

    asyncio.run(act())
    return diary.lines[1:]


def test_all_actions_come_after_the_logs() -> None:
    """Also those that rely on no log: one that cannot be written says that the decision is old."""
    decision = Decision({"c": TaskLog()}, (A, B, END))
    assert [("log", "c"), ("apply", A, B, END)] == turned(decision)


@pytest.mark.parametrize(
    ("waits", "given_more", "want"),
    [
        pytest.param(True, True, [], id="counts, while a slot waits for the next turn"),
        pytest.param(True, False, ["record"], id="counts, and no slot waits"),
        pytest.param(False, True, ["record"], id="more than counts"),
    ],
)
def test_counts_are_written_later_while_a_slot_waits(
    *, waits: bool, given_more: bool, want: list[object]
) -> None:
    """The slot is idle until this turn has ended."""
    decision = Decision(status=RunLog(), status_waits=waits)
    assert want == turned(decision, given_more=given_more)


def test_ends_that_a_start_relies_on_are_written_although_a_slot_waits() -> None:
    """They come before the start."""
    decision = Decision(actions=(A,), status=RunLog(), status_first=True)
    assert ["record", ("apply", A)] == turned(decision, given_more=True)
