"""
What every world must keep of attempts over items: `headrace.engine.task.observed.SeenItems`.

The engine judges each item by this, and decides which ones another attempt runs.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.places import Places
from headrace.engine.run.context import context_of
from headrace.engine.task.actions import EndAttempt
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.observed import SeenItems, Sighting, Stage, TaskLog
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from support import local_world
from support.builders import retries, spec, task
from support.world_contract import Kind, Rig, make_fake


async def make_local(request: pytest.FixtureRequest, workflow: WorkflowSpec) -> Rig:
    """Return a rig of processes on this machine."""
    return local_world.LocalRig(request.getfixturevalue("tmp_path"), workflow)


KINDS = {"memory": Kind(make_fake), "local": Kind(make_local, local_world.fields())}


@pytest.fixture(params=KINDS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Return a run of a task with four items, each of which may be tried once more."""
    kind = KINDS[request.param]
    for_each = ForEach(items=("w", "x", "y", "z"))
    each = task("each", for_each=for_each, retry=retries(1, seconds=0), **kind.fields)
    made = await kind.make(request, spec(each))
    yield made
    await made.close()


async def started(rig: Rig, number: int = 1, items: ItemsLog | None = None) -> None:
    """Ask for an attempt over the items that a log leaves."""
    run = await rig.observed()
    assert run.definition is not None
    task, context = run.definition.tasks["each"], context_of(run, run.definition)
    start = start_attempt(task, Start(number, items=items), context, run.created)
    await rig.world.apply(rig.key, [start])


async def shown(rig: Rig) -> tuple[Sighting, SeenItems]:
    """Return what the world shows of the newest attempt."""
    sighting = (await rig.observed()).tasks["each"].sighting
    assert sighting is not None
    assert sighting.items is not None
    return sighting, sighting.items


def codes(items: SeenItems, indexes: Sequence[int]) -> list[int | None]:
    """Return the exit codes of items."""
    return [items.ended[index].progress.exit_code for index in indexes]


async def test_a_started_attempt_knows_its_items_at_once(rig: Rig) -> None:
    """Also in the next process. None has ended."""
    await started(rig)
    for _ in range(2):
        sighting, items = await shown(rig)
        assert (1, True, None) == (sighting.number, sighting.alive, sighting.ending)
        assert sighting.stage in (Stage.STARTING, Stage.RUNNING)
        assert (4, {}) == (items.total, dict(items.ended))
        rig.restart()


async def test_a_start_that_is_asked_for_again_is_the_same_attempt(rig: Rig) -> None:
    """In the same process and in the next one."""
    await started(rig)
    first, _ = await shown(rig)
    await started(rig)
    rig.restart()
    await started(rig)
    again, items = await shown(rig)
    assert (first.number, first.created) == (again.number, again.created)
    assert {} == items.ended


async def test_each_item_ends_on_its_own(rig: Rig) -> None:
    """With its exit code and outputs, and it stays so in the next process. Others go on."""
    await started(rig)
    rig.end_item("each", 2, output='{"n": 2}')
    rig.end_item("each", 0, 3)
    await rig.until_items_ended("each", 2)
    for _ in range(2):
        sighting, items = await shown(rig)
        assert (Stage.RUNNING, True) == (sighting.stage, sighting.alive) or not items.running
        assert {0, 2} == items.ended.keys()
        assert [3, 0] == codes(items, (0, 2))
        assert '{"n": 2}' == items.ended[2].output.strip()
        assert not items.running & Places.of([0, 2])
        rig.restart()


async def test_an_attempt_ends_with_its_last_item(rig: Rig) -> None:
    """The engine judges its items: the attempt has no end of its own."""
    await started(rig)
    for index in range(4):
        rig.end_item("each", index, index)
    await rig.until_items_ended("each", 4)
    sighting, items = await shown(rig)
    assert (Stage.ENDED, False, None) == (sighting.stage, sighting.alive, sighting.ending)
    assert [0, 1, 2, 3] == codes(items, range(4))


async def test_another_attempt_runs_what_is_left(rig: Rig) -> None:
    """An index is the same item in each attempt, and the others do not run."""
    await started(rig)
    for index in range(4):
        rig.end_item("each", index, index % 2)
    await rig.until_items_ended("each", 4)
    log = ItemsLog(4, succeeded=Places.of([0, 2]))
    await started(rig, 2, log)
    for _ in range(2):
        sighting, items = await shown(rig)
        assert (2, True, 4) == (sighting.number, sighting.alive, items.total)
        rig.restart()
    for index in (1, 3):
        rig.end_item("each", index, number=2)
    await rig.until_items_ended("each", 2)
    sighting, items = await shown(rig)
    assert Stage.ENDED is sighting.stage
    assert [0, 0] == codes(items, (1, 3))


async def test_all_items_are_ended_when_that_is_asked_for(rig: Rig) -> None:
    """However often."""
    await started(rig)
    for _ in range(2):
        await rig.world.apply(rig.key, [EndAttempt("each", 1)])
    await rig.until_ended("each")


async def test_a_run_gets_to_its_end(rig: Rig) -> None:
    """With a failed item, its retry, outputs, and another process after each step."""
    end = partial(rig.end_item, "each")
    await rig.look()
    rig.restart()
    for index in range(4):
        end(index, 3 if index == 1 else 0, output=f'{{"n": {index}}}')
    await rig.until_items_ended("each", 4)
    await rig.look()
    rig.restart()
    await rig.look()
    rig.end_item("each", 1, number=2, output='{"n": 10}')
    await rig.until_items_ended("each", 1)
    await rig.look()
    rig.restart()
    run = await rig.observed()
    log = run.tasks["each"].log
    assert (True, Reason.SUCCEEDED, 2) == (run.log.succeeded, run.log.reason, log.count)
    numbers = [0, 10, 2, 3]
    assert {"items": [{"n": n} for n in numbers], "count": 4} == log.outputs


async def test_items_that_an_earlier_run_did_are_on_record_before_anything_runs(rig: Rig) -> None:
    """Only the others are started; a repetition changes nothing, also in the next process."""
    run = await rig.observed()
    assert run.definition is not None
    task, context = run.definition.tasks["each"], context_of(run, run.definition)
    done = Places.of([0, 2])
    items = ItemsLog(4, succeeded=done, taken_over=done, digest="d")
    log = TaskLog(items=items, outputs={"items": [{"n": 0}, None, None, None], "count": 1})
    for _ in range(2):
        start = start_attempt(task, Start(1, items=items), context, run.created)
        await rig.world.apply(rig.key, [replace(start, begins_with=log)])
        seen = (await rig.observed()).tasks["each"]
        assert (log.items, log.outputs) == (seen.log.items, seen.log.outputs)
        rig.restart()
    for index in (1, 3):
        rig.end_item("each", index)
    await rig.until_items_ended("each", 2)
    _, items_seen = await shown(rig)
    assert {1, 3} == items_seen.ended.keys()
