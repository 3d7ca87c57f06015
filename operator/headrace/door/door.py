"""
A port that serves a web application, and the bounds of its connections.

Anybody may connect, so each connection gets little: one request, a few seconds, one of few places.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

SMALL_HEADS: Final[Mapping[str, Any]] = {
    "max_line_size": 1024,
    "max_field_size": 4096,
    "max_headers": 32,
}
"""Bytes of a line and of a field, and the number of headers. No probe or scraper needs more, and
all of it is held in memory."""


def _never(_guest: asyncio.Protocol) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of connections."""

    seconds: float = 10.0
    """After this time, a connection is closed, even without a request."""
    connections: int = 64
    """How many connections are open at most. One more closes the oldest: a live probe is new."""
    heads: Mapping[str, Any] = field(default_factory=lambda: SMALL_HEADS)
    """What aiohttp accepts of a request before its body."""


class Door:
    """The port that serves the pages."""

    def __init__(
        self,
        pages: web.Application,
        limits: Limits = Limits(),
        busy: Callable[[asyncio.Protocol], bool] = _never,
    ) -> None:
        """
        Prepare; `open` begins to listen.

        Args:
            pages: What is served.
            limits: The bounds of connections.
            busy: Whether a connection is at work: then no newer one takes its place.

        """
        pages.on_response_prepare.append(_one_request)
        # Bodies come as they were sent: a small one may unpack to a large one. A body that nobody
        # reads to its end is not received either.
        bodies: dict[str, Any] = {"auto_decompress": False, "lingering_time": 0.0}
        self._runner = web.AppRunner(pages, access_log=None, **limits.heads, **bodies)
        self._limits = limits
        self._busy = busy
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
        """Stop listening, let requests at work end, and close all connections."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()

    def _accept(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # noqa: S101 - it was set up
        guests = server.connections
        excess = max(0, len(guests) + 1 - self._limits.connections)
        idle = [guest for guest in guests if not self._busy(guest)] if excess else []
        for oldest in idle[:excess]:
            oldest.force_close()
        guest = server()
        loop = asyncio.get_running_loop()
        if excess > len(idle):
            # All places are at work. In the next round it is connected, and can be closed.
            loop.call_soon(loop.call_soon, guest.force_close)
        loop.call_later(self._limits.seconds, guest.force_close)
        return guest


async def _one_request(_: web.Request, response: web.StreamResponse) -> None:
    response.force_close()
    response.headers["Connection"] = "close"  # aiohttp has decided on this header already.
