"""A reader of a stream that rests: `headrace.kube.transport`, over real HTTP and TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from headrace.kube.client import Client
from headrace.kube.resources import JOBS, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import HttpTransport, Request
from headrace.kube.wire import Changed
from support.api_http import answering, serving
from support.api_server import ApiServer
from support.plumbing import Job, job
from support.real_loops import EVENT_LOOPS, credentials
from support.virtual_time import seeded

__all__ = ["EVENT_LOOPS"]

LONG = b"x" * 30_000
"""Longer than a record of TLS."""


async def test_what_comes_while_the_reader_rests_is_one_chunk(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """All that gathers costs one waking, nothing of it is lost, and the end is told after it."""
    rests, all_sent = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"first")
        await rests.wait()
        for _ in range(20):
            await stream.write(b"then ")
        all_sent.set()
        return stream

    async with (
        serving(handle, tls) as url,
        HttpTransport(credentials(url, certificate)) as transport,
        transport.stream(Request("GET", "/watch"), idle=5) as stream,
    ):
        chunks = aiter(stream.chunks)
        assert b"first" == await anext(chunks)
        rests.set()
        await all_sent.wait()
        assert b"then " * 20 == await anext(chunks)
        assert [] == [chunk async for chunk in chunks]


async def test_a_stream_that_is_longer_than_all_buffers_arrives_whole(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """A reader who is slower than the server holds it up, and loses nothing."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(300):
            await stream.write(LONG)
        return stream

    async def slowly(chunks: AsyncIterator[bytes]) -> int:
        length = 0
        async for chunk in chunks:
            length += len(chunk)
            await asyncio.sleep(0.001)
        return length

    async with (
        serving(handle, tls) as url,
        HttpTransport(credentials(url, certificate)) as transport,
        transport.stream(Request("GET", "/watch"), idle=5) as stream,
    ):
        assert 300 * len(LONG) == await slowly(stream.chunks)


async def test_a_watch_with_a_rest_tells_everything(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """News may come late, and in the order in which it happened."""
    server = ApiServer()
    async with (
        serving(answering(server), tls) as url,
        HttpTransport(credentials(url, certificate)) as transport,
    ):
        client = Client(transport, Settings(), seeded(1))
        first = await client.create(JOBS, job("job-0"), Job)
        events = client.watch(
            Scope(JOBS), Job, since=str(first.metadata.version), seconds=60, rest=lambda: 0.05
        )
        told = []
        for number in range(1, 30):
            await client.create(JOBS, job(f"job-{number}"), Job)
            if number == 1:
                told.append(await anext(events))
        while len(told) < 29:
            told.append(await anext(events))
        await events.aclose()
    names = [event.object.metadata.name for event in told if isinstance(event, Changed)]
    assert [f"job-{number}" for number in range(1, 30)] == names
