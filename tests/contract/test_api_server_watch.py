"""
Lists, watches and what stands on them, on the API server in memory and on a real one.

See `test_api_server.py`.
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from headrace.kube.errors import ApiError, gone
from headrace.kube.informer import Informer
from headrace.kube.lease import Elector
from headrace.kube.resources import CONFIG_MAPS, JOBS, LEASES, Scope
from headrace.kube.store import Store
from headrace.kube.wire import Bookmark, Broken, Changed, Deleted, Event
from support.api_contract import Api, Object, eventually
from support.api_transport import MemoryTransport
from support.plumbing import Job
from support.virtual_time import VirtualTimeLoop

EVENT_LOOPS = {"memory": VirtualTimeLoop, "cluster": asyncio.new_event_loop}


async def test_a_list_is_of_one_moment_and_in_order(api: Api) -> None:
    """Pages come by name and share a version, and do not show what was made meanwhile."""
    for name in ("c", "a", "b"):
        await api.job(name)
    pages = []
    async for page in api.client.pages(api.scope(JOBS), dict, size=2):
        pages.append(page)
        if len(pages) == 1:
            await api.job("bb")
    names = [[item["metadata"]["name"] for item in page.objects] for page in pages]
    assert [["a", "b"], ["c"]] == names
    assert 1 == len({page.resource_version for page in pages})


@pytest.mark.parametrize(
    ("labels", "fields", "want"),
    [
        pytest.param("tier=low", "", ["a"], id="equals"),
        pytest.param("tier!=low", "", ["b", "c"], id="differs or is missing"),
        pytest.param("tier", "", ["a", "b"], id="is there"),
        pytest.param("!tier", "", ["c"], id="is missing"),
        pytest.param("tier in (low,high),tier!=low", "", ["b"], id="all parts hold"),
        pytest.param("tier notin (low)", "", ["b", "c"], id="not in or is missing"),
        pytest.param("", "metadata.name=b", ["b"], id="a field equals"),
        pytest.param("tier", "metadata.name!=b", ["a"], id="label and field"),
    ],
)
async def test_selectors_narrow_a_list(api: Api, labels: str, fields: str, want: list[str]) -> None:
    """Label and field selectors mean the same on both servers."""
    await api.job("a", labels={"tier": "low"})
    await api.job("b", labels={"tier": "high"})
    await api.job("c")
    assert [want] == await api.names(api.scope(JOBS, labels, fields))


async def watched(
    api: Api, scope: Scope, since: str, *, count: int, seconds: float = 10
) -> list[Event[Object]]:
    """Return the first events of a watch; fewer, if it ends before by itself."""
    told: list[Event[Object]] = []
    async with aclosing(api.client.watch(scope, dict, since=since, seconds=seconds)) as events:
        async for event in events:
            told.append(event)
            if len(told) == count:
                break
    return told


def in_memory(api: Api) -> bool:
    """Tell whether this is our own server, which does all that a real one may do."""
    return isinstance(api.client._sender.transport, MemoryTransport)  # noqa: SLF001 - no user needs to know


def story(events: list[Event[Object]]) -> list[tuple[str, str]]:
    """Return what happened to which object."""
    return [
        (type(event).__name__, event.object["metadata"]["name"])
        for event in events
        if isinstance(event, Changed | Deleted)
    ]


async def test_a_watch_tells_all_since_a_version_in_order(api: Api) -> None:
    """It begins after the version that is given, and a deletion has a version of its own."""
    first = await api.config_map("first")
    await api.config_map("a")
    await api.client.patch(api.ref(CONFIG_MAPS, "a"), {"data": {"b": "1"}}, dict)
    await api.client.delete(api.ref(CONFIG_MAPS, "a"))
    since = first["metadata"]["resourceVersion"]
    scope = api.scope(CONFIG_MAPS, fields="metadata.name!=kube-root-ca.crt")
    events = await watched(api, scope, since, count=3)
    assert [("Changed", "a"), ("Changed", "a"), ("Deleted", "a")] == story(events)
    told = [e for e in events if isinstance(e, Changed | Deleted)]
    versions = [int(event.object["metadata"]["resourceVersion"]) for event in told]
    assert sorted(set(versions)) == versions


async def test_a_watch_ends_in_its_time_with_a_bookmark(api: Api) -> None:
    """
    The server ends it, and says before how far it has told everything.

    A real one promises no bookmark (API concepts, "Watch bookmarks"), and in short watches often
    sends none: nothing may rely on more than that one which comes tells the truth.
    """
    since = (await api.job("a"))["metadata"]["resourceVersion"]
    last = (await api.job("b"))["metadata"]["resourceVersion"]
    events = await watched(api, api.scope(JOBS), since, count=99, seconds=8)
    bookmarks = [event.version for event in events if isinstance(event, Bookmark)]
    assert bookmarks or not in_memory(api)
    assert all(version >= int(last) for version in bookmarks)
    assert ["b"] == [name for _, name in story(events)]


async def test_a_selector_turns_changes_into_comings_and_goings(api: Api) -> None:
    """What begins to match is added, what ceases to match is deleted, for this watch."""
    made = await api.job("a")
    ref = api.ref(JOBS, "a")
    for labels in ({"tier": "low"}, {"more": "x"}, {"tier": "high"}, {"more": "y"}):
        await api.client.patch(ref, {"metadata": {"labels": labels}}, dict)
    since = made["metadata"]["resourceVersion"]
    events = await watched(api, api.scope(JOBS, "tier=low"), since, count=3)
    assert [("Changed", "a"), ("Changed", "a"), ("Deleted", "a")] == story(events)


async def test_a_watch_from_the_distant_past_is_gone(api: Api) -> None:
    """What was forgotten is told as 410, by an event or by the answer; else nothing is missing."""
    await api.job("first")
    transport = api.client._sender.transport  # noqa: SLF001 - to make the one in memory forget
    if isinstance(transport, MemoryTransport):
        transport.server.forget_history()
    error, event = None, None
    try:
        (event,) = await watched(api, api.scope(JOBS), "1", count=1)
    except ApiError as refusal:
        error = refusal
    if isinstance(event, Broken):
        error = event.error
    if error is not None:
        assert gone(error)
    else:  # A real server that has just begun remembers all.
        assert event is not None
        assert not in_memory(api)
        assert [("Changed", "first")] == story([event])


async def test_an_informer_keeps_up(api: Api) -> None:
    """List, watch and write-through work together on either server."""
    store: Store[Job] = Store(Job)
    informer = Informer(api.client, api.scope(JOBS), store)
    running = asyncio.create_task(informer.run())
    await api.job("before")
    async with asyncio.timeout(30):
        await informer.synced.wait()
    await api.job("after")
    await api.client.delete(api.ref(JOBS, "before"))

    async def caught_up() -> bool:
        return ["after"] == [item.metadata.name for item in store]

    await eventually(caught_up)
    running.cancel()
    assert 1 == informer.counts["lists"]


async def test_a_lease_is_taken_and_released(api: Api) -> None:
    """The elector's Lease is valid in each of its states."""
    ref = api.ref(LEASES, "headrace")
    elector = Elector(api.client, ref, "me", lambda: datetime(2030, 1, 1, tzinfo=UTC))
    terms: list[str] = []
    running = asyncio.create_task(
        elector.run(lambda: terms.append("gained"), lambda: terms.append("lost"))
    )
    await asyncio.sleep(5)
    held = await api.client.get(ref, dict)
    assert elector.still_mine()
    running.cancel()
    await elector.release()
    freed = await api.client.get(ref, dict)
    assert ("me", 1) == (held["spec"]["holderIdentity"], held["spec"]["leaseTransitions"])
    assert "2030-01-01T00:00:00.000000Z" == held["spec"]["renewTime"]
    assert not freed["spec"].get("holderIdentity")
    assert ["gained"] == terms
