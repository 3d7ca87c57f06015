"""
Changes as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

A browser that comes back says where it was, in `Last-Event-ID`. A reader who takes nothing for some
time is left. Knows the form of events; knows no object.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Header
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from headrace.web.changes import Changes, News
from headrace.web.feeds import Feed
from headrace.web.places import BusyError

MOST_STREAMS: Final = 100
PULSE_SECONDS: Final = 15.0
"""How long nothing may come; a proxy, or a page, takes a longer silence for the end."""
TAKE_SECONDS: Final = 20.0
"""How long a reader may leave what was sent."""
GATHER_SECONDS: Final = 0.2
"""A busy run changes many times a second; the page is told of each object once."""


class Streams:
    """How many streams are open."""

    def __init__(self) -> None:
        self.open = 0


class EventStream(Response):
    """An answer that goes on."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[str, None], streams: Streams) -> None:
        super().__init__()
        self._events = events
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send events until the reader leaves, or takes nothing more."""
        self._streams.open += 1
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        sending = asyncio.ensure_future(self._send_all(send, headers))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (sending, leaving):
                each.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            self._streams.open -= 1

    async def _send_all(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(self._events) as events:
            async for event in events:
                body = {"type": "http.response.body", "body": event.encode(), "more_body": True}
                await asyncio.wait_for(send(body), TAKE_SECONDS)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def stream(changes: Changes, feed: Feed) -> APIRouter:
    """Return the route."""
    router = APIRouter(prefix="/api")
    streams = Streams()

    @router.get("/changes", response_class=EventStream, status_code=200)
    async def changed(last_event_id: Annotated[str, Header(max_length=100)] = "") -> EventStream:
        """Tell what changes, as server-sent events: `change` with an object's name, or `reset`."""
        if streams.open >= MOST_STREAMS:
            raise BusyError("too many pages are open; close some")
        feed.begin()
        return EventStream(_events(changes, last_event_id), streams)

    return router


async def _events(changes: Changes, last: str) -> AsyncGenerator[str, None]:
    place = changes.place_of(last) if last else changes.now()
    if place is None:
        place = changes.now()
        yield _written(changes, News(place, None))
    else:
        yield f"retry: 1000\nid: {changes.epoch}-{place}\n: hello\n\n"
    async with aclosing(changes.follow(place, PULSE_SECONDS)) as following:
        async for news in following:
            yield _written(changes, news)
            await asyncio.sleep(GATHER_SECONDS)


def _written(changes: Changes, news: News) -> str:
    if news.changes is not None and not news.changes:
        return ": still here\n\n"
    own = f"id: {changes.epoch}-{news.place}\n"
    if news.changes is None:
        return f"{own}event: reset\ndata: {{}}\n\n"
    return f"{own}event: change\ndata: {json.dumps([asdict(each) for each in news.changes])}\n\n"
