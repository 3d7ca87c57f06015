"""The template `http`: its program against servers of this machine."""

import json
import socket
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from task_images.conftest import IMAGES, Ended, Program, called

HERE = ["127.0.0.1"]
TOKEN = "t0k3n-of-the-test"  # noqa: S105 - to see where it turns up


class Handler(BaseHTTPRequestHandler):
    """Answers by path; what was asked is on the server."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append((self.command, self.path, dict(self.headers)))
        length = int(self.headers.get("Content-Length") or 0)
        server.bodies.append(self.rfile.read(length))
        status, headers, body = server.answer(self.path)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the server asks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Counts how often each path was asked for."""

    def __init__(self, answers: Callable[[str, int], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> Answer:
        """Return the answer of a path."""
        return self.answers(path, sum(path == each for _, each, _ in self.asked))


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str, int], Answer]], Server]]:
    """Return what starts a server."""
    servers: list[Server] = []

    def start(answers: Callable[[str, int], Answer]) -> Server:
        server = Server(answers)
        servers.append(server)
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def http(python_of: Callable[[str], Path], tmp_path: Path) -> Program:
    """Return what runs the program with some parameters."""
    return partial(called, python_of("http"), IMAGES / "http" / "task.py", tmp_path)


def always(status: int, body: Any = b"", **headers: str) -> Callable[[str, int], Answer]:
    """Return what answers everything alike."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _path, _count: (status, headers, data)


def test_a_body_is_saved(http: Program, serve: Any, tmp_path: Path) -> None:
    """With what was asked for, and the outputs say how much it was."""
    server = serve(always(200, b"hello"))
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    done = http(
        url=f"{server.url}/a",
        query={"day": "1&2"},
        saveTo="out/a",
        token_FILE=str(secret),
        allow=HERE,
    )
    assert 0 == done.code, done
    assert b"hello" == (tmp_path / "out" / "a").read_bytes()
    assert {"status": 200, "pages": 1, "bytes": 5} == {
        name: value for name, value in done.outputs.items() if name != "sha256"
    }
    ((method, path, headers),) = server.asked
    assert ("GET", "/a?day=1%262", f"Bearer {TOKEN}") == (method, path, headers["Authorization"])
    assert TOKEN not in json.dumps(done.lines) + done.errors


def test_pages_are_followed_to_the_last_one(http: Program, serve: Any, tmp_path: Path) -> None:
    """Their items are lines of one file."""

    def answer(path: str, _count: int) -> Answer:
        number = int(path.partition("page=")[2] or 1)
        following = f"/items?page={number + 1}" if number < 3 else None
        page = {"data": [{"n": number}, {"n": -number}], "links": {"next": following}}
        return 200, {}, json.dumps(page).encode()

    server = serve(answer)
    done = http(
        url=f"{server.url}/items",
        nextField="links.next",
        itemsField="data",
        saveTo="all",
        allow=HERE,
    )
    assert (0, 3) == (done.code, done.outputs["pages"])
    lines = (tmp_path / "all").read_text().splitlines()
    assert [1, -1, 2, -2, 3, -3] == [json.loads(line)["n"] for line in lines]


def test_the_credentials_go_to_no_other_server(http: Program, serve: Any) -> None:
    """A page that names another server as the next one may be written by anybody."""
    other = serve(always(200, {"data": []}))
    server = serve(always(200, {"data": [], "next": f"{other.url}/steal"}))
    done = http(url=server.url, nextField="next", itemsField="data", token=TOKEN, allow=HERE)
    assert 2 == done.code
    assert "on another server" in done.last
    assert [] == other.asked


def test_it_waits_until_a_field_has_a_value(http: Program, serve: Any) -> None:
    """Each look is a line of the log."""
    states = ["queued", "runs", "done"]
    server = serve(
        lambda _, count: (200, {}, json.dumps({"job": {"state": states[count - 1]}}).encode())
    )
    done = http(
        url=server.url, untilField="job.state", untilValues=["done"], everySeconds=0, allow=HERE
    )
    assert 0 == done.code, done
    assert 3 == len(server.asked)


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [("error", 3, 'state is "error"'), ("runs", 75, 'state is still "runs" after 0s')],
)
def test_a_state_that_does_not_come(
    http: Program, serve: Any, state: str, code: int, says: str
) -> None:
    """One that means failure ends the task at once; else a later attempt may see another."""
    server = serve(always(200, {"state": state}))
    done = http(
        url=server.url,
        untilField="state",
        untilValues=["done"],
        failValues=["error"],
        withinSeconds=0,
        allow=HERE,
    )
    assert (code, says) == (done.code, done.last)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, 2, "refuses the credentials"),
        (403, 2, "refuses the credentials"),
        (404, 2, "answers 404 Not Found; correct the call"),
        (503, 75, "the server answers 503, 2 times"),
        (429, 75, "the server answers 429, 2 times"),
    ],
)
def test_an_answer_that_is_none(
    http: Program, serve: Any, status: int, code: int, says: str
) -> None:
    """What can be cured by waiting is tried again; what cannot says what to do."""
    server = serve(always(status, **{"Retry-After": "0"}))
    done = http(url=server.url, tries=2, allow=HERE)
    assert code == done.code
    assert says in done.last
    assert (2 if code == 75 else 1) == len(server.asked)


def test_a_busy_server_is_asked_again(http: Program, serve: Any) -> None:
    """As many seconds later as it says."""
    server = serve(
        lambda _, count: (503, {"Retry-After": "0"}, b"") if count < 3 else (200, {}, b"ok")
    )
    assert 0 == http(url=server.url, allow=HERE).code
    assert 3 == len(server.asked)


def test_a_server_that_is_away(http: Program) -> None:
    """It may be back at the next attempt."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = http(url=f"http://127.0.0.1:{port}", tries=1, allow=HERE)
    assert 75 == done.code
    assert "refused" in done.last


