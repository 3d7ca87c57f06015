"""The world of this machine, in what the contract of all worlds leaves open."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli.rows import rows
from headrace.engine.outcome import Outcome
from headrace.engine.task.actions import EndAttempt
from headrace.engine.task.observed import Sighting, Stage
from headrace.local.store import Store, UnusableStateError
from support.builders import pause, retries, spec, task
from support.local_world import LocalRig, fields

Make = Callable[..., LocalRig]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[LocalRig] = []

    def build(
        workflow: WorkflowSpec, slots: int | None = None, *, no_wait: bool = False
    ) -> LocalRig:
        made.append(LocalRig(tmp_path, workflow, slots, no_wait=no_wait))
        return made[-1]

    yield build
    for rig in made:
        await rig.close()


def several(count: int) -> WorkflowSpec:
    return spec(*(task(f"t{number}", **fields()) for number in range(count)))


def alive(rig: LocalRig) -> Awaitable[set[str]]:
    async def names() -> set[str]:
        return {name for name, each in (await rig.sightings()).items() if each and each.alive}

    return names()


async def for_ever(rig: LocalRig) -> None:
    while True:
        await rig.world.change(None)


async def test_tasks_wait_for_a_slot_and_say_so(make: Make) -> None:
    """No more attempts run than there are slots; the others are not attempts yet."""
    rig = make(several(3), slots=2)

    await rig.look()
    await rig.look()

    assert {"t0", "t1"} == await alive(rig)
    run = await rig.observed()
    waiting = next(row for row in rows(run, run.created) if row.task == "t2")
    assert ("WaitingForSlot", "all 2 slots are taken (--max-parallel)") == (
        *(waiting.status, waiting.message),
    )
    assert "t2" not in run.tasks


async def test_a_free_slot_goes_to_the_next_task(make: Make) -> None:
    """One slot becomes free, one task starts; nobody asks in vain."""
    rig = make(several(4), slots=2)
    await rig.look()

    rig.end("t1")
    await rig.until_ended("t1")
    await rig.look()

    assert {"t0", "t2"} == await alive(rig)
    assert {"t0", "t1", "t2"} == set((await rig.observed()).tasks)


async def test_a_cancelled_task_without_a_slot_never_starts(make: Make) -> None:
    """Its end is on record with the run."""
    rig = make(several(3), slots=1)
    await rig.look()
    rig.world.desire(DesiredState.CANCEL)

    await rig.look()

    (mark,) = (await rig.observed()).log.marks or ()
    assert (Outcome.CANCELLED, "1-2") == (mark.outcome, mark.positions)


async def test_a_program_that_is_not_there_is_a_start_error(make: Make) -> None:
    """It was removed after the run began: an attempt like any other, with a reason."""
    rig = make(spec(task("a", command=("no-such-program",))))

    await rig.look()

    sighting = (await rig.sightings())["a"]
    assert sighting is not None
    assert sighting.ending is not None
    assert (Stage.ENDED, Reason.START_ERROR) == (sighting.stage, sighting.ending.reason)
    assert "there is no program 'no-such-program'" in sighting.ending.message

    rig.restart()
    again = (await rig.sightings())["a"]
    assert again is not None
    assert again.ending is not None
    assert Reason.START_ERROR == again.ending.reason


async def test_a_state_that_cannot_be_written_ends_the_runner(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time limit that nobody could note down is not passed over: the run ends with the reason."""
    limits = {"timeouts": {"attemptSeconds": 1}}
    rig = make(spec(task("a", **fields(**limits))))
    await rig.look()
    full = UnusableStateError("state.db cannot be written: disk full")
    monkeypatch.setattr(Store, "save_forced_end", Mock(side_effect=full))

    with pytest.raises(UnusableStateError, match="disk full"):
        await for_ever(rig)


