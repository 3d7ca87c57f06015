"""What goes on beside a program that has ended well: `headrace.engine.run.companions`."""

from dataclasses import replace

import pytest

from headrace.engine.outcome import Outcome
from headrace.engine.run.companions import companions
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.engine.task.observed import ObservedTask, Sighting, TaskLog
from support.builders import at, ended, exited

CROWDED = replace(exited(0), crowded_since=at(5))
ON_RECORD = ended(Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("known", "sighting", "now", "numbers", "due"),
    [
        pytest.param(ON_RECORD, CROWDED, 34, [], 35, id="a companion has time to send its data"),
        pytest.param(
            ON_RECORD, CROWDED, 35, [1], None, id="a companion that stays too long is ended"
        ),
        pytest.param(ON_RECORD, exited(0), 99, [], None, id="no companion runs"),
        pytest.param(ON_RECORD, None, 99, [], None, id="the attempt does not exist"),
        pytest.param(TaskLog(), CROWDED, 99, [], None, id="the success is not recorded yet"),
    ],
)
def test_companions(
    known: TaskLog, sighting: Sighting | None, now: float, numbers: list[int], due: float | None
) -> None:
    """The end of an attempt is asked for when its companions have had their time."""
    tasks = {"a": ObservedTask(known, sighting)}
    run = ObservedRun(RunKey("default", "etl-1"), "uid-1", at(0), None, tasks=tasks)
    beside = companions(run)
    assert numbers == [each.number for each in beside.overstaying(at(now))]
    assert (None if due is None else at(due)) == beside.next_overstay(at(now))