def cut_off(_path: str, _count: int) -> Answer:
    """Promise more than comes."""
    return 200, {"Content-Length": "100", "Connection": "close"}, b"half"


def test_half_a_body_is_saved_nowhere(http: Program, serve: Any, tmp_path: Path) -> None:
    """The file is there as a whole or not at all."""
    server = serve(cut_off)
    done = http(url=server.url, saveTo="out", tries=1, timeoutSeconds=2, allow=HERE)
    assert 75 == done.code, done
    assert not (tmp_path / "out").exists()
    assert [] == list(tmp_path.glob(".out*"))


def test_what_may_not_be_sent_twice_is_not(http: Program, serve: Any) -> None:
    """A POST without an answer may have been done."""
    server = serve(cut_off)
    done = http(url=server.url, method="POST", body={"a": 1}, timeoutSeconds=2, allow=HERE)
    assert 3 == done.code
    assert "nobody knows whether POST was done" in done.last
    assert [b'{"a":1}'] == server.bodies


NOT_PUBLIC = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://224.0.0.1/",
    "http://user:pass@127.0.0.1/",
]


@pytest.mark.parametrize("url", NOT_PUBLIC)
def test_addresses_that_are_not_public_are_refused(http: Program, url: str) -> None:
    """However they are written: the address of the connection counts, not the text."""
    done = http(url=url, tries=1, timeoutSeconds=3)
    assert 2 == done.code, done
    assert "no public address" in done.last or "correct url" in done.last


def test_a_redirect_is_no_way_around(http: Program, serve: Any) -> None:
    """Each connection is checked, whoever asked for it."""
    inside = serve(always(200, b"secret"))
    server = serve(always(302, Location=f"http://127.0.0.2:{inside.server_port}/"))
    done = http(url=server.url, allow=HERE)
    assert 2 == done.code
    assert "127.0.0.2, which is no public address" in done.last
    assert [] == inside.asked


HOSTILE = [
    "'; DROP TABLE x",
    "$(touch x)",
    "`touch x`",
    "{{7*7}}",
    "\r\nX-Evil: 1",
    "%00",
    "../../x",
    "é\u202e",
    "${{ 1 }}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_data(http: Program, serve: Any, tmp_path: Path, text: str) -> None:
    """In a query, a header or a body it stays what it is, or is refused."""
    server = serve(always(200))
    done: Ended = http(url=server.url, query={"q": text}, body=text, method="POST", allow=HERE)
    assert 0 == done.code, done
    assert [text.encode()] == server.bodies
    done = http(url=server.url, headers={"X-Text": text}, allow=HERE)
    assert done.code in {0, 2}, done
    assert not any("X-Evil" in headers for _, _, headers in server.asked)
    assert {"outputs"} >= {each.name for each in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "parameter url is missing"),
        ({"url": "http://a:port/"}, "correct url"),
        ({"url": "http://127.0.0.1", "tries": "many"}, "parameter tries must be of type int"),
        ({"url": "http://127.0.0.1", "allow": ["1.2.3.4/99"]}, "is no network"),
    ],
)
def test_wrong_parameters_end_with_2(http: Program, given: dict[str, Any], says: str) -> None:
    """No further attempt can cure them."""
    done = http(**given)
    assert 2 == done.code, done
    assert says in done.last
