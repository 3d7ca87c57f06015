"""Situations in which the world of this machine has something to show: see `situations`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.item_texts import LARGEST_ITEM
from headrace.engine.run.observed import ObservedRun
from support.builders import (
    NOON,
    asking,
    cached,
    calls,
    last,
    on,
    output,
    param,
    pause,
    retries,
    spec,
    start,
    task,
)
from support.local_world import LocalRig, fields

Note = Callable[[ObservedRun | None], None]
NewRig = Callable[..., LocalRig]

GROWS: Final = on(3, then="Retry", memory_factor_percent=200)
MINUTE: Final = timedelta(minutes=1)
LIMITED: Final = Resources(limits={"memory": "64Mi"})


async def attempts(new_rig: NewRig, note: Note) -> None:
    """Let programs fail, get more memory, be killed and end well; then somebody has enough."""
    rule = retries(2, GROWS, seconds=0)
    tasks = (
        task("a", retry=rule, resources=LIMITED, **fields()),
        task("b", "a", **fields()),
        task("patient", retry=retries(1, seconds=3600), **fields()),
        task("alert", "a", rule="OneFailed", **fields()),
        last("tidy", **fields()),
    )
    definition = spec(*tasks, params=(param("day"),))
    rig = new_rig(definition, params={"day": "monday"}, logical_time=NOON)
    await look(rig, note)
    rig.end("a", 3)
    rig.end("patient", 1)
    await rig.until_ended("a", "patient")
    await look(rig, note)
    rig.end("a", 0, number=2, output='{"rows": 1}')
    await rig.until_ended("a")
    await look(rig, note)
    rig.world.kill()
    await rig.until_ended("b")
    await look(rig, note)
    rig.world.desire(DesiredState.CANCEL)
    await look(rig, note)
    await rig.until_ended("b")
    await look(rig, note)
    rig.world.desire(DesiredState.TERMINATE)
    await look(rig, note)
    await rig.until_ended("tidy")
    await look(rig, note)
    await rig.close()


async def look(rig: LocalRig, note: Note) -> None:
    """Note what is shown, let the engine look, and note it again."""
    note(await rig.observed())
    await rig.look()
    note(await rig.observed())


async def two_attempts(new_rig: NewRig, note: Note) -> None:
    """Ask for a next attempt while the one before it runs. Worlds do as they are asked."""
    rig = new_rig(spec(task("a", **fields())))
    await rig.look()
    run = await rig.observed()
    assert run.definition is not None
    await rig.world.apply(
        rig.key, [start(run.definition.tasks["a"], 2, run=run.key.name, run_uid=run.uid)]
    )
    note(await rig.observed())
    await rig.close()


async def no_room(new_rig: NewRig, note: Note) -> None:
    """One of two tasks waits for the other's slot."""
    rig = new_rig(spec(task("a", **fields()), task("b", **fields())), slots=1)
    await look(rig, note)
    await rig.close()


async def stopped(new_rig: NewRig, note: Note) -> None:
    """Stop a run, then end it: what never began has ended for a reason of its own."""
    tasks = task("a", **fields()), task("b", "a", **fields()), last("tidy", **fields())
    rig = new_rig(spec(*tasks))
    await rig.look()
    rig.world.desire(DesiredState.STOP)
    await look(rig, note)
    rig.world.desire(DesiredState.TERMINATE)
    await look(rig, note)
    await rig.until_ended("a")
    await look(rig, note)
    await rig.close()


async def failed(new_rig: NewRig, note: Note) -> None:
    """Let a program end badly, and the run with it."""
    rig = new_rig(spec(task("a", **fields())))
    await rig.look()
    rig.end("a", 1)
    await rig.until_ended("a")
    await look(rig, note)
    await rig.close()


async def conditions(new_rig: NewRig, note: Note) -> None:
    """Skip a task, fail two without a value, and start one with a value."""
    variable = EnvVar(name="X", value="${{ tasks.a.outputs.rows }}")
    wrong = EnvVar(name="X", value="${{ tasks.a.outputs.none }}")
    rig = new_rig(
        spec(
            task("a", **fields()),
            task("b", "a", when="tasks.a.outputs.rows > 0", **fields()),
            task("c", "a", when="tasks.a.outputs.none", allow_failure=True, **fields()),
            task("d", "a", when="true", env=(variable,), **fields()),
            task("e", "a", env=(wrong,), **fields()),
        )
    )
    await rig.look()
    rig.end("a", output='{"rows": 0}')
    await rig.until_ended("a")
    await look(rig, note)
    await look(rig, note)
    await rig.close()


async def waits(new_rig: NewRig, note: Note) -> None:
    """Know the instant of a wait that has not begun, and let it begin."""
    rig = new_rig(spec(pause("p", until="run.logicalTime + duration('1h')")))
    await look(rig, note)
    await look(rig, note)
    await rig.close()


async def no_evaluator(new_rig: NewRig, note: Note) -> None:
    """Ask on a machine that cannot evaluate now."""
    rig = new_rig(spec(task("a", when="true", **fields())))
    rig.trouble = "no process can be started"
    await look(rig, note)
    await rig.close()


