"""The server of the page: it listens on loopback alone. Knows uvicorn, and no route."""

import socket
from typing import Final

import uvicorn

from headrace.cli.streams import note
from headrace.cli.window.options import Window
from headrace.cli.window.source import Source
from headrace.web.app import application
from headrace.web.changes import Changes
from headrace.web.guard import TOKEN, door
from headrace.web.places import Place, place_of

_MOST_CONNECTIONS: Final = 400


def address_of(listener: socket.socket, path: str, secret: str) -> str:
    """Return the first address of the page."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}{path}?{TOKEN}={secret}"


def serve(window: Window, source: Source, listener: socket.socket, secret: str) -> None:
    """Serve the page until a signal comes."""
    place = place_of(window, source)
    note(f"shows {place.title}; Ctrl-C ends it")
    server_of(place, listener.getsockname()[1], secret).run(sockets=[listener])


class Server(uvicorn.Server):
    """A server that lets its streams go before it ends: they would go on for ever."""

    def __init__(self, config: uvicorn.Config, changes: Changes) -> None:
        super().__init__(config)
        self._changes = changes

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._changes.close()
        await super().shutdown(sockets)


def server_of(place: Place, port: int, secret: str) -> Server:
    """Return the server over a place, for a socket on a port of this machine."""
    changes = Changes()
    config = uvicorn.Config(
        application(place, door(port, secret), changes),
        lifespan="off",
        log_level="warning",
        access_log=False,  # the first address has the token
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
        ws="none",
    )
    return Server(config, changes)
