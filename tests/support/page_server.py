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

from headrace.web.places import Place
from headrace.web.serving import server_of

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
def page_over(place: Place, port: int = 0) -> Iterator[Page]:
    """Serve a place in a thread; on port 0, any free one."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    port = listener.getsockname()[1]
    server = server_of(place, port, SECRET)
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
