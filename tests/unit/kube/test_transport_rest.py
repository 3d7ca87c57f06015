"""A reader of a stream that rests: `headrace.kube.transport`, over real HTTP and TLS."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop
from aiohttp import web

from headrace.kube.client import Client
from headrace.kube.credentials import Credentials, Login, Server
from headrace.kube.resources import JOBS, Scope
from headrace.kube.sender import Settings
from headrace.kube.transport import HttpTransport, Request
from headrace.kube.wire import Changed
from headrace.manifests.kube import Job
from support.api_http import answering, serving
from support.api_server import ApiServer
from support.plumbing import job
from support.virtual_time import seeded

EVENT_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
LONG = b"x" * 30_000
"""Longer than a record of TLS."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1; the folder holds `ca.crt` and `tls.key`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to test with")
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test"
    more = f"-addext subjectAltName=IP:127.0.0.1 -keyout {folder}/tls.key -out {folder}/ca.crt"
    subprocess.run([openssl, *words.split(), *more.split()], check=True, capture_output=True)  # noqa: S603 - our own words
    return folder


@pytest.fixture(params=["http", "https"])
def tls(request: pytest.FixtureRequest, certificate: Path) -> ssl.SSLContext | None:
    """Return how the server speaks."""
    if request.param == "http":
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "ca.crt", certificate / "tls.key")
    return context


def credentials(url: str, certificate: Path) -> Credentials:
    """Return those of somebody who trusts the certificate."""
    return Credentials(Server(url), lambda *, anew: Login(ca_file=str(certificate / "ca.crt")))  # noqa: ARG005 - the shape of every reader


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
