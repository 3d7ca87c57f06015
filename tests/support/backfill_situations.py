"""Situations in which the world of backfills has something to show: see `situations`."""

from collections.abc import Callable
from typing import Any, Final

from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.observed import ObservedBackfill
from support.backfill_rig import KEY, BackfillRig, days, name_of

Note = Callable[[ObservedBackfill | None], None]


async def _look(rig: BackfillRig, note: Note) -> None:
    """Give the backfill a turn, and note all that its world shows."""
    rig.tell()
    observed = await rig.backfill_world.observe(KEY)
    note(observed)
    if observed is not None:
        await rig.backfill_world.apply(KEY, advance(observed, rig.clock()))
        note(await rig.backfill_world.observe(KEY))
    await rig.look()
    note(await rig.backfill_world.observe(KEY))


async def a_life(note: Note) -> None:
    """Let a dry run begin; runs end well and badly, others wait, somebody cancels the rest."""
    rig = BackfillRig()
    params: dict[str, Any] = {"params": [{"name": "market", "default": "DE"}]}
    await rig.start({**days(1, 4), "dryRun": True}, concurrency={"policy": "Queue"}, **params)
    await _look(rig, note)
    await rig.say(BACKFILLS, "b", dryRun=False)
    for succeeded in (True, False):
        await _look(rig, note)
        await rig.end(*rig.active, succeeded=succeeded)
    await rig.give(WORKFLOW_RUNS, "hand", {"workflow": "w"})
    await rig.begin("hand")
    await rig.say(WORKFLOW_RUNS, "hand", desiredState="Cancel")
    await _look(rig, note)
    await rig.end("hand", succeeded=False)
    await _look(rig, note)
    await rig.say(BACKFILLS, "b", desiredState="Cancel")
    await _look(rig, note)
    await _look(rig, note)
    await rig.end(*rig.active, succeeded=False)
    await _look(rig, note)


async def troubles(note: Note) -> None:
    """Let there be no workflow at first, and a spec that an older API server took."""
    rig = BackfillRig()
    await rig.give(BACKFILLS, "b", {"workflow": "w", **days(1, 2)})
    await _look(rig, note)
    other = BackfillRig()
    await other.start({**days(1, 2), "step": "Week"})
    await _look(other, note)


async def skips(note: Note) -> None:
    """Let somebody have run a tick already."""
    rig = BackfillRig()
    await rig.start(days(1, 2))
    await _look(rig, note)
    await rig.end(*rig.active)
    await rig.remove(BACKFILLS, "b")
    await _look(rig, note)
    await rig.give(BACKFILLS, "b", {"workflow": "w", **days(1, 2)})
    await _look(rig, note)
    await rig.remove(WORKFLOWS, "w")
    await _look(rig, note)


async def again(note: Note) -> None:
    """Let nights have run badly, of this workflow and of another, and be repeated."""
    rig = BackfillRig()
    for day, workflow in ((1, "w"), (2, "other")):
        await rig.give(WORKFLOW_RUNS, name_of(day), {"workflow": workflow})
        await rig.end(name_of(day), succeeded=False)
    await rig.start({**days(1, 2), "existing": "RerunFailed"})
    await _look(rig, note)
    await rig.end(*rig.active, succeeded=False, began=False)
    await _look(rig, note)
    await rig.remove(BACKFILLS, "b")
    await rig.give(BACKFILLS, "b", {"workflow": "w", **days(1, 2), "existing": "RerunFailed"})
    await _look(rig, note)


SITUATIONS: Final = (a_life, troubles, skips, again)
