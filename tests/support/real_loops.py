"""Event loops of real time, and whom a client trusts that speaks to a test over HTTP or TLS."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import uvloop

from headrace.kube.credentials import Credentials, Login, Server

EVENT_LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def credentials(url: str, certificate: Path) -> Credentials:
    """Return those of somebody who trusts the certificate."""
    return Credentials(Server(url), lambda *, anew: Login(ca_file=str(certificate / "ca.crt")))  # noqa: ARG005 - the shape of every reader
