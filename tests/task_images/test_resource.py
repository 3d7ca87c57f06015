"""The template `resource`: its program against a small API server of the test."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.hostile_text import hostile_texts
from task_images.canary import VALUE, Canary
from task_images.forking import Fork, Forked
from task_images.programs import IMAGES, Ended

GROUP = "/apis/example.com/v1"
TRAINING = {"apiVersion": "example.com/v1", "kind": "Training", "spec": {"epochs": 3}}
ENDS = {"success": "status.state == 'DONE'", "failure": "status.state == 'BROKEN'"}
KIND = {"name": "trainings", "kind": "Training", "namespaced": True}


def nothing(_method: str, _path: str) -> None:
    """Answer nothing first."""


@dataclass
class Objects:
    """What the API server has, and what it was asked."""

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    made: int = 0
    """How many objects were created."""
    looks: int = 0
    """How often they were looked at."""
    done_after: int = 2
    """After how many looks at an object it is done."""
    state: str = "DONE"
    before: Callable[[str, str], tuple[int, Any] | None] = nothing
    """What answers first, or None."""

    def answer(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Any:
        """Return status and body."""
        self.asked.append((method, path))
        early = self.before(method, path)
        if early is not None:
            return early
        if path == GROUP:
            return 200, {"resources": [KIND]}
        name = path.rpartition("/")[2]
        if method == "PATCH":
            return self._applied(name, body, dry="dryRun" in query)
        if name not in self.found:
            return 404, {"message": "not found"}
        if method == "DELETE":
            return 200, self.found.pop(name)
        self.looks += 1
        if self.looks >= self.done_after and "status" not in self.found[name]:
            self.found[name]["status"] = {"state": self.state, "rows": 7}
        return 200, self.found[name]

    def _applied(self, name: str, body: Any, *, dry: bool) -> Any:
        if not isinstance(body["spec"].get("epochs"), int):
            return 422, {"message": "spec.epochs: Invalid value"}
        whole = {**body, "metadata": {**body["metadata"], "uid": f"uid-{self.made}"}}
        if not dry:
            if name not in self.found:
                self.made, self.looks = self.made + 1, 0
            self.found[name] = whole
        return 200, whole


class Handler(BaseHTTPRequestHandler):
    """Answers from the objects."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        assert f"Bearer {VALUE}" == self.headers["Authorization"]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        parts = urlsplit(self.path)
        answer = server.objects.answer(self.command, parts.path, parse_qs(parts.query), body)
        status, found = answer
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_PATCH = do_DELETE = do_GET  # noqa: N815 - names that the server asks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """An API server with one kind."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = Objects()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    Thread(target=partial(made.serve_forever, poll_interval=0.05), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@dataclass(frozen=True)
class Resource:
    """The program, and its way to the server."""

    program: Forked
    folder: Path
    secret: Canary

    def way_to(self, address: str) -> None:
        """Write the kubeconfig."""
        config = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": address}}],
            "users": [{"name": "u", "user": {"token": self.secret.value}}],
        }
        (self.folder.parent / "kubeconfig").write_text(json.dumps(config))

    def __call__(
        self, attempt: int = 1, started: Callable[[int], None] = lambda _: None, **given: Any
    ) -> Ended:
        """Run the program to its end."""
        about = {
            "KUBECONFIG": str(self.folder.parent / "kubeconfig"),
            "HEADRACE_RUN": "nightly-1",
            "HEADRACE_TASK": "train",
            "HEADRACE_ATTEMPT": str(attempt),
        }
        whole = {"everySeconds": 0, "tries": 1, "manifest": TRAINING, **ENDS, **given}
        done = self.program.run(whole, about, started=started)
        self.secret.check(done, self.folder)
        return done


@pytest.fixture
def resource(forked: Fork, canary: Canary, tmp_path: Path, server: Server) -> Resource:
    folder = tmp_path / "work"
    folder.mkdir()
    made = Resource(forked("resource", folder), folder, canary)
    made.way_to(f"http://127.0.0.1:{server.server_port}")
    return made


def test_an_object_is_applied_awaited_and_read(resource: Resource, server: Server) -> None:
    done = resource(outputs={"rows": "status.rows + 1"})
    assert (0, 1) == (done.code, server.objects.made), done
    (name,) = server.objects.found
    assert {"name": name, "namespace": "default", "uid": "uid-0", "result": {"rows": 8}} == (
        done.outputs
    )
    labels = server.objects.found[name]["metadata"]["labels"]
    assert {"nightly-1", "train"} == set(labels.values())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_and_repeated_there_is_one_object(
    resource: Resource, server: Server, *, after: bool
) -> None:
    """It dies before the server acts, or right after that."""
    for number in range(1, 11):
        server.objects = Objects(done_after=7)
        pids: list[int] = []
        server.objects.before = partial(strike, server.objects, pids, number, after)
        assert -signal.SIGKILL == resource(started=pids.append).code
        server.objects.before = nothing
        done = resource(2)
        assert (0, 1) == (done.code, server.objects.made), (number, done)


def strike(
    objects: Objects,
    pids: list[int],
    number: int,
    after: bool,  # noqa: FBT001 - by `partial`
    *_: str,
) -> tuple[int, Any] | None:
    """Kill the program at a request."""
    if len(objects.asked) == number:
        os.kill(pids[0], signal.SIGKILL)
        return None if after else (500, {})
    return None


