"""The template `notify`: its program against mail and web servers of this machine."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from task_images.canary import Canary
from task_images.forking import Fork
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.mails import Mails, mails
from task_images.places import servers_python
from task_images.programs import IMAGES, ROOT, Ended
from task_images.test_http import Server

__all__ = ["mails", "servers_python"]

Run = Callable[..., Ended]
ABOUT = {
    "HEADRACE_NAMESPACE": "prod",
    "HEADRACE_WORKFLOW": "orders",
    "HEADRACE_RUN": "orders-1",
    "HEADRACE_TASK": "tell",
    "HEADRACE_LOGICAL_TIME": "2026-11-30T01:00:00+00:00",
}


@pytest.fixture
def notify(forked: Fork, tmp_path: Path) -> Run:
    """Return what runs the program with some parameters."""
    program = forked("notify", tmp_path)
    known = {"title": "orders are late", "tries": 1, "timeoutSeconds": 5}
    return lambda to, **given: program.run({**known, "to": to, **given}, ABOUT)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return what starts a web server that answers with a status, or with some in turn."""
    running: list[Server] = []

    def start(*status: int) -> Server:
        server = Server(
            lambda _path, count: (status[min(count, len(status)) - 1], {}, b"answer to it")
        )
        running.append(server)
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def webhook(server: Server, path: str = "") -> str:
    """Return the address by which apprise calls a server."""
    return f"json://127.0.0.1:{server.server_port}/{path}"


def test_the_example_of_its_page_runs(
    python_of: Callable[[str], Path], serve: Callable[..., Server], tmp_path: Path
) -> None:
    """As it is written there, in an environment that is there already."""
    server = serve(200)
    page = (IMAGES / "notify" / "README.md").read_text()
    (command,) = re.findall(r"^WITH_to=\S+ headrace (run .*)$", page, re.MULTILINE)
    words = command.split()  # run, the workflow, --runner, process
    words[1] = str(shutil.copy(ROOT / words[1], tmp_path))
    own = {"HEADRACE_CACHE": str(python_of("notify").parents[3]), "WITH_to": webhook(server)}
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.prefix) / "bin" / "headrace", *words],
        cwd=tmp_path,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    (body,) = server.bodies
    told = json.loads(body)
    assert ("orders are late", "warning") == (told["title"], told["type"])
    assert "workflow: default/notify-example" in told["message"]


def test_people_are_told_with_the_facts(
    notify: Run, mails: Mails, serve: Callable[..., Server]
) -> None:
    """By mail and by a webhook, which can know the message again."""
    server = serve(200)
    to = f"# the team\n{mails.url()}\n\n{webhook(server)}\n"
    done = notify(to, body="since six\nno file", severity="failure", link="https://ui/runs/1")
    assert (0, 2) == (done.code, done.outputs["sent"]), done
    mail = mails.next()
    assert "orders are late" == mail["subject"]
    assert "ada@example.com" in mail["to"]
    told = json.loads(server.bodies[0])
    assert "failure" == told["type"]
    for text in (mail["text"].replace("\r", ""), told["message"]):
        assert "since six\nno file\n" in text
        assert "workflow: prod/orders\nrun: orders-1\ntask: tell\nlogical time: 2026" in text
        assert "https://ui/runs/1" in text
    assert done.outputs["key"] == server.asked[0][2]["Idempotency-Key"]
    assert 0 == notify(webhook(server), facts=False).code
    assert "orders are late" == json.loads(server.bodies[1])["message"]


def test_a_title_is_one_line(notify: Run, mails: Mails) -> None:
    """It can bring no header of its own into a mail."""
    assert 0 == notify(mails.url(), title="late\r\nBcc: eve@example.com\n\nx").code
    mail = mails.next()
    assert "late Bcc: eve@example.com x" == mail["subject"]
    assert "Bcc" not in mail["headers"]