async def test_what_ran_when_the_runner_was_killed_is_found(make: Make) -> None:
    """The same attempt, with the times it had, and its end is seen."""
    rig = make(several(1))
    await rig.look()
    before = (await rig.sightings())["t0"]

    rig.restart()
    found = (await rig.sightings())["t0"]

    assert before is not None
    assert found is not None
    assert (1, Stage.RUNNING, True, before.created) == (
        found.number,
        found.stage,
        found.alive,
        found.created,
    )
    rig.end("t0")
    await rig.until_ended("t0")


async def test_the_attempt_before_is_looked_after_until_it_is_gone(make: Make) -> None:
    """A stubborn attempt that is being ended is seen beside nothing: no other starts."""
    rig = make(spec(task("a", retry=retries(3, seconds=0), **fields())))
    await rig.look()

    await rig.world.apply(rig.key, [EndAttempt("a", 1)])

    sighting = (await rig.sightings())["a"]
    assert sighting is not None
    assert (True, True) == (sighting.alive, sighting.leaving)
    await rig.until_ended("a")
    await rig.look()
    await rig.look()
    newest = (await rig.sightings())["a"]
    assert newest is not None
    assert 2 == newest.number


def waits(until: str = "") -> WorkflowSpec:
    """Return a task, a wait of a day or until an instant, and another task."""
    return spec(
        task("a", **fields()),
        pause("p", "a", seconds=86_400, until=until),
        task("b", "p", **fields()),
    )


async def begun(rig: LocalRig) -> Sighting:
    """Let the first task end, and return the wait."""
    await rig.look()
    rig.end("a")
    await rig.until_ended("a")
    for _ in range(3):
        await rig.look()
    sighting = (await rig.sightings())["p"]
    assert sighting is not None
    return sighting


async def test_a_wait_goes_on_with_the_next_runner(make: Make) -> None:
    """Its instant is stored, and nothing runs meanwhile."""
    rig = make(waits())
    first = await begun(rig)
    assert not first.alive

    rig.restart()

    assert first == (await rig.sightings())["p"]
    again = await rig.look()
    assert again is not None
    assert (first.due, Reason.WAITING_FOR_TIME) == (again, first.waiting)


async def test_an_instant_that_has_passed_ends_a_wait(make: Make) -> None:
    """The next task starts."""
    rig = make(waits(until="run.logicalTime"))
    await begun(rig)

    assert {"b"} == await alive(rig)
    log = (await rig.observed()).tasks["p"].log
    assert (Outcome.SUCCEEDED, log.started) == (log.outcome, log.finished)


async def test_waits_can_be_left_out(make: Make) -> None:
    """Whoever tries a pipeline has no day to wait; the wait says what it was."""
    rig = make(waits(), no_wait=True)
    sighting = await begun(rig)

    assert {"b"} == await alive(rig)
    log = (await rig.observed()).tasks["p"].log
    assert (Outcome.SUCCEEDED, log.started) == (log.outcome, log.finished)
    assert log.message.startswith("--no-wait: not until ")
    assert sighting.due == log.finished


async def test_the_rest_of_a_wait_can_be_left_out(make: Make) -> None:
    """Whoever resumes a run may have no time any more."""
    rig = make(waits())
    await begun(rig)

    rig.restart(no_wait=True)
    await rig.look()
    await rig.look()

    assert {"b"} == await alive(rig)


async def test_a_wait_takes_no_slot(make: Make) -> None:
    """Another task runs beside it."""
    day = pause("p", seconds=86_400)
    rig = make(spec(day, task("a", **fields()), task("b", **fields())), slots=1)
    await rig.look()
    await rig.look()

    assert {"a"} == await alive(rig)
    assert {"p", "a"} == set((await rig.observed()).tasks)


async def test_a_cancelled_wait_ends_at_once(make: Make) -> None:
    """Nothing has to be killed."""
    rig = make(waits())
    await begun(rig)
    rig.world.desire(DesiredState.CANCEL)

    await rig.look()

    run = await rig.observed()
    assert (Outcome.CANCELLED, Reason.CANCELLED) == (run.tasks["p"].log.outcome, run.log.reason)
    assert rig.world.over
