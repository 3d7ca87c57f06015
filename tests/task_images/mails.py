"""
A mail server for the tests of `notify`.

    def test_...(mails: Mails) -> None:
        ...                          # send to mails.url
        mail = mails.next()          # {"subject": ..., "to": ..., "headers": [...], "text": ...}
"""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from task_images.canary import VALUE
from task_images.places import asked, running


@dataclass(frozen=True)
class Mails:
    """A running server."""

    process: "subprocess.Popen[str]"
    port: int

    def url(self, to: str = "ada@example.com", password: str = VALUE) -> str:
        """Return an address of apprise that sends to somebody."""
        place = f"mailto://ada:{quote(password, safe='')}@127.0.0.1:{self.port}"
        return f"{place}/?from=flow@example.com&to={to}&mode=insecure&smtp=127.0.0.1&format=text"

    def next(self) -> dict[str, Any]:
        """Return the next mail."""
        return dict(asked(self.process, {}))


@pytest.fixture
def mails(servers_python: Path) -> Iterator[Mails]:
    """Return a running mail server: one for each test, so that no mail of another is in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running(servers_python, "smtp.py", str(port)) as (process, told):
        yield Mails(process, **told)