@pytest.mark.parametrize("policy", ["Never", "Always"])
def test_a_failed_object_fails_the_task_and_the_next_attempt_makes_a_new_one(
    resource: Resource, server: Server, policy: str
) -> None:
    server.objects.state = "BROKEN"
    done = resource(deleteAfter=policy)
    assert (3, True) == (done.code, "failed: BROKEN" in done.last), done
    assert (policy == "Never") == bool(server.objects.found)
    server.objects.state = "DONE"
    assert (0, 2) == (resource(2).code, server.objects.made)


def test_a_cancelled_task_deletes_its_object(resource: Resource, server: Server) -> None:
    server.objects.done_after = 10**9
    pids: list[int] = []

    def cancel(method: str, _path: str) -> None:
        if method == "GET" and server.objects.looks == 3:
            os.kill(pids[0], signal.SIGTERM)

    server.objects.before = cancel
    done = resource(started=pids.append)
    assert (143, 1, {}) == (done.code, server.objects.made, server.objects.found), done


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no object": ({"manifest": ["x"]}, "manifest is no object"),
    "a name": ({"manifest": {**TRAINING, "metadata": {"name": "x"}}}, "metadata.name has no place"),
    "a way out of the path": ({"manifest": {**TRAINING, "apiVersion": "../v1"}}, "correct it"),
    "an unknown kind": ({"manifest": {**TRAINING, "kind": "Trainig"}}, "has no kind Trainig"),
    "another schema": ({"manifest": {**TRAINING, "spec": {}}}, "spec.epochs: Invalid value"),
    "no CEL": ({"success": "status."}, "success is no expression"),
    "no end to delete after": ({"success": "", "deleteAfter": "Always"}, "needs to know the end"),
    "no try": ({"tries": 0}, "tries are 1 or more"),
    "no value of JSON": ({"outputs": {"a": "duration('1s')"}}, "outputs.a is no value of JSON"),
    "no field to read": ({"outputs": {"a": "status.b"}}, "outputs.a: Key not found"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_parameters_end_with_a_sentence(resource: Resource, case: str) -> None:
    given, says = WRONG[case]
    done = resource(**given)
    assert (says in done.last, "") == (True, done.errors), done
    assert (3 if case in {"no field to read", "no value of JSON"} else 2) == done.code


ANSWERS: dict[str, tuple[int, int, str, str]] = {
    "who asks is unknown": (401, 2, "Unauthorized", "renew the credentials"),
    "who asks may not": (
        403,
        2,
        'trainings.example.com "x" is forbidden: User "u" cannot create resource',
        'a Role with the rule {apiGroups: ["example.com"], resources: [trainings], verbs: [get, ',
    ),
    "a field is misspelt": (
        500,
        2,
        "failed to create typed patch object: .spec.epoch: field not declared in schema",
        ".spec.epoch: field not declared in schema; correct the manifest",
    ),
    "the server is busy": (503, 75, "etcd", "is away: it answers 503: etcd"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_each_refusal_says_what_to_do(resource: Resource, server: Server, case: str) -> None:
    status, code, message, says = ANSWERS[case]
    server.objects.before = lambda method, _path: (
        (status, {"message": message}) if method == "PATCH" else None
    )
    done = resource()
    assert (code, True, "") == (done.code, says in done.last, done.errors), done


def test_a_server_that_is_away_is_tried_again_later(resource: Resource) -> None:
    resource.way_to("http://127.0.0.1:1")
    assert 75 == resource().code


def test_a_server_that_goes_away_while_an_object_works_is_waited_for(
    resource: Resource, server: Server
) -> None:
    server.objects.before = lambda method, _path: (
        (503, {}) if method == "GET" and 5 < len(server.objects.asked) < 9 else None
    )
    server.objects.done_after = 4
    done = resource()
    assert (0, True) == (done.code, any(each["level"] == "warning" for each in done.lines))


def test_hostile_texts_are_data(
    resource: Resource, server: Server, python_of: Callable[[str], Path]
) -> None:
    """As values they arrive as they are; as names they are refused before any request."""
    texts = hostile_texts(1000)
    manifest = {**TRAINING, "spec": {"epochs": 1, "texts": texts}}
    assert 0 == resource(manifest=manifest).code
    (found,) = server.objects.found.values()
    assert texts == found["spec"]["texts"]
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1])\n"
        "from manifest import checked, namespace_of, name_for\n"
        "from judging import rules\n"
        "from task_contract import Given, WrongInput\n"
        "import re\n"
        "def refused(call, *given):\n"
        "    try:\n        call(*given)\n"
        "    except WrongInput:\n        return True\n"
        "for text in json.load(sys.stdin):\n"
        "    for field in ('apiVersion', 'kind'):\n"
        "        whole = {'apiVersion': 'v1', 'kind': 'A', field: text}\n"
        "        assert refused(checked, whole) or re.fullmatch('[A-Za-z0-9]+', text), text\n"
        "    assert refused(namespace_of, {'metadata': {'namespace': text}}, 'a')"
        " or re.fullmatch('[a-z0-9]+', text), text\n"
        "    name = name_for(Given(run=text, task=text))\n"
        "    assert re.fullmatch('[a-z]([a-z0-9-]*[a-z0-9])?', name) and len(name) < 46, name\n"
        "    refused(rules, text, text, text, text, {text: text})\n"
    )
    done = subprocess.run(  # noqa: S603 - a program of this repository
        [python_of("resource"), "-c", script, IMAGES / "resource"],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr.decode()[-800:]
