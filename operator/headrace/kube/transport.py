"""
The transport to the API server: requests out, answers in.

`Transport` is the part of HTTP that the client needs, so that a test can replace it by a server in
memory. Knows connections, time limits and credentials. Does not know objects, verbs or retries.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    aclosing,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from headrace.kube.credentials import Credentials
from headrace.kube.errors import FencedError, SilentError, TooLargeError, UnreachableError

CONNECT_SECONDS: Final = 5.0
CONNECTIONS: Final = 100  # Requests in flight at once. Watches do not count.
KEEP_SECONDS: Final = 60.0
"""How long an unused connection is kept."""
UNAUTHORIZED: Final = 401
WATCHFUL: Final = (
    ("TCP_KEEPIDLE", 15),
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 15_000),
)
"""Options of TCP, by name: seconds of silence, between two questions, how many; milliseconds."""
FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the API server."""

    method: str
    target: str
    """Path and query, percent-encoded."""
    body: bytes = b""
    content_type: str = "application/json"
    fence: Callable[[], bool] | None = None
    """Called just before the body is sent; False stops the request."""
    most: int | None = None
    """The most bytes of the answer; None: no limit."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Names in upper or lower case."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer without a known end. Its chunks arrive as the server sends them, cut anywhere."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Transport(Protocol):
    """Carries requests."""

    async def send(self, request: Request, seconds: float) -> Response:
        """
        Send a request and return the answer, whatever its status.

        Raises:
            UnreachableError: No whole answer within `seconds`, connection time included.
            FencedError: The request's fence refused. Nothing took effect.
            TooLargeError: The answer has more bytes than the request allows.

        """

    def stream(self, request: Request, idle: float) -> AbstractAsyncContextManager[Stream]:
        """
        Open a stream. It ends when the server ends it.

        Raises:
            SilentError: Nothing arrived for `idle` seconds.
            UnreachableError: The connection broke.

        """


class _FencedBody(aiohttp.BytesPayload):
    """
    A body that asks the fence after the connection is made, just before the bytes are sent.

    A check before the request would be too early: a connection may take seconds, and the process
    may be stopped meanwhile. aiohttp closes the connection when a body fails, so the server reads
    no partial request.
    """

    def __init__(self, body: bytes, content_type: str, fence: Callable[[], bool]) -> None:
        super().__init__(body, content_type=content_type)
        self._fence = fence
        self.refused = False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        if not self._fence():
            self.refused = True
            raise FencedError("not sent: this process may no longer lead")
        await super().write_with_length(writer, content_length)


class HttpTransport:
    """Carries requests over HTTP/1.1 with aiohttp. Use it as an async context."""

    def __init__(self, credentials: Credentials, user_agent: str = "headrace") -> None:
        """Prepare; no connection is made yet."""
        self._credentials = credentials
        self._user_agent = user_agent
        self._requests: aiohttp.ClientSession
        self._streams: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._requests = self._session(CONNECTIONS)
        # A watch holds its connection: with many namespaces they would starve the requests. A
        # reader may leave in the middle, so a stream's connection serves nothing else after it.
        self._streams = self._session(0, force_close=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._requests.close()
        await self._streams.close()

    def _session(self, limit: int, *, force_close: bool = False) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=limit,
            force_close=force_close,
            keepalive_timeout=None if force_close else KEEP_SECONDS,
            ttl_dns_cache=60,
            socket_factory=watchful_socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            headers={"Accept": "application/json", "User-Agent": self._user_agent},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(self, request: Request, seconds: float) -> Response:
        """Send a request; again with fresh credentials if the old ones are refused."""
        try:
            async with asyncio.timeout(seconds):
                response = await self._send(request)
                if response.status == UNAUTHORIZED:
                    await self._credentials.renew()
                    response = await self._send(request)
                return response
        except FAILURES as error:
            raise await self._unreachable(request, error) from error

    async def _send(self, request: Request) -> Response:
        body = _body(request)
        try:
            async with self._requests.request(
                data=body, **await self._arguments(request)
            ) as answer:
                return Response(answer.status, await _whole(answer, request), answer.headers)
        except aiohttp.ClientError as error:
            if isinstance(body, _FencedBody) and body.refused:
                raise FencedError(f"{request.method} {request.target}: not sent") from error
            raise

    @asynccontextmanager
    async def stream(self, request: Request, idle: float) -> AsyncIterator[Stream]:
        """Open a stream on a connection of its own."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=idle)
        try:
            async with self._streams.request(
                timeout=timeout, **await self._arguments(request)
            ) as answer:
                if answer.status == UNAUTHORIZED:
                    await self._credentials.renew()
                # Closed here, since a reader that stops early does not close it.
                async with aclosing(_one_by_one(answer)) as chunks:
                    yield Stream(answer.status, answer.headers, chunks)
        except aiohttp.SocketTimeoutError as error:
            raise SilentError(f"{request.target}: nothing came for {idle:.0f} s") from error
        except FAILURES as error:
            raise await self._unreachable(request, error) from error

    async def _arguments(self, request: Request) -> dict[str, Any]:
        server = self._credentials.server
        return {
            "method": request.method,
            "url": URL(server.url + request.target, encoded=True),
            "headers": await self._credentials.headers(),
            "ssl": True if self._credentials.tls is None else self._credentials.tls,
            "server_hostname": server.tls_name,
            "proxy": server.proxy,
            "allow_redirects": False,  # Our token is sent to no other host.
        }

    async def _unreachable(self, request: Request, error: Exception) -> UnreachableError:
        if isinstance(error, aiohttp.ClientSSLError):
            await self._credentials.renew()  # The authority may be a new one.
        what = str(error) or type(error).__name__
        return UnreachableError(f"{request.method} {request.target}: {what}")


