"""Kopf is kept at work, whatever the API server answers: `headrace.controller.frame`."""

import ast
import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import kopf
import pytest
from aiohttp import web

import headrace
from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.frame import MISSING, Frame
from headrace.controller.handlers import WorkflowChange
from headrace.kube.client import Client
from headrace.kube.pace import Clock
from headrace.kube.resources import Ref
from headrace.kube.sender import Settings
from headrace.kube.transport import Request, Response
from headrace.manifests.kube import OwnObject
from support.api_http import METADATA, OF_META, answering, serving
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.virtual_time import seeded

VERSION = {"version": WORKFLOWS.version, "groupVersion": WORKFLOWS.api_version}
GROUP = {"name": WORKFLOWS.group, "versions": [VERSION], "preferredVersion": VERSION}
KIND = {
    "name": WORKFLOWS.plural,
    "kind": WORKFLOWS.kind,
    "singularName": "workflow",
    "namespaced": True,
    "verbs": ["get", "list", "watch", "patch"],
}
NAMESPACE = {**KIND, "name": "namespaces", "kind": "Namespace", "singularName": "namespace"}
Fault = Callable[[web.Request], Any]


def status(code: int) -> Fault:
    """Answer a watch with an HTTP status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "code": code, "message": "odd"}, status=code)

    return answer


def line(text: str) -> Fault:
    """Answer a watch with one line, or with a part of one, and then the end."""

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(text.encode())
        return stream

    return answer


class Discovery(MemoryTransport):
    """The way to the server of a stage, with discovery."""

    def __init__(self, stage: "Stage") -> None:
        super().__init__(stage.server)
        self._stage = stage
        self.refuses = False

    async def send(self, request: Request, seconds: float) -> Response:
        answer = await super().send(request, seconds)
        documents = {
            "/apis": {"groups": [GROUP] if self._stage.discovered else []},
            f"/apis/{WORKFLOWS.api_version}": {"resources": [KIND]},
        }
        if self.refuses or request.target not in documents:
            return answer
        return Response(200, json.dumps(documents[request.target]).encode(), {})


class Stage:
    """An API server with one workflow, and what is heard of workflows."""

    def __init__(self) -> None:
        self.server = ApiServer()
        self.way = Discovery(self)
        # What a real second is for the test is a minute for whoever waits.
        clock = Clock(sleep=lambda seconds: asyncio.sleep(seconds / 60))
        self.client = Client(self.way, Settings(clock=clock), seeded(7))
        self.faults: list[Fault] = []
        """What is answered to the next watches of workflows."""
        self.discovered = True
        """Whether the API server names workflows among what it serves."""
        self.discovered_by_kopf = True
        """Whether the other API server does, that kopf asks."""
        self.heard: asyncio.Queue[WorkflowChange] = asyncio.Queue()
        self.missed = asyncio.Event()
        self.url = ""
        self.wanted: list[tuple[bool, str]] = []
        """Of each request for workflows: whether it is a watch, and what it takes for an answer."""
        self.watched = asyncio.Event()
        self.frame = Frame(self.heard.put_nowait, self.missed.set, (), self.client)

    async def make(self, name: str) -> None:
        """Create a workflow."""
        body = {"metadata": {"name": name, "namespace": "default"}, "spec": {}}
        await self.client.create(WORKFLOWS, body, OwnObject)

    async def hears(self, name: str, *, gone: bool = False) -> None:
        """Return when something of this workflow is heard."""
        async with asyncio.timeout(60):
            while True:
                told = await self.heard.get()
                if (told.name, told.gone) == (name, gone):
                    return

    async def misses(self) -> None:
        """Return when the frame says that there is nothing to watch."""
        async with asyncio.timeout(60):
            while MISSING not in (self.frame.trouble or ""):  # noqa: ASYNC110 - a thread says it
                await asyncio.sleep(0.01)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as an API server does, discovery included."""
        groups = [GROUP] if self.discovered and self.discovered_by_kopf else []
        documents = {
            "/api": {"versions": ["v1"]},
            "/api/v1": {"resources": [NAMESPACE]},
            "/apis": {"groups": groups},
            f"/apis/{WORKFLOWS.api_version}": {"resources": [KIND]},
        }
        if request.path in documents:
            return web.json_response(documents[request.path])
        if request.path.endswith("/workflows"):
            self.wanted.append(("watch" in request.query, request.headers["Accept"]))
        if "watch" in request.query and request.path.endswith("/workflows"):
            self.watched.set()
        if request.query.get("watch") and request.path.endswith("/workflows") and self.faults:
            answer: web.StreamResponse = await self.faults.pop(0)(request)
            return answer
        return await answering(self.server)(request)

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[None]:
        """Let the frame run."""
        async with serving(self.answer) as self.url:
            work = asyncio.create_task(self.frame.run())
            try:
                yield
                assert not work.done()
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Return a stage on which kopf finds the server, and gets the same token each time."""
    made = Stage()
    monkeypatch.setattr(
        kopf,
        "login_via_client",
        lambda **_: kopf.ConnectionInfo(server=made.url, token="always-the-same"),  # noqa: S106
    )
    return made


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(status(401), id="the token is not accepted for a moment"),
        pytest.param(status(404), id="the server has lost sight of the CRD"),
        pytest.param(status(400), id="the server does not understand the request"),
        pytest.param(
            line('{"type": "ERROR", "object": {"kind": "Status", "code": 500}}\n'),
            id="etcd has another leader",
        ),
        pytest.param(line('{"type": "MODI'), id="the stream is cut in the middle of a line"),
    ],
)
async def test_an_odd_answer_to_a_watch_ends_nothing(stage: Stage, fault: Fault) -> None:
    """
    Kopf's operator ends by it; another one begins, and what happens is heard again.

    What it did not hear meanwhile is said to be missed.
    """
    await stage.make("first")
    stage.faults.append(fault)
    async with stage.runs():
        await stage.hears("first")
        await stage.hears("first")  # The list of the second operator.
        await stage.make("second")
        await stage.hears("second")
        assert stage.frame.trouble is None
        async with asyncio.timeout(60):
            await stage.missed.wait()


async def test_at_first_there_may_be_no_workflow(stage: Stage) -> None:
    """The API server sends null for a list of no metadata."""
    async with stage.runs():
        async with asyncio.timeout(60):
            await stage.watched.wait()
        await stage.make("first")
        await stage.hears("first")


async def test_no_definition_is_asked_for(stage: Stage) -> None:
    """Kopf holds all that it hears for some seconds; a definition may have a megabyte."""
    await stage.make("first")
    async with stage.runs():
        await stage.hears("first")
        await stage.make("second")
        await stage.hears("second")
    want = {(False, f"{METADATA}List{OF_META}"), (True, f"{METADATA}{OF_META}")}
    assert want == set(stage.wanted)


async def test_a_deletion_is_heard_as_one(stage: Stage) -> None:
    """So that nothing goes on being known of what is gone."""
    await stage.make("first")
    async with stage.runs():
        await stage.hears("first")
        await stage.client.delete(Ref(WORKFLOWS, "default", "first"))
        await stage.hears("first", gone=True)


async def test_crds_may_be_installed_after_the_controller(stage: Stage) -> None:
    """Until then it says plainly what is missing, and then it watches."""
    await stage.make("first")
    stage.way.refuses = True  # It answers 404.
    async with stage.runs():
        await stage.misses()
        stage.way.refuses = False
        await stage.hears("first")
        assert stage.frame.trouble is None


@pytest.mark.parametrize(
    "lags",
    [
        pytest.param("discovered", id="the one API server lags"),
        pytest.param("discovered_by_kopf", id="the one that kopf asks lags, the other does not"),
    ],
)
async def test_discovery_may_lag_behind_the_crds(stage: Stage, lags: str) -> None:
    """Kopf asks once what there is; if that is too early, it is begun anew."""
    await stage.make("first")
    setattr(stage, lags, False)
    async with stage.runs():
        await stage.misses()
        setattr(stage, lags, True)
        await stage.hears("first")
        assert stage.frame.trouble is None


def test_kopf_is_used_by_its_public_names_only() -> None:
    """Private ones may change with any release; then a fix of kopf's would break us."""
    imported = {
        name
        for path in Path(headrace.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imports(node)
    }
    assert {"kopf"} == {name for name in imported if name.split(".")[0] == "kopf"}


def imports(node: ast.AST) -> list[str]:
    """Return what a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
