"""
What every world must keep of runs that tasks have called.

The engine sees a called run as an attempt of its task: by its name, its end and its outputs, and by
what was passed on to it.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import PassOn
from headrace.engine.task.observed import RUN, Sighting, Stage
from support import cluster_world, local_world
from support.builders import calls, output, param, retries, spec, task
from support.calling_rigs import (
    CALLED,
    CallingRig,
    FakeCallingRig,
    LocalCallingRig,
    on_a_cluster,
)

FIELDS = {"memory": {}, "local": local_world.fields(), "cluster": cluster_world.fields()}


@pytest.fixture(params=["memory", "local", pytest.param("cluster", marks=pytest.mark.cluster)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[CallingRig]:
    """Return a run that calls another one, at most twice, and then runs a task."""
    fields = FIELDS[request.param]
    inner = spec(
        task("a", **fields),
        params=(param("day"),),
        outputs=(output("rows", "tasks.a.outputs.rows"), output("day", "params.day")),
    )
    given = {"day": "${{ run.name }}"}
    outer = spec(
        calls("call", params=given, retry=retries(1, seconds=0)),
        task("b", "call", when="tasks.call.outputs.rows > 5", **fields),
    )
    made: CallingRig
    if request.param == "memory":
        made = FakeCallingRig(outer, inner)
    elif request.param == "local":
        made = LocalCallingRig(request.getfixturevalue("tmp_path"), outer, inner)
    else:
        made = await on_a_cluster(request.getfixturevalue("stage"), outer, inner)
    yield made
    await made.close()


async def begun(rig: CallingRig) -> Sighting:
    """Let the called run begin; return how the calling one sees it."""
    for _ in range(3):
        await rig.turn()
    return await shown(rig)


async def shown(rig: CallingRig) -> Sighting:
    """Return what the world shows of the newest attempt that calls."""
    sighting = (await rig.observed()).tasks["call"].sighting
    assert sighting is not None
    return sighting


def names(run: ObservedRun) -> tuple[str, str]:
    """Return the name and the uid of a run."""
    return run.key.name, run.uid


async def test_a_called_run_is_an_attempt_that_goes_on(rig: CallingRig) -> None:
    """It is named, it lives without a pod of its own, and nothing was passed on to it."""
    sighting = await begun(rig)
    assert (1, Stage.RUNNING, True) == (sighting.number, sighting.stage, sighting.alive)
    assert sighting.where.unit is not None
    assert (RUN, DesiredState.RUN) == (sighting.where.unit.kind, sighting.passed)
    assert "0/1 tasks" in sighting.message


async def test_a_call_that_is_asked_for_again_is_the_same_run(rig: CallingRig) -> None:
    """By another process too, in the middle of everything."""
    await rig.turn()
    await rig.turn()
    first = names(await rig.inner())
    for _ in range(2):
        rig.restart()
        await rig.turn()
        assert first == names(await rig.inner())


async def test_the_called_run_gets_the_values_of_its_parameters(rig: CallingRig) -> None:
    """And says which workflow called it, so that a circle is seen."""
    await begun(rig)
    inner = await rig.inner()
    assert {"day": rig.key.name} == dict(inner.given)
    assert (CALLED, 1) == (inner.workflow, len(inner.callers))
    caller = await rig.observed()
    assert (caller.workflow,) == inner.callers
    assert (caller.logical_time or caller.created) == inner.logical_time


async def test_its_end_and_its_outputs_are_those_of_the_attempt(rig: CallingRig) -> None:
    """Also for another process, and expressions of the caller read them."""
    await begun(rig)
    await rig.end_inner(output='{"rows": 7}')
    for _ in range(2):
        rig.restart()
        for _ in range(3):  # It asks for the values of the outputs, then records them.
            await rig.turn()
    caller = await rig.observed()
    assert Outcome.SUCCEEDED is caller.tasks["call"].log.outcome
    assert {"rows": 7, "day": rig.key.name} == caller.tasks["call"].log.outputs
    assert "b" in (await rig.observed()).tasks


async def test_another_attempt_calls_another_run(rig: CallingRig) -> None:
    """The first one has failed, and stays as it is."""
    await begun(rig)
    first = names(await rig.inner())
    await rig.end_inner(3)
    for _ in range(3):
        await rig.turn()
    seen = (await rig.observed()).tasks["call"]
    assert (1, Reason.RUN_FAILED) == (seen.log.user_failures, seen.log.attempts[0].reason)
    assert seen.sighting is not None
    assert 2 == seen.sighting.number
    assert first != names(await rig.inner())
    assert frozenset() == seen.lingering


async def test_what_is_passed_on_is_kept(rig: CallingRig) -> None:
    """However often, and for the next process: the called run knows, and the caller sees so."""
    await begun(rig)
    for _ in range(2):
        await rig.world.apply(rig.key, [PassOn("call", 1, DesiredState.PAUSE)])
        rig.restart()
        assert DesiredState.PAUSE == (await shown(rig)).passed
        assert DesiredState.PAUSE == (await rig.inner()).passed


async def test_a_cancelled_run_cancels_the_one_that_it_called(rig: CallingRig) -> None:
    """With another process after each step. Nothing of either goes on, once its pods are gone."""
    await begun(rig)
    await rig.steer(DesiredState.CANCEL)
    async with asyncio.timeout(120):
        while True:
            await rig.turn()
            inner = await rig.inner()
            if inner.log.finished is not None and (await rig.observed()).log.finished is not None:
                break
            rig.restart()
            await asyncio.sleep(0)  # else the limit is not heard in a world without requests
    assert Reason.CANCELLED == inner.log.reason
    caller = await rig.observed()
    assert (Reason.CANCELLED, Outcome.CANCELLED) == (
        *(caller.log.reason, caller.tasks["call"].log.outcome),
    )
