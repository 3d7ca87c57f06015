"""The server of the page: it listens on loopback alone. Knows uvicorn, and no route."""

import socket
from typing import Final

import uvicorn

from headrace.cli.streams import note
from headrace.cli.window.options import Window
from headrace.cli.window.source import Source
from headrace.web.app import application
from headrace.web.guard import TOKEN, door
from headrace.web.places import place_of

_MOST_CONNECTIONS: Final = 400


def address_of(listener: socket.socket, path: str, secret: str) -> str:
    """Return the first address of the page."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}{path}?{TOKEN}={secret}"


def serve(window: Window, source: Source, listener: socket.socket, secret: str) -> None:
    """Serve the page until a signal comes."""
    place = place_of(window, source)
    note(f"shows {place.title}; Ctrl-C ends it")
    config = uvicorn.Config(
        application(place, door(listener.getsockname()[1], secret)),
        lifespan="off",
        log_level="warning",
        access_log=False,  # the first address has the token
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
        ws="none",
    )
    uvicorn.Server(config).run(sockets=[listener])
