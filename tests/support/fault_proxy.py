"""
A proxy between a controller and its API server, where things go wrong when a test wants it.

Knows HTTP, and which requests are writes. Knows no object, and nothing of what a controller does.
It speaks plain HTTP to the controller, on this machine only, and to the API server as the
kubeconfig says.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from headrace.kube.credentials import from_kubeconfig

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NOT_COUNTED = ("/leases", "/events")
"""Who leads, and what is told on the side: no part of what a run is made of."""
DROPPED_HEADERS = frozenset({"Host", "Content-Length", "Transfer-Encoding", "Accept-Encoding"})
START_SECONDS = 10.0


class Fate(Enum):
    """What becomes of a write."""

    PASS = "pass"  # noqa: S105 - no password
    """It is sent and answered."""
    STRIKE_BEFORE = "strike before"
    """The controller is struck before the API server hears of it."""
    STRIKE_AFTER = "strike after"
    """The controller is struck when it has taken effect, before the answer arrives."""
    LOSE_ANSWER = "lose answer"
    """It takes effect, and the connection breaks instead of an answer."""


def passing(_: str) -> Fate:
    """Let every write pass."""
    return Fate.PASS


def nothing() -> None:
    """Strike nobody."""


Decide = Callable[[str], Fate]


class FaultProxy:
    """The proxy, in a thread of its own. Use it as a context."""

    def __init__(self, kubeconfig: Path) -> None:
        """Prepare a way to the API server of a kubeconfig."""
        self.decide: Decide = passing
        """Asked for each write, with method and path."""
        self.strike = nothing
        """Called where a fate says so."""
        self.watch_seconds: float | None = None
        """If set, each watch is cut off after so long."""
        self.port = 0
        self._away = False
        self._connections: set[asyncio.BaseTransport] = set()
        self._credentials = from_kubeconfig(str(kubeconfig))
        self._loop = asyncio.new_event_loop()
        self._ready: Future[int] = Future()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._ready.result(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def go_away(self) -> None:
        """Break all connections, and let none through any more, until `come_back`."""
        self._away = True
        for connection in tuple(self._connections):
            self._loop.call_soon_threadsafe(connection.close)

    def come_back(self) -> None:
        """Let connections through again."""
        self._away = False

    def write_kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig that leads through this proxy."""
        cluster = {"server": f"http://127.0.0.1:{self.port}"}
        context = {"cluster": "proxy", "user": "nobody"}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": cluster}],
            "users": [{"name": "nobody", "user": {}}],
            "contexts": [{"name": "proxy", "context": context}],
            "current-context": "proxy",
        }
        path.write_text(json.dumps(document))

    async def _serve(self) -> None:
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            application = web.Application(client_max_size=2**26)
            application.router.add_route("*", "/{path:.*}", self._handle)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._ready.set_result(runner.addresses[0][1])
            await self._over.wait()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._away:
            self._cut(request)
        if request.transport is not None:
            self._connections.add(request.transport)
        if request.query.get("watch") == "true":
            return await self._watch(request)
        fate = Fate.PASS
        if request.method in WRITES and not any(part in request.path for part in NOT_COUNTED):
            fate = self.decide(f"{request.method} {request.path}")
        if fate is Fate.STRIKE_BEFORE:
            self._strike(request)
        answer = await self._forward(request)
        if fate is Fate.STRIKE_AFTER:
            self._strike(request)
        if fate is Fate.LOSE_ANSWER:
            self._cut(request)
        return answer

    async def _forward(self, request: web.Request) -> web.Response:
        async with self._session.request(**await self._arguments(request)) as answer:
            body = await answer.read()
            headers = {k: v for k, v in answer.headers.items() if k not in DROPPED_HEADERS}
            return web.Response(status=answer.status, body=body, headers=headers)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        async with self._session.request(**await self._arguments(request)) as answer:
            told = web.StreamResponse(status=answer.status)
            told.content_type = answer.content_type
            await told.prepare(request)
            try:
                async with asyncio.timeout(self.watch_seconds):
                    async for chunk in answer.content.iter_any():
                        await told.write(chunk)
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                self._cut(request)
            return told

    async def _arguments(self, request: web.Request) -> dict[str, Any]:
        tls = self._credentials.tls
        headers = {k: v for k, v in request.headers.items() if k not in DROPPED_HEADERS}
        return {
            "method": request.method,
            "url": f"{self._credentials.server.url}{request.path_qs}",
            "headers": headers
            | {"Accept-Encoding": "identity"}
            | await self._credentials.headers(),
            "data": await request.read() or None,
            "ssl": True if tls is None else tls,
            "server_hostname": self._credentials.server.tls_name,
            "timeout": aiohttp.ClientTimeout(total=None),
        }

    def _strike(self, request: web.Request) -> None:
        self.strike()
        self._cut(request)

    @staticmethod
    def _cut(request: web.Request) -> None:
        if request.transport is not None:
            request.transport.abort()
        raise asyncio.CancelledError
