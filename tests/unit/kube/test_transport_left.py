"""A reader who leaves a stream in the middle: `headrace.kube.transport`, over real HTTP and TLS."""

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from headrace.kube.client import Client
from headrace.kube.errors import ApiError, gone
from headrace.kube.resources import JOBS, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import HttpTransport, Request
from headrace.kube.wire import Broken, Changed
from support.api_http import Handler, answering, serving
from support.api_server import ApiServer
from support.plumbing import Job, job
from support.real_loops import EVENT_LOOPS, credentials
from support.virtual_time import seeded

__all__ = ["EVENT_LOOPS"]

SOON = 5.0
EXPIRED = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}


def noting_ports(seen: list[int], handler: Handler) -> Handler:
    """Return a handler that notes from which ports of ours requests come: one per connection."""

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        seen.append(request.transport.get_extra_info("peername")[1])
        return await handler(request)

    return handle


@asynccontextmanager
async def connected(
    handler: Handler, tls: ssl.SSLContext | None, certificate: Path
) -> AsyncIterator[HttpTransport]:
    """Connect a transport to a server."""
    async with (
        serving(handler, tls) as url,
        HttpTransport(credentials(url, certificate)) as transport,
    ):
        yield transport


async def test_the_watch_after_an_expired_one_hears_its_news_at_once(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """The reader of an ERROR event reads no further: nothing of this touches the next watch."""
    server = ApiServer()
    answer = answering(server)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.query.get("resourceVersion") != "expired":
            return await answer(request)
        stream = web.StreamResponse()
        await stream.prepare(request)
        await asyncio.sleep(0.01)  # The reader waits when the event and the end come together.
        await stream.write(json.dumps({"type": "ERROR", "object": EXPIRED}).encode() + b"\n")
        return stream

    async with connected(handle, tls, certificate) as transport:
        client = Client(transport, Settings(), seeded(1))
        made = await client.create(JOBS, job("first"), Job)
        for number in range(5):
            async with aclosing(
                client.watch(Scope(JOBS), Job, since="expired", seconds=60)
            ) as events:
                assert isinstance(await anext(events), Broken)
            since = str(made.metadata.version)
            async with aclosing(client.watch(Scope(JOBS), Job, since=since, seconds=60)) as events:
                waiting = asyncio.ensure_future(anext(events))
                await asyncio.sleep(0.02)  # The watch stands when its news comes.
                made = await client.create(JOBS, job(f"next-{number}"), Job)
                async with asyncio.timeout(SOON):
                    assert Changed(made) == await waiting


@pytest.mark.parametrize("leaves", ["at once", "after one chunk", "at the end"])
async def test_a_connection_of_a_stream_serves_nothing_else(
    leaves: str, tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """Wherever its reader leaves, the next stream begins on a new connection."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(3):
            await stream.write(b"news ")
        return stream

    ports: list[int] = []
    async with connected(noting_ports(ports, handle), tls, certificate) as transport:
        for _ in range(3):
            async with transport.stream(Request("GET", "/watch"), idle=SOON) as stream:
                if leaves == "at the end":
                    whole = b"".join([chunk async for chunk in stream.chunks])
                    assert b"news " * 3 == whole
                elif leaves == "after one chunk":
                    assert (await anext(aiter(stream.chunks))).startswith(b"news ")
    assert 3 == len(set(ports))


async def test_a_request_that_was_given_up_leaves_no_connection_behind(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """Half an answer lies in it; the next request must not read the other half."""
    goes_on = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(request.path.encode())
        if request.path == "/slow":
            await goes_on.wait()
        return stream

    async with connected(handle, tls, certificate) as transport:
        with pytest.raises(Exception, match="GET /slow"):
            await transport.send(Request("GET", "/slow"), 0.1)
        goes_on.set()
        assert b"/next" == (await transport.send(Request("GET", "/next"), SOON)).body


async def test_a_refused_watch_tells_why(tls: ssl.SSLContext | None, certificate: Path) -> None:
    """410 before the first event is an error with the server's words, and so is 401."""

    async def handle(request: web.Request) -> web.StreamResponse:
        code = int(request.query["resourceVersion"])
        return web.json_response(EXPIRED | {"code": code}, status=code)

    async with connected(handle, tls, certificate) as transport:
        client = Client(transport, Settings(), seeded(1))
        with pytest.raises(ApiError, match="too old") as caught:
            await anext(client.watch(Scope(JOBS), Job, since="410", seconds=60))
        assert gone(caught.value)
        with pytest.raises(ApiError, match="401"):
            await anext(client.watch(Scope(JOBS), Job, since="401", seconds=60))


async def test_compressed_answers_are_read_as_any_other(
    tls: ssl.SSLContext | None, certificate: Path
) -> None:
    """The API server compresses long lists; a proxy before it may compress a watch."""
    made = {"type": "ADDED", "object": job("first") | {"kind": "Job"}}
    listed = {"metadata": {"resourceVersion": "7"}, "items": [job(f"job-{n}") for n in range(500)]}

    async def handle(request: web.Request) -> web.StreamResponse:
        assert "gzip" in request.headers["Accept-Encoding"]
        answer = made if request.query.get("watch") else listed
        body = gzip.compress(json.dumps(answer).encode() + b"\n")
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with connected(handle, tls, certificate) as transport:
        client = Client(transport, Settings(), seeded(1))
        pages = [page async for page in client.pages(Scope(JOBS), Job)]
        assert [500] == [len(page.objects) for page in pages]
        async with aclosing(client.watch(Scope(JOBS), Job, since="7", seconds=60)) as events:
            event = await anext(events)
            assert isinstance(event, Changed)
            assert "first" == event.object.metadata.name
