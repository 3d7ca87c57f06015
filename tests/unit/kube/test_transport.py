"""Real HTTP on this machine: `headrace.kube.transport`."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from aiohttp import web

from headrace.kube.client import Client
from headrace.kube.credentials import Credentials, Login, Server
from headrace.kube.errors import (
    FencedError,
    SilentError,
    TooLargeError,
    UnreachableError,
    already_exists,
)
from headrace.kube.lease import Elector, Times
from headrace.kube.resources import JOBS, LEASES, Ref, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import WATCHFUL, HttpTransport, Request, watchful_socket
from headrace.kube.wire import Changed
from support.api_http import Handler, answering, serving
from support.api_server import ApiServer
from support.plumbing import Job, job, job_ref
from support.virtual_time import seeded

BRIEFLY = 0.2
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Tokens:
    """Hands out the token of the moment, and counts how often it was asked anew."""

    def __init__(self, token: str = "first") -> None:  # noqa: S107 - no secret
        self.token = token
        self.renewed = 0

    def __call__(self, *, anew: bool) -> Login:
        self.renewed += anew
        return Login(authorization=f"Bearer {self.token}")


@asynccontextmanager
async def connected(handler: Handler, tokens: Tokens | None = None) -> AsyncIterator[HttpTransport]:
    """Connect a transport to a server."""
    async with (
        serving(handler) as url,
        HttpTransport(Credentials(Server(url), tokens or Tokens())) as transport,
    ):
        yield transport


async def test_objects_travel_there_and_back() -> None:
    """All verbs work over real HTTP."""
    async with connected(answering(ApiServer())) as transport:
        client = Client(transport, Settings(), seeded(1))
        made = await client.create(JOBS, job("extract"), Job)
        assert made == await client.get(job_ref("extract"), Job)
        events = client.watch(Scope(JOBS), Job, since=str(made.metadata.version - 1), seconds=60)
        assert Changed(made) == await anext(events)
        await events.aclose()
        labels = {"metadata": {"labels": {"a": "b"}}}
        changed = await client.patch(job_ref("extract"), labels, Job)
        assert {"a": "b"} == changed.metadata.labels
        await client.delete(job_ref("extract"), uid=made.metadata.uid)
        pages = [page.objects async for page in client.pages(Scope(JOBS), Job)]
        assert [[]] == pages


async def test_a_refused_token_is_read_again_at_once() -> None:
    """After a rotation the first 401 leads to the new token, and the caller notices nothing."""
    seen: list[str] = []
    tokens = Tokens()

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        if seen[-1] != "Bearer second":
            tokens.token = "second"  # noqa: S105 - no secret
            return web.Response(status=401)
        return web.Response(body=b"{}")

    async with connected(handle, tokens) as transport:
        answer = await transport.send(Request("GET", "/api"), 5)
        assert (200, ["Bearer first", "Bearer second"], 1) == (answer.status, seen, tokens.renewed)


async def test_a_token_that_stays_refused_is_an_answer() -> None:
    """There is one second try, not a loop."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=401)

    async with connected(handle) as transport:
        assert 401 == (await transport.send(Request("GET", "/api"), 5)).status
        assert 2 == len(asked)