def test_what_cannot_be_sent_is_told(
    notify: Run, mails: Mails, serve: Callable[..., Server]
) -> None:
    """In one sentence, without the address: it has secrets."""
    good = webhook(serve(200))
    for to, code, says in (
        ("", 2, "to has 0 addresses"),
        ("# none", 2, "to has 0 addresses"),
        ("nonsense://x", 2, "address 1 is none that apprise knows"),
        (f"{good}\nnonsense", 2, "address 2 is none that apprise knows"),
        (webhook(serve(401)), 2, "JSON (1) refuses the credentials"),
        (webhook(serve(404)), 2, "JSON (1) answers 404; correct the secret"),
        (webhook(serve(503)), 75, "JSON (1) answers 503, 1 times"),
        (webhook(serve(429)), 75, "JSON (1) answers 429"),
        ("json://127.0.0.1:1/", 75, "JSON (1) cannot be reached"),
        (f"{good}\njson://127.0.0.1:1/", 75, "JSON (2) cannot be reached"),
        (mails.url(password="wrong"), 2, "refuses the credentials"),  # noqa: S106 - it is not one
        (mails.url("ada@refused.example.com"), 2, "refuses the message with 550"),
        (mails.url().replace(f":{mails.port}/", ":1/"), 75, "cannot be reached"),
    ):
        done = notify(to)
        assert code == done.code, (to, done)
        assert says in done.last, (to, done.last)
        assert "" == done.errors
    assert 2 == notify(good, severity="loud").code
    assert "title is empty" in notify(good, title="\n").last


def test_a_service_that_is_back_is_told(notify: Run, serve: Callable[..., Server]) -> None:
    """In the same attempt, with the same key."""
    server = serve(503, 200)
    done = notify(webhook(server), tries=2)
    assert 0 == done.code, done
    assert 1 == len({headers["Idempotency-Key"] for _, _, headers in server.asked})
    assert 2 == len(server.asked)


def test_an_expired_certificate_is_told(
    forked: Fork, serve: Callable[..., Server], certificates: Any, tmp_path: Path
) -> None:
    """Nothing is sent to a server that has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate("expired"), certificates.key("expired"))
    server = serve(200)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    given = {"title": "x", "to": f"jsons://127.0.0.1:{server.server_port}/", "tries": 1}
    trusting = {"REQUESTS_CA_BUNDLE": str(certificates.ca)}
    done = forked("notify", tmp_path).run(given, trusting)
    assert (1, True) == (done.code, "certificate is not valid" in done.last), done
    assert [] == server.asked


def test_no_secret_is_told(
    notify: Run, mails: Mails, serve: Callable[..., Server], canary: Canary, tmp_path: Path
) -> None:
    """Whether it is right, wrong, refused, or the server is away."""
    for to, code in (
        (mails.url(), 0),
        (mails.url().replace("from=", "from=@@@"), 2),
        (f"json://ada:{canary.value.replace('/', '%2F')}@127.0.0.1:1/", 75),
        (webhook(serve(404), f"hook-{canary.value}"), 2),
        (f"nonsense://{canary.value}", 2),
        (f"slack://{canary.value}", 2),
    ):
        secret = tmp_path.parent / "to"
        secret.write_text(to)
        with canary.watched():
            done = notify("", to_FILE=str(secret))
        assert done.code in {code, 75, 2}, (to, done)
        canary.check(done, tmp_path)


def test_killed_at_any_point_no_message_is_lost(
    killed: Killed, serve: Callable[..., Server], tmp_path: Path
) -> None:
    """One that comes twice has the same key, so the service can leave it out."""
    server = serve(200)

    def fresh(number: int) -> dict[str, Any]:
        return {"title": f"number {number}", "to": webhook(server, f"{number}"), "tries": 1}

    def check(number: int, _done: Ended) -> None:
        mine = [headers for _, path, headers in server.asked if path == f"/{number}"]
        assert len(mine) in {1, 2}
        assert 1 == len({headers["Idempotency-Key"] for headers in mine})

    killed("notify", tmp_path, fresh, check, calls=r"^(__main__|sending)\.|requests.*(send|post)$")


def test_hostile_texts_are_texts(
    forked: Fork, hostile: Hostile, serve: Callable[..., Server], tmp_path: Path
) -> None:
    """In a title, a body or a link; a service gets them as they are."""
    server = serve(200)
    program = forked("notify", tmp_path)
    known = {"to": webhook(server), "tries": 1, "timeoutSeconds": 5, "facts": False}
    texts = hostile.texts
    done = program.run_all({**known, "title": "x", "body": text, "link": "y"} for text in texts)
    hostile.check(done, hosts=["127.0.0.1"])
    told = [json.loads(body)["message"] for body in server.bodies]
    assert [f"{text}\n\ny" if text else "y" for text in texts] == told
    done = program.run_all({**known, "title": text, "link": text} for text in texts[::10])
    hostile.check(done, hosts=["127.0.0.1"])
    assert [] == list(tmp_path.iterdir())
