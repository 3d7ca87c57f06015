"""
The port for deliveries: what is read of a request, how much of it, and for how long.

Anybody may connect. A body that is too large is refused while it is read, and a sender that is slow
loses its place. Knows HTTP. Does not know what a delivery starts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from aiohttp import web

from headrace.api.v1alpha1.group import WEBHOOKS
from headrace.door.door import Limits
from headrace.receiver.answers import LATER, TOO_LARGE, TOO_SLOW, Answer, Delivered

MOST: Final = 256 * 1024
"""The most bytes of a body."""

HEADS: Final[Mapping[str, Any]] = {
    "max_line_size": 2048,
    "max_field_size": 8190,
    "max_headers": 64,
}
"""A sender has some 10 headers, and each proxy on the way adds some."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, and for how many, the gate has time."""

    body_seconds: float = 5.0
    """For the body, from the end of its head."""
    turn_seconds: float = 4.0
    """For a delivery to wait for its turn."""
    answer_seconds: float = 5.0
    """For the work on it. With the wait, it is a little less than what senders wait: 10 seconds."""
    at_once: int = 32
    """How many deliveries are worked on at a time. The others wait in the order of their arrival:
    one that gives up has cost nothing, and one that has its turn has time enough."""
    linger_seconds: float = 0.5
    """For a refused sender to read why, while nothing more of its body is received."""
    held_bytes: int = 64 * 2**20
    """The most bytes of all bodies at a time: of usual ones thousands, of the largest 256."""
    connections: Limits = field(
        default_factory=lambda: Limits(seconds=16.0, connections=1024, heads=HEADS)
    )


class Gate:
    """The web application for deliveries."""

    def __init__(
        self,
        answer: Callable[[Delivered], Awaitable[Answer]],
        observe: Callable[[str, float], None],
        patience: Patience,
    ) -> None:
        """
        Prepare the pages.

        Args:
            answer: Gives the answer to a whole delivery.
            observe: Called with the reason of each answer, and the seconds that it took.
            patience: How long things may take.

        """
        self._answer = answer
        self._observe = observe
        self._patience = patience
        self._at_work: set[asyncio.Protocol] = set()
        self._held = 0
        self._turns = asyncio.Semaphore(patience.at_once)
        self.pages = web.Application()
        self.pages.router.add_post(WEBHOOKS, self._take, expect_handler=_expect)

    def busy(self, guest: asyncio.Protocol) -> bool:
        """Return whether the whole delivery of a connection is here, and being worked on."""
        return guest in self._at_work

    async def _take(self, request: web.Request) -> web.StreamResponse:
        began = monotonic()
        answer = await self._answered(request)
        self._observe(answer.reason, monotonic() - began)
        response = web.json_response(dict(answer.body), status=answer.status)
        response.headers.update(answer.headers)
        if not request.content.at_eof():
            await response.prepare(request)
            await response.write_eof()
            await asyncio.sleep(self._patience.linger_seconds)
        return response

    async def _answered(self, request: web.Request) -> Answer:
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience.body_seconds):
                refusal = await self._read(request, body)
            if refusal is not None:
                return refusal
            with self._working(request.protocol):
                return await self._worked_on(_delivered(request, bytes(body)))
        except TimeoutError:
            return TOO_SLOW
        finally:
            self._held -= len(body)

    async def _read(self, request: web.Request, body: bytearray) -> Answer | None:
        """Read a body, or return why the rest of it stays where it is."""
        if (request.content_length or 0) > MOST:
            return TOO_LARGE
        async for part in request.content.iter_any():
            body += part
            self._held += len(part)
            if len(body) > MOST:
                return TOO_LARGE
            if self._held > self._patience.held_bytes:
                return LATER
        return None

    async def _worked_on(self, delivery: Delivered) -> Answer:
        try:
            async with asyncio.timeout(self._patience.turn_seconds):
                await self._turns.acquire()
        except TimeoutError:
            return LATER
        try:
            async with asyncio.timeout(self._patience.answer_seconds):
                return await self._answer(delivery)
        except TimeoutError:
            return LATER
        finally:
            self._turns.release()

    @contextmanager
    def _working(self, guest: asyncio.Protocol) -> Any:
        self._at_work.add(guest)
        try:
            yield
        finally:
            self._at_work.discard(guest)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Answer a sender that asks before it sends its body."""
    if (request.content_length or 0) <= MOST and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None  # The handler refuses the other one.


def _delivered(request: web.Request, body: bytes) -> Delivered:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    place = request.match_info
    return Delivered(place["namespace"], place["workflow"], headers, body)
