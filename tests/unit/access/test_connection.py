"""Requests over a connection: `headrace.access.connection`."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from headrace.access.connection import Connection
from headrace.access.failures import NoClusterError, RefusedError
from headrace.access.kubeconfig import Place, User
from headrace.access.login import login
from support.api_http import serving

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=api"
    " -addext subjectAltName=DNS:api.internal -keyout {0}/tls.key -out {0}/ca.crt"
)


def connection(url: str, **more: Any) -> Connection:
    place = Place(url, **more)
    return Connection(place, login(place, {}))


async def ask(work: Callable[[], Any]) -> Any:
    """Work in a thread, since the server answers in this one."""
    return await asyncio.to_thread(work)


async def test_requests_share_a_connection() -> None:
    """A handshake costs more than an answer."""
    peers = set()

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({"path": request.path_qs})

    async with serving(handle) as url:
        asked = connection(f"{url}/prefix")
        first = await ask(lambda: asked.get("/a", {"x": "1 2", "left": ""}))
        second = await ask(lambda: asked.patch("/b", {"spec": 1}))
        asked.close()
    assert [{"path": "/prefix/a?x=1+2"}, {"path": "/prefix/b"}] == [first, second]
    assert 1 == len(peers)


async def test_a_header_may_come_several_times() -> None:
    """Whoever acts as somebody else may have several groups."""
    user = User(headers=(("Impersonate-Group", "a"), ("Impersonate-Group", "b")))

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(request.headers.getall("Impersonate-Group"))

    async with serving(handle) as url:
        assert ["a", "b"] == await ask(lambda: connection(url, user=user).get("/"))


async def test_lines_come_as_they_are_sent() -> None:
    """A log that is followed has no end."""

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        for piece in (b"one\ntw", b"o\n", b"three"):
            await stream.write(piece)
        return stream

    async with serving(handle) as url:
        lines = await ask(lambda: list(connection(url).lines("/log")))
    assert [b"one", b"two", b"three"] == lines


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"reason": "NotFound", "message": "no", "details": {"name": "a"}}', ("NotFound", "no")),
        ("<html>proxy</html>", ("", "<html>proxy</html>")),
        ("[1]", ("", "[1]")),
    ],
)
async def test_a_no_is_told_as_the_server_words_it(body: str, expected: tuple[str, str]) -> None:
    """Also where a proxy answers with a page."""

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text=body)

    async with serving(handle) as url:
        with pytest.raises(RefusedError) as told:
            await ask(lambda: connection(url).get("/"))
    assert expected == (told.value.reason, told.value.message)


async def test_a_server_is_known_by_its_certificate(tmp_path: Path) -> None:
    """Its name may be another than that of the address (tls-server-name)."""
    words = CERTIFICATE.format(tmp_path).split()
    await ask(lambda: subprocess.run(words, check=True, capture_output=True))  # noqa: S603 - our own words
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "ca.crt", tmp_path / "tls.key")
    authority = (tmp_path / "ca.crt").read_bytes()

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response(True)  # noqa: FBT003 - the answer

    async with serving(handle, tls) as url:
        good = connection(url, authority=authority, tls_name="api.internal")
        assert await ask(lambda: good.get("/")) is True
        blind = connection(url, verify=False)
        assert await ask(lambda: blind.get("/")) is True
        for more in ({"authority": authority}, {"tls_name": "api.internal"}):
            asked = connection(url, context="here", **more)
            with pytest.raises(NoClusterError, match="shows a certificate that is not trusted"):
                await ask(lambda asked=asked: asked.get("/"))


def test_other_proxies_than_http_are_told() -> None:
    """Rather than asked in the wrong language."""
    with pytest.raises(NoClusterError, match="the proxy socks5://x is no http proxy"):
        connection("http://127.0.0.1:1", proxy="socks5://x").get("/")


async def test_a_proxy_opens_the_way(tmp_path: Path) -> None:
    """It sees the server's name and no more: TLS is with the server."""
    words = CERTIFICATE.format(tmp_path).split()
    await ask(lambda: subprocess.run(words, check=True, capture_output=True))  # noqa: S603 - our own words
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "ca.crt", tmp_path / "tls.key")
    authority = (tmp_path / "ca.crt").read_bytes()
    asked = []

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response("through")

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split()[1].decode())
        port = int(url.rpartition(":")[2])
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    async with (
        serving(handle, tls) as url,
        await asyncio.start_server(tunnel, "127.0.0.1") as proxy,
    ):
        port = proxy.sockets[0].getsockname()[1]
        through = connection(
            "https://api.internal:6443", authority=authority, proxy=f"http://127.0.0.1:{port}"
        )
        assert "through" == await ask(lambda: through.get("/"))
        await ask(through.close)
    assert ["api.internal:6443"] == asked


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until their end."""
    while chunk := await reader.read(4096):
        writer.write(chunk)
    writer.close()