async def test_a_fence_keeps_a_write_off_the_wire() -> None:
    """A refused write never reaches the server, and the next one goes through."""
    bodies: list[bytes] = []

    async def handle(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(body=b"{}")

    async with connected(handle) as transport:
        await transport.send(Request("POST", "/a", b"before", fence=lambda: True), 5)
        for _ in range(3):
            with pytest.raises(FencedError):
                await transport.send(Request("POST", "/a", b"fenced", fence=lambda: False), 5)
        await transport.send(Request("POST", "/a", b"after", fence=lambda: True), 5)
    assert [b"before", b"after"] == bodies


async def test_a_fence_is_asked_once_the_connection_stands() -> None:
    """Connecting takes time, in which a lease may end: the question comes after it."""
    asked: list[bool] = []

    def fence() -> bool:
        asked.append(True)
        return True

    async with connected(answering(ApiServer())) as transport:
        await transport.send(Request("POST", "/", b"{}", fence=fence), 5)
        assert [True] == asked
    dead = Credentials(Server("http://127.0.0.1:1"), Tokens())
    async with HttpTransport(dead) as transport:
        with pytest.raises(UnreachableError):
            await transport.send(Request("POST", "/", b"{}", fence=fence), 5)
    assert [True] == asked


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    """A server that accepts and is silent is unreachable."""

    async def handle(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with connected(handle) as transport:
        with pytest.raises(UnreachableError, match="GET /api"):
            await transport.send(Request("GET", "/api"), BRIEFLY)


async def test_an_answer_that_is_too_large_is_broken_off() -> None:
    """It may have no end; the connection goes, and the next request has another."""
    written: list[int] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        with suppress(ConnectionResetError):
            while request.path == "/endless":
                await stream.write(b"x" * 10_000)
                written.append(10_000)
        return stream

    async with connected(handle) as transport:
        with pytest.raises(TooLargeError, match="/endless: the answer has over 50000 bytes"):
            await transport.send(Request("GET", "/endless", most=50_000), 30)
        assert 50_000 < sum(written)
        assert b"" == (await transport.send(Request("GET", "/empty", most=50_000), 30)).body


async def test_a_stream_that_falls_silent_is_given_up() -> None:
    """After the last byte, the time for silence begins anew."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(3):
            await stream.write(b"x")
            await asyncio.sleep(BRIEFLY / 2)
        await asyncio.sleep(60)
        return stream

    got: list[bytes] = []

    async def read(transport: HttpTransport) -> None:
        async with transport.stream(Request("GET", "/watch"), idle=BRIEFLY) as stream:
            async for chunk in stream.chunks:
                got.append(chunk)  # noqa: PERF401 - what came before the error counts

    async with connected(handle) as transport:
        with pytest.raises(SilentError, match="/watch: nothing came for"):
            await read(transport)
    assert b"xxx" == b"".join(got)


async def test_the_kernel_is_asked_to_notice_that_the_other_side_is_gone() -> None:
    """Connections that nobody ends, as after a lost node, break within half a minute."""
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))
    with watchful_socket(address) as made:
        assert 1 == made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for name, value in WATCHFUL:
            option = getattr(socket, name, None)
            if option is not None:
                assert value == made.getsockopt(socket.IPPROTO_TCP, option)


async def test_a_renewal_on_a_dead_connection_is_tried_on_a_new_one() -> None:
    """A leader does not give up its Lease while the API server can be reached."""
    answer = answering(ApiServer())
    dead: set[object] = set()
    seen: list[object] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.transport)
        if request.transport in dead:
            await asyncio.Event().wait()
        return await answer(request)

    async with connected(handle) as transport:
        times = Times(duration=4, renew_deadline=3, retry=0.3, hurry=0.1, call=1)
        client = Client(transport, Settings(), seeded(1))
        ref = Ref(LEASES, "default", "headrace")
        elector = Elector(client, ref, "a", lambda: NOON, times)
        terms: list[str] = []
        running = asyncio.create_task(
            elector.run(lambda: terms.append("gained"), lambda: terms.append("lost"))
        )
        await asyncio.sleep(0.5)
        dead.update(seen)
        await asyncio.sleep(4)
        running.cancel()
    assert ["gained"] == terms
    assert set(seen) > dead


async def test_a_stream_that_breaks_is_told_from_one_that_ends() -> None:
    """A line that is cut is an error; the end of a watch is none."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"x")
        if request.path == "/cut" and request.transport is not None:
            request.transport.abort()
        return stream

    async with connected(handle) as transport:
        async with transport.stream(Request("GET", "/whole"), idle=5) as stream:
            assert [b"x"] == [chunk async for chunk in stream.chunks]
        with pytest.raises(UnreachableError):
            async with transport.stream(Request("GET", "/cut"), idle=5) as stream:
                _ = [chunk async for chunk in stream.chunks]


async def test_many_watches_do_not_starve_requests() -> None:
    """Watches hold their connections for minutes; requests have others."""
    server = ApiServer()
    async with connected(answering(server)) as transport:
        client = Client(transport, Settings(), seeded(1))
        watches = [
            client.watch(Scope(JOBS), Job, since=str(server.storage.version), seconds=60)
            for _ in range(150)
        ]
        waiting = [asyncio.ensure_future(anext(watch)) for watch in watches]
        async with asyncio.timeout(20):
            made = await client.create(JOBS, job("extract"), Job)
            assert [Changed(made)] * 150 == await asyncio.gather(*waiting)
        for watch in watches:
            await watch.aclose()


async def test_a_reply_that_is_lost_on_the_wire_leads_to_already_exists() -> None:
    """The connection breaks after the server has done what was asked."""
    server = ApiServer()
    answer = answering(server)
    broken: list[bool] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await answer(request)
        if not broken and request.transport is not None:
            broken.append(True)
            request.transport.abort()
        return response

    async with connected(handle) as transport:
        client = Client(transport, Settings(), seeded(1))
        with pytest.raises(Exception, match="AlreadyExists") as caught:
            await client.create(JOBS, job("extract"), Job)
        assert already_exists(caught.value)
