"""The server of `headrace ui` on a port of this machine, and a client that is no browser."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from headrace.web.app import application
from headrace.web.guard import door
from headrace.web.places import Place

SECRET = "the-token-of-a-test"  # noqa: S105 - no secret


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Page:
    """A server, and how to ask it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.cookie = f"headrace-ui-{port}={SECRET}"

    def get(self, path: str, **headers: str) -> Answer:
        """Ask as the page does."""
        return self.ask("GET", path, headers={"Cookie": self.cookie, **headers})

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Ask for a change as the page does."""
        own = {"Cookie": self.cookie, "Origin": self.origin, "Content-Type": "application/json"}
        return self.ask("POST", path, json.dumps(body).encode(), {**own, **headers})

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Any = None) -> Answer:
        """Ask with these headers, and no others."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            known = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, known, answer.read())
        finally:
            connection.close()

    @contextmanager
    def events(self, last: str = "") -> Iterator[Iterator[dict[str, str]]]:
        """Follow the changes: each event with its fields."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        own = {"Cookie": self.cookie, **({"Last-Event-ID": last} if last else {})}
        try:
            connection.request("GET", "/api/changes", headers=own)
            answer = connection.getresponse()
            assert 200 == answer.status
            yield _events(answer)
        finally:
            connection.close()


def _events(answer: http.client.HTTPResponse) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    while line := answer.readline():
        words = line.decode().rstrip("\n")
        if words:
            name, _, value = words.partition(": ")
            fields[name] = value
        elif fields:
            yield fields
            fields = {}


@contextmanager
def page_over(place: Place) -> Iterator[Page]:
    """Serve a place in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        application(place, door(port, SECRET)),
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=1,
        ws="none",
    )
    server = uvicorn.Server(config)
    listener.listen()

    def serve() -> None:
        asyncio.run(server.serve(sockets=[listener]))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Page(port)
    finally:
        server.should_exit = True
        thread.join(10)
