"""What tests of templates rely on: deaths, hostile texts, a canary, servers."""

import signal
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.mariadb import MariaDB
from support.postgres import NetPostgres
from task_images.canary import Canary
from task_images.forking import Counted, Fork
from task_images.hostility import Hostile
from task_images.killing import Killed, spread
from task_images.programs import Ended

HERE = ["127.0.0.1"]
SAMPLE = 20
"""Each of so many texts: a call of `http` reads all certificates of the machine."""


class Echo(BaseHTTPRequestHandler):
    """Answers with the text that was asked for."""

    def do_GET(self) -> None:
        text = parse_qs(urlsplit(self.path).query, keep_blank_values=True).get("q", [""])[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """Return the address of a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_fork_is_the_program(forked: Fork, echo: str, tmp_path: Path) -> None:
    """With its own parameters, folder, outputs and exit code, and what it did is known."""
    http = forked("http", tmp_path)
    done = http.run({"url": echo, "query": {"q": "a"}, "saveTo": "out", "allow": HERE})
    assert (0, 200) == (done.code, done.outputs["status"]), done
    assert "a" == (tmp_path / "out").read_text()
    assert [] != [each for each in done.deeds if each[0] == "socket.connect"]
    assert (2, {}) == ((wrong := http.run({})).code, wrong.outputs)
    both = http.run_all([{"url": echo, "allow": HERE, "query": {"q": "ab"}}, {}])
    assert [0, 2] == [each.code for each in both]
    assert [2, None] == [each.outputs.get("bytes") for each in both]


def test_a_program_killed_anywhere_does_its_work_in_the_end(
    killed: Killed, echo: str, tmp_path: Path
) -> None:
    """A file of `http` is there as a whole or not at all."""

    def fresh(number: int) -> dict[str, Any]:
        return {"url": echo, "query": {"q": f"{number}"}, "saveTo": f"out{number}", "allow": HERE}

    def check(number: int, done: Ended) -> None:
        assert f"{number}" == (tmp_path / f"out{number}").read_text(), done

    killed("http", tmp_path, fresh, check, calls=r"^__main__\.|^os\.(fsync|replace)|httpx.*send")


def test_a_program_dies_at_the_very_call(forked: Fork, echo: str, tmp_path: Path) -> None:
    """Before the file gets its name, it has none."""
    http = forked("http", tmp_path)
    given = {"url": echo, "query": {"q": "a"}, "saveTo": "out", "allow": HERE}
    done = http.run(given, counted=Counted(r"^os\.replace$", at=1))
    assert -signal.SIGKILL == done.code, done
    assert not (tmp_path / "out").exists()
    done = http.run(given, counted=Counted(r"^os\.replace$", at=2))
    assert -signal.SIGKILL == done.code, done
    assert (tmp_path / "out").exists()


def test_points_are_spread_evenly_and_are_enough() -> None:
    """The first and the last call are among them."""
    assert [1, 4, 7, 10] == spread(10, 4)
    with pytest.raises(AssertionError, match="only 3 calls"):
        spread(3, 20)


def test_hostile_texts_stay_data_in_a_query(
    hostile: Hostile, forked: Fork, echo: str, tmp_path: Path
) -> None:
    """`http` gives each to the server as it is."""
    http = forked("http", tmp_path)
    texts = hostile.texts[::SAMPLE]
    given = [
        {"url": echo, "query": {"q": text}, "saveTo": f"{number}", "allow": HERE}
        for number, text in enumerate(texts)
    ]
    hostile.check(http.run_all(given), hosts=HERE)
    for number, text in enumerate(texts):
        assert text.encode() == (tmp_path / f"{number}").read_bytes()


@pytest.mark.parametrize(
    ("deeds", "says"),
    [
        ([["subprocess.Popen", "sh", "['sh', '-c', 'x']"]], "subprocess"),
        ([["socket.getaddrinfo", "evil.example.com", "80"]], "evil"),
    ],
)
def test_a_text_that_was_code_is_seen(hostile: Hostile, deeds: list[Any], says: str) -> None:
    """A process, or a host that nobody named."""
    hostile.check([Ended(0, [], {}, "")])
    with pytest.raises(AssertionError, match=says):
        hostile.check([Ended(0, [], {}, "", deeds)], hosts=HERE)


@pytest.mark.parametrize(
    "hide",
    [
        lambda canary, _: Ended(0, [{"message": f"x {canary.value} y"}], {}, ""),
        lambda canary, _: Ended(0, [], {"a": canary.value}, ""),
        lambda canary, folder: (
            (folder / "left").write_bytes(b64encode(canary.value.encode())) and Ended(0, [], {}, "")
        ),
        lambda canary, _: Ended(0, [], {}, "", [["subprocess.Popen", f"-p{canary.value}"]]),
    ],
    ids=["in a log", "in outputs", "in a file, as base64", "on a command line"],
)
def test_a_canary_is_found(
    canary: Canary, tmp_path: Path, hide: Callable[[Canary, Path], Ended]
) -> None:
    """Wherever it is, and however it is written."""
    canary.check(Ended(0, [], {}, ""), tmp_path)
    done = hide(canary, tmp_path)
    with pytest.raises(AssertionError):
        canary.check(done, tmp_path)


def test_postgresql_has_passwords_and_certificates(postgres_server: NetPostgres) -> None:
    """Its databases belong to a user with a password."""
    name = postgres_server.new_database().rpartition("/")[2]
    assert "on" == postgres_server.query(name, "SHOW ssl").strip()
    owner = "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
    want = postgres_server.query(name, f"{owner} WHERE d.datname = '{name}'")
    assert postgres_server.user == want.strip()


def test_mariadb_has_passwords_and_certificates(mariadb_server: MariaDB) -> None:
    """Its databases are open to a user with a password."""
    name = mariadb_server.new_database().rpartition("/")[2]
    assert "YES" == mariadb_server.query(name, "SELECT @@have_ssl").strip()
    mariadb_server.present("expired")
    mariadb_server.present("valid")
