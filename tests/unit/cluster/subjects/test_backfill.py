"""What a backfill's turn does to its runs: `headrace.cluster.subjects.backfill`."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.backfills import BackfillKey
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from headrace.engine.backfill.advance import advance
from headrace.kube.errors import StaleError
from headrace.kube.resources import Ref
from headrace.manifests.kube import OwnObject
from support.backfill_rig import KEY, BackfillRig, days, name_of
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop


async def there(**backfill: object) -> BackfillRig:
    """Return a rig that knows a workflow and a backfill without a turn."""
    rig = BackfillRig()
    await rig.start({**days(1, 3), **backfill})
    rig.tell()
    return rig


async def test_a_run_of_somebody_else_that_the_cache_does_not_know_yet() -> None:
    """The turn begins anew with it, and the tick is skipped."""
    rig = await there()
    observed = await rig.backfill_world.observe(KEY)
    assert observed is not None
    decision = advance(observed, rig.clock())
    await rig.give(WORKFLOW_RUNS, name_of(1), {"workflow": "w"})
    with pytest.raises(StaleError, match="somebody else"):
        await rig.backfill_world.apply(KEY, decision)
    await rig.look()
    assert "0" == rig.shown["ticks"]["skipped"]


async def test_a_backfill_that_changed_in_the_middle_of_a_turn() -> None:
    """Somebody has paused it: nothing is created by the old decision."""
    rig = await there()
    observed = await rig.backfill_world.observe(KEY)
    assert observed is not None
    decision = advance(observed, rig.clock())
    await rig.say(BACKFILLS, "b", desiredState="Pause")
    rig.tell()
    with pytest.raises(StaleError):
        await rig.backfill_world.apply(KEY, decision)
    assert {} == rig.made


async def test_a_run_that_was_deleted_before_the_status_showed_it_counts_as_failed() -> None:
    """It is not created again in silence."""
    rig = await there()
    observed = await rig.backfill_world.observe(KEY)
    assert observed is not None
    await rig.backfill_world.apply(KEY, advance(observed, rig.clock()))
    await rig.remove(WORKFLOW_RUNS, name_of(1))
    await rig.look()
    assert (1, "0") == (rig.shown["failed"], rig.shown["ticks"]["failed"])
    assert {1} == set(rig.made.values())


async def test_a_garbled_status_is_derived_again() -> None:
    """The runs that are there prove the rest."""
    rig = await there(maxActive=2)
    await rig.look()
    ref = Ref(BACKFILLS, "default", "b")
    status = {"total": -1, "ticks": {"started": "x"}}
    await rig.people.client.patch_status(ref, {"status": status}, OwnObject)
    await rig.look()
    assert "0-1" == rig.shown["ticks"]["started"]
    assert 2 == rig.made.total()


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.INTERNAL_ERROR])
async def test_a_turn_that_failed_is_told_on_the_object(reason: Reason) -> None:
    """Once: the same words are not written again."""
    rig = await there()
    await rig.look()
    for _ in range(2):
        await rig.backfill_world.complain(KEY, reason, "cannot create workflowruns")
    assert ("Unknown", reason) == rig.state
    writes = len(rig.way.writes)
    await rig.backfill_world.complain(KEY, reason, "cannot create workflowruns")
    assert writes == len(rig.way.writes)
    await rig.live()
    await rig.backfill_world.complain(KEY, reason, "too late")
    assert ("True", "Succeeded") == rig.state


async def test_who_is_woken_by_what() -> None:
    """A run that ends wakes the backfill; a deleted backfill wakes its workflow."""
    rig = await there()
    await rig.look()
    for change in (
        rig.end(name_of(1)),
        rig.give(WORKFLOW_RUNS, "hand", {"workflow": "w"}),
        rig.say(BACKFILLS, "b", desiredState="Pause"),
    ):
        rig.woken.clear()
        await change
        rig.tell()
        assert BackfillKey("default", "b") in rig.woken
    rig.woken.clear()
    await rig.remove(BACKFILLS, "b")
    rig.tell()
    assert WorkflowKey("default", "w") in rig.woken
    assert [BackfillKey("default", "b")] == [
        key for key in rig.woken if isinstance(key, BackfillKey)
    ]
    await rig.look()
    assert () == rig.caches.backfills.store.tombstones_by_index("default/b")


async def test_a_backfill_that_has_ended_is_not_woken() -> None:
    """Its workflow may have thousands of runs later."""
    rig = await there()
    await rig.live()
    rig.tell()
    rig.woken.clear()
    await rig.give(WORKFLOW_RUNS, "hand", {"workflow": "w"})
    rig.tell()
    assert BackfillKey("default", "b") not in rig.woken


async def test_a_workflow_that_cannot_run_is_named() -> None:
    """The backfill waits until somebody has corrected it."""
    rig = await there()
    task = {"name": "a", "image": "busybox", "dependsOn": ["nobody"]}
    await rig.say(WORKFLOWS, "w", tasks=[task])
    await rig.look()
    assert ("Unknown", "InvalidDefinition") == rig.state
    assert "Workflow w: " in rig.shown["conditions"][0]["message"]
