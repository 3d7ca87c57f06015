"""Large objects: pages and lines of a bounded size, and nothing in memory twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from headrace.kube import client
from headrace.kube.errors import TooLargeError
from headrace.kube.resources import JOBS, Scope
from headrace.kube.transport import Request, Stream
from support.plumbing import Job, Rig, job, two_ways
from support.virtual_time import VirtualTimeLoop
from support.watching import Watching, running

EVENT_LOOP = VirtualTimeLoop
BOUND = 20_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all bounds so small that a test can exceed them."""
    monkeypatch.setattr(client, "PAGE_BYTES", BOUND)
    monkeypatch.setattr(client, "LINE_BYTES", BOUND)


async def make(rig: Rig, count: int, size: int, name: str) -> None:
    """Create Jobs of so many bytes."""
    for number in range(count):
        body: dict[str, Any] = job(f"{name}-{number:03}")
        body["metadata"]["annotations"] = {"note": "x" * size}
        await rig.client.create(JOBS, body, Job)


def limits(rig: Rig) -> list[int]:
    """Return how many objects each request for a page asked for."""
    targets = [urlsplit(each.target) for each in rig.transport.requests]
    queries = [parse_qs(each.query) for each in targets if each.path == "/apis/batch/v1/jobs"]
    return [int(query["limit"][0]) for query in queries if "limit" in query]


async def names(rig: Rig, size: int = 64) -> list[list[str]]:
    """Return the names on each page."""
    pages = rig.client.pages(Scope(JOBS), Job, size=size)
    return [[item.metadata.name for item in page.objects] async for page in pages]


async def test_a_page_of_large_objects_has_fewer() -> None:
    """What is too large is broken off, and the rest of the list is asked for in smaller pages."""
    rig = Rig()
    await make(rig, 10, 9000, "a")
    pages = await names(rig)
    assert [f"a-{number:03}" for number in range(10)] == [name for page in pages for name in page]
    assert {1} == {len(page) for page in pages}
    assert [64, 16, 4] == limits(rig)[:3]


async def test_pages_grow_again_after_the_large_ones() -> None:
    """One namespace with large objects does not make the lists of all others slow."""
    rig = Rig()
    await make(rig, 2, BOUND * 2, "a")
    await make(rig, 40, 10, "b")
    pages = await names(rig)
    assert 42 == sum(map(len, pages))
    assert [64, 16, 4, 1, 1, 1, 2, 4, 8, 16] == limits(rig)[:10]


async def test_one_object_is_read_whatever_its_size() -> None:
    """A list that stops at it would hide all others for ever."""
    rig = Rig()
    await make(rig, 3, BOUND * 3, "huge")
    seen = Watching(rig)
    async with running(seen):
        assert ["huge-000", "huge-001", "huge-002"] == seen.names


async def test_a_list_of_usual_objects_takes_as_few_requests_as_ever() -> None:
    """Only its size matters."""
    rig = Rig()
    await make(rig, 20, 10, "a")
    assert [20] == [len(page) for page in await names(rig)]
    assert [64] == limits(rig)


class Endless(Rig):
    """A way on which a watch is one line without an end, as often as is said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 1
        self._stream = self.transport.stream
        self.transport.stream = self.stream  # type: ignore[method-assign] # in its place

    @asynccontextmanager
    async def stream(self, request: Request, idle: float) -> AsyncIterator[Stream]:
        """Open a stream."""
        if self.lines:
            self.lines -= 1
            yield Stream(200, {}, self._for_ever())
            return
        async with self._stream(request, idle) as usual:
            yield usual

    async def _for_ever(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0)


async def test_a_line_without_an_end_is_given_up() -> None:
    """No event is that long."""
    rig = Endless()
    with pytest.raises(TooLargeError):
        await anext(rig.client.watch(Scope(JOBS), Job, since="1", seconds=10))


async def test_what_a_line_without_an_end_was_about_a_list_tells() -> None:
    """It may have been any event, and the watch has lost its place."""
    rig = Endless()
    seen = Watching(rig)
    async with running(seen):
        await asyncio.sleep(5)
        assert 2 == seen.counts["lists"]
        await rig.job("extract")
        await asyncio.sleep(1)
        assert ["extract"] == seen.names


async def test_what_a_list_shows_unchanged_is_not_in_memory_twice() -> None:
    """While a list is compared, all objects of the cluster would be."""
    rig, other = two_ways()
    seen = Watching(rig)
    await other.job("same")
    await other.job("changed")
    async with running(seen):
        before = seen.store.get("default", "same")
        assert before is not None
        pages = rig.client.pages(Scope(JOBS), Job)
        await other.label("changed", a="b")
        read = {item.metadata.name: item async for page in pages for item in page.objects}
        assert read["same"] is not before
        assert seen.store.known(read["same"]) is before
        assert seen.store.known(read["changed"]) is read["changed"]
        await seen.informer.refresh()
        assert seen.store.get("default", "same") is before
        assert rig.versions == seen.versions
