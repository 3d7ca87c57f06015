"""A kind that the API server may not know: `headrace.kube.informer`."""

import asyncio

from headrace.kube.informer import Informer
from headrace.kube.resources import JOBS, Scope
from headrace.kube.store import Store
from support.plumbing import Job, Rig
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop
PATH = (JOBS.group, JOBS.version, JOBS.plural)


def watching(rig: Rig, *, may_be_missing: bool) -> tuple[Informer[Job], Store[Job]]:
    """Return an informer of a kind, and its store."""
    store = Store(Job)
    return Informer(rig.client, Scope(JOBS), store, may_be_missing=may_be_missing), store


async def test_a_kind_that_is_not_there_has_no_objects() -> None:
    """So nobody waits for its list, and the watch counts as heard; when it comes it is watched."""
    rig = Rig()
    kind = rig.server.kinds.pop(PATH)
    informer, store = watching(rig, may_be_missing=True)
    task = asyncio.create_task(informer.run())
    await asyncio.sleep(200)
    await informer.refresh()
    assert (True, 0) == (informer.synced.is_set(), len(store))
    assert informer.silence < 60

    rig.server.kinds[PATH] = kind
    await rig.job("first")
    await asyncio.sleep(60)
    assert 1 == len(store)
    task.cancel()


async def test_any_other_kind_must_be_there() -> None:
    """Without its objects nothing could be decided."""
    rig = Rig()
    rig.server.kinds.pop(PATH)
    informer, _ = watching(rig, may_be_missing=False)
    task = asyncio.create_task(informer.run())
    await asyncio.sleep(200)
    assert not informer.synced.is_set()
    task.cancel()