async def _whole(answer: aiohttp.ClientResponse, request: Request) -> bytes:
    """Read an answer to its end, or stop if it is too large."""
    if request.most is None:
        return await answer.read()
    parts, size = [], 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > request.most:
            answer.close()
            raise TooLargeError(f"{request.target}: the answer has over {request.most} bytes")
    return b"".join(parts)


def watchful_socket(address: tuple[Any, ...]) -> socket.socket:
    """
    Create a socket that notices a dead peer; `address` is a result of `getaddrinfo`.

    After 15 s of silence, the kernel probes the peer. It closes the connection after 15 s more
    without an answer. A system without these options has its own, longer times.
    """
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in WATCHFUL:
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made


async def _one_by_one(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """
    Yield chunks; while the reader works or rests, nothing is received.

    Bytes that arrive meanwhile gather in the kernel at no cost, and become one chunk.
    """
    connection = answer.connection
    way = (
        None if connection is None else connection.transport
    )  # None: the whole answer has arrived.
    # TLS would receive until it holds this many bytes of unread ciphertext.
    limit = getattr(way, "set_read_buffer_limits", None)
    if limit is not None:
        limit(high=1)
    async for first in answer.content.iter_any():
        # TLS first releases its own bytes, and then takes the rest from the kernel.
        await asyncio.sleep(0)
        chunk = first + answer.content.read_nowait()
        # An answer whose end was received has no connection any more.
        with nullcontext() if way is None or answer.connection is None else _paused(way):
            yield chunk


@contextmanager
def _paused(way: asyncio.Transport) -> Iterator[None]:
    """Receive nothing during the rest."""
    with suppress(RuntimeError):  # The connection is closed, and this chunk is the last one.
        way.pause_reading()
    try:
        yield
    finally:  # Also when the reader stops early.
        with suppress(RuntimeError):
            way.resume_reading()


def _body(request: Request) -> _FencedBody | aiohttp.BytesPayload | None:
    if not request.body:
        return None
    if request.fence is None:
        return aiohttp.BytesPayload(request.body, content_type=request.content_type)
    return _FencedBody(request.body, request.content_type, request.fence)
