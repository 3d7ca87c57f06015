"""
The HTTP pages of the controller: /metrics, /livez and /readyz.

The process itself supplies the answers. Anybody in the cluster may connect, so each connection gets
little: one request, a few seconds, one of few places.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Check = Callable[[], str | None]
"""Returns the problem, or None if all is well."""


def app(registry: CollectorRegistry, alive: Check, ready: Check) -> web.Application:
    """Make the web application."""

    async def metrics(_: web.Request) -> web.Response:
        text = generate_latest(registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def probe(check: Check) -> Callable[[web.Request], object]:
        async def answer(_: web.Request) -> web.Response:
            wrong = check()
            return web.Response(status=503 if wrong else 200, text=wrong or "ok")

        return answer

    async def one_request(_: web.Request, response: web.StreamResponse) -> None:
        response.force_close()

    application = web.Application()
    application.on_response_prepare.append(one_request)
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/livez", probe(alive))  # type: ignore[arg-type] # any coroutine will do
    application.router.add_get("/readyz", probe(ready))  # type: ignore[arg-type] # any coroutine will do
    return application


SMALL_HEADS: Final[dict[str, Any]] = {
    "max_line_size": 1024,
    "max_field_size": 4096,
    "max_headers": 32,
}
"""Bytes of a line and of a field, and the number of headers. No probe or scraper needs more, and
all of it is held in memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of connections."""

    seconds: float = 10.0
    """After this time, a connection is closed, even without a request."""
    connections: int = 64
    """How many connections are open at most. One more closes the oldest: a live probe is new."""


class Door:
    """The port that serves the pages."""

    def __init__(self, pages: web.Application, limits: Limits = Limits()) -> None:
        """Prepare; `open` begins to listen."""
        self._runner = web.AppRunner(pages, access_log=None, **SMALL_HEADS)
        self._limits = limits
        self._listening: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The number of the port."""
        assert self._listening is not None  # noqa: S101 - it is open
        return int(self._listening.sockets[0].getsockname()[1])

    async def open(self, port: int, hosts: Sequence[str] | None = None) -> None:
        """Listen on the hosts; without hosts, on all addresses of this machine."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._accept, hosts, port)

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()

    def _accept(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # noqa: S101 - it was set up
        guests = server.connections
        for oldest in guests[: max(0, len(guests) + 1 - self._limits.connections)]:
            oldest.force_close()
        guest = server()
        asyncio.get_running_loop().call_later(self._limits.seconds, guest.force_close)
        return guest