async def called(new_rig: NewRig, note: Note) -> None:
    """Let a task call a workflow with a value of an expression, and get its outputs."""
    inner = spec(
        task("a", **fields()),
        last("tidy", **fields()),
        params=(param("day"),),
        outputs=(output("day", "params.day"),),
    )
    rig = new_rig(
        spec(calls("call", params={"day": "${{ run.name }}"})),
        called={"inner": inner.model_dump_json(by_alias=True)},
    )
    await look(rig, note)
    await turn(rig, note)
    await turn(rig, note)
    rig.world.desire(DesiredState.PAUSE)
    await turn(rig, note)
    rig.world.desire(DesiredState.RUN)
    await turn(rig, note)
    for name in ("a", "tidy"):
        rig.end(name)
        while any(world.processes for world in rig.worlds):
            await rig.world.change(None)
        await turn(rig, note)
    for _ in range(3):
        await turn(rig, note)
    await rig.close()


async def turn(rig: LocalRig, note: Note) -> None:
    """Let the engine look at all runs, and note what is shown of each."""
    await rig.turn()
    for world in rig.worlds:
        note(world.snapshot())


async def asked(new_rig: NewRig, note: Note) -> None:
    """Ask somebody, who chooses what fails the task."""
    about = "Go on with ${{ run.name }}?"
    rig = new_rig(spec(asking("a", message=about, timeout_seconds=3600)))
    await look(rig, note)
    await look(rig, note)
    rig.answer("a", "reject", comment="not today")
    await look(rig, note)
    await rig.close()


async def items(new_rig: NewRig, note: Note) -> None:
    """Let items fail, get more memory, run again and end well; others are too large to start."""
    rule = retries(2, GROWS, on(5, then="Fail"), seconds=0)
    listed = ForEach(from_="[tasks.a.outputs.rows, 1, 2]")
    # Small enough with the usual parameter, and too large with what this run gives.
    large = ForEach(items=("x" * (LARGEST_ITEM // 2 - 8_000),))
    rig = new_rig(
        spec(
            task("a", **fields()),
            task("each", "a", for_each=listed, retry=rule, resources=LIMITED, **fields()),
            task("large", for_each=large, **fields()),
            params=(param("rest", default=""),),
        ),
        params={"rest": "y" * 30_000},
    )
    await look(rig, note)
    rig.end("a", output='{"rows": 0}')
    await rig.until_ended("a")
    await look(rig, note)
    await look(rig, note)
    await rig.look(later=MINUTE)  # what runs is on record after a while
    rig.end_item("each", 0, 3)
    rig.end_item("each", 1, 5)
    await rig.until_items_ended("each", 2)
    rig.world.kill()
    await rig.until_items_ended("each", 3)
    await look(rig, note)
    await look(rig, note)
    for index in (0, 2):
        rig.end_item("each", index, number=2, output='{"n": 2}')
    await rig.until_items_ended("each", 2)
    await look(rig, note)
    await rig.close()


async def repeated(new_rig: NewRig, note: Note) -> None:
    """Repeat a run of which an item failed."""
    definition = spec(
        *(task("a", **fields()), task("each", "a", for_each=ForEach(items=("x", "y")), **fields())),
        params=(param("day"),),
    )
    rig = new_rig(definition, params={"day": "monday"}, logical_time=NOON)
    await look(rig, note)
    rig.end("a", output='{"rows": 1}')
    await rig.until_ended("a")
    await look(rig, note)
    rig.end_item("each", 0, output='{"n": 1}')
    rig.end_item("each", 1, 3)
    await rig.until_items_ended("each", 2)
    await look(rig, note)
    await look(rig, note)
    rig.repeat()
    for _ in range(5):
        await look(rig, note)
    rig.end_item("each", 1)
    await rig.until_items_ended("each", 1)
    await look(rig, note)
    await rig.close()


async def reused(new_rig: NewRig, note: Note) -> None:
    """Use the result of an earlier run, then repeat the earlier run."""
    tasks = (cached("a", **fields()), task("b", "a", **fields()))
    rig = new_rig(spec(*tasks), cache=CacheMode.USE)
    await look(rig, note)
    await look(rig, note)
    rig.end("a", output='{"rows": 1}')
    await rig.until_ended("a")
    await look(rig, note)
    rig.end("b", 3)
    await rig.until_ended("b")
    await look(rig, note)
    rig.again()
    for _ in range(3):
        await look(rig, note)
    rig.end("b", 3)
    await rig.until_ended("b")
    await look(rig, note)
    rig.repeat()
    await look(rig, note)
    await rig.close()


async def items_without_programs(new_rig: NewRig, note: Note) -> None:
    """Call and ask for items, with values of their own."""
    inner = spec(task("a", **fields()), params=(param("word"),))
    each = ForEach(items=("w", "x"))
    ask = asking("ask", for_each=each, message="${{ item }}?", timeout_seconds=3600)
    rig = new_rig(
        spec(calls("call", for_each=each, params={"word": "${{ item }}"}), ask),
        called={"inner": inner.model_dump_json(by_alias=True)},
    )
    await look(rig, note)
    for _ in range(3):
        await turn(rig, note)
    await rig.close()


SITUATIONS: Final = (
    *(attempts, two_attempts, no_room, stopped, failed, conditions, waits, no_evaluator, called),
    *(asked, items, repeated, reused, items_without_programs),
)
