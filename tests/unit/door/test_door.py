"""Who connects to the port of the probes: `headrace.door`, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from headrace.door.door import Door, Limits
from headrace.door.pages import app
from support.real_loops import EVENT_LOOPS

__all__ = ["EVENT_LOOPS"]

HALF = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "
LIMITS = Limits(seconds=1.0, connections=20)


def well() -> None:
    """Say that nothing is wrong."""


def unwell() -> str:
    """Say what is wrong."""
    return "not listed yet"


@asynccontextmanager
async def opened(limits: Limits = LIMITS) -> AsyncIterator[Door]:
    """Open a door on this machine."""
    registry = CollectorRegistry()
    Gauge("headrace_test", "A number.", registry=registry).set(7)
    door = Door(app(registry, well, unwell), limits)
    await door.open(0, ["127.0.0.1"])
    try:
        yield door
    finally:
        await door.close()


async def asked(door: Door, path: str) -> tuple[int, str]:
    """Ask as a probe does: by a new connection."""
    url = f"http://127.0.0.1:{door.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def half_sent(door: Door) -> asyncio.StreamReader:
    """Connect and send half of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(HALF)
    return reader


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        pytest.param("/livez", 200, "ok", id="the process is alive"),
        pytest.param(
            "/readyz", 503, "not listed yet", id="the process is not ready, with the reason"
        ),
        pytest.param("/metrics", 200, "headrace_test 7.0", id="the metrics"),
        pytest.param("/else", 404, "", id="an unknown page"),
    ],
)
async def test_probes_and_scrapers_are_answered(path: str, status: int, words: str) -> None:
    """Each by a connection of its own."""
    async with opened() as door:
        got, text = await asked(door, path)
        assert status == got
        assert words in text


async def test_whoever_asks_is_told_to_ask_by_a_new_connection() -> None:
    """A client that keeps connections would else send its next request into a closed one."""
    async with opened() as door, aiohttp.ClientSession() as session:
        for _ in range(20):
            async with session.get(f"http://127.0.0.1:{door.port}/livez") as answer:
                assert "close" == answer.headers["Connection"]


async def test_a_request_that_does_not_come_ends_its_connection() -> None:
    """Also where some of it comes now and then."""
    async with opened() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(HALF)
        end = asyncio.ensure_future(reader.read())
        async with asyncio.timeout(5):
            while not end.done():
                writer.write(b"x")
                await asyncio.wait([end], timeout=0.1)
        with suppress(ConnectionResetError):  # What was sent after the end is answered so.
            assert b"" == await end


async def test_a_head_without_end_is_refused() -> None:
    """What is sent before a request is whole is held in memory, so it is little."""
    async with opened(Limits(seconds=60.0)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(HALF + b"x" * 100_000)
        async with asyncio.timeout(5):
            assert b" 400 " in await reader.readline()


async def test_a_crowd_that_asks_nothing_leaves_room_for_probes() -> None:
    """The oldest go: few are open at a time, and a probe is answered at once."""
    async with opened(Limits(seconds=60.0, connections=20)) as door:
        crowd = [await half_sent(door) for _ in range(200)]
        async with asyncio.timeout(2):
            assert (200, "ok") == await asked(door, "/livez")
        ends = [asyncio.ensure_future(reader.read()) for reader in crowd]
        closed, still_open = await asyncio.wait(ends, timeout=0.5)
        assert 180 <= len(closed)
        assert len(still_open) <= 20
        for end in still_open:
            end.cancel()
