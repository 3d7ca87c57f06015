"""Objects as a cluster shows them, and the command line over an API server in memory."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from aiohttp import web
from click.testing import CliRunner

from headrace.cli.main import main
from headrace.cluster.kinds import APPROVALS, BACKFILLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.kube.transport import Request
from support.api_http import answering, serving
from support.api_server import ApiServer

Object = dict[str, Any]
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
NAMESPACE = "shop"
TOKEN = "secret-of-alice"  # noqa: S105 - no secret


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**length: float) -> str:
    return written(NOW - timedelta(**length))


def conditions(kind: str, status: str, reason: str, message: str = "") -> list[Object]:
    since = ago(minutes=1)
    words = {"type": kind, "status": status, "reason": reason, "message": message}
    return [{**words, "lastTransitionTime": since}]


ENDS = {"Succeeded": "True", "Failed": "False", "Cancelled": "False", "Stopped": "False"}


def run(name: str, reason: str = "Running", message: str = "", **more: Any) -> Object:
    """Return a WorkflowRun of `stock`; `more` are fields of its status, and `spec`."""
    spec = {"workflow": "stock", "desiredState": "Run", **more.pop("spec", {})}
    status = conditions("Succeeded", ENDS.get(reason, "Unknown"), reason, message)
    return _object(
        WORKFLOW_RUNS, name, spec, {"conditions": status, "observedGeneration": 1, **more}
    )


def task(
    run_name: str, name: str, reason: str = "Running", message: str = "", **more: Any
) -> Object:
    """Return a TaskRun."""
    status = conditions("Succeeded", ENDS.get(reason, "Unknown"), reason, message)
    spec = {"run": run_name, "task": name}
    labels = {"headrace.dev/run": run_name, "headrace.dev/task": name}
    return _object(TASK_RUNS, f"{run_name}.{name}", spec, {"conditions": status, **more}, labels)


def workflow(name: str = "stock", reason: str = "Ready", message: str = "", **more: Any) -> Object:
    """Return a Workflow; `more` are fields of its status, and `spec`."""
    spec = {"tasks": [{"name": "extract"}], "suspend": False, **more.pop("spec", {})}
    status = conditions("Ready", "True" if reason == "Ready" else "False", reason, message)
    return _object(WORKFLOWS, name, spec, {"conditions": status, "observedGeneration": 1, **more})


def backfill(
    name: str = "january", reason: str = "Running", message: str = "", **more: Any
) -> Object:
    """Return a Backfill of `stock`; `more` are fields of its status, and `spec`."""
    span = {"from": "2030-01-01T00:00:00Z", "to": "2030-01-04T00:00:00Z"}
    spec = {"workflow": "stock", **span, "desiredState": "Run", **more.pop("spec", {})}
    status = conditions("Succeeded", ENDS.get(reason, "Unknown"), reason, message)
    return _object(BACKFILLS, name, spec, {"conditions": status, "observedGeneration": 1, **more})


def approval(run_name: str, task_name: str, answer: str | None = None, **spec: Any) -> Object:
    """Return a question."""
    asked = {
        "message": "Load?",
        "choices": ["approve", "reject"],
        "run": run_name,
        "task": task_name,
        "attempt": 1,
        **spec,
    }
    state = ("Unknown", "WaitingForApproval") if answer is None else ("True", "Answered")
    given = {} if answer is None else {"answer": {"choice": answer}}
    labels = {"headrace.dev/run": run_name, "headrace.dev/task": task_name}
    status = {"conditions": conditions("Answered", *state)}
    return _object(APPROVALS, f"{run_name}-{task_name}-1", {**asked, **given}, status, labels)


def pod(
    run_name: str,
    task_name: str,
    attempt: int = 1,
    item: int | None = None,
    state: str = "terminated",
) -> Object:
    """Return the pod of an attempt, or of one of its items."""
    labels = {
        "headrace.dev/run": run_name,
        "headrace.dev/task": task_name,
        "headrace.dev/attempt": str(attempt),
    }
    index = {} if item is None else {"batch.kubernetes.io/job-completion-index": str(item)}
    suffix = "" if item is None else f"-{item}"
    statuses = [
        {"name": "sidecar", "state": {"running": {}}},
        {"name": "main", "state": {state: {}}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{run_name}-{task_name}-{attempt}{suffix}",
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": index,
        },
        "status": {"containerStatuses": statuses},
    }


def revision(name: str, *tasks: Object, **spec: Any) -> Object:
    """Return a ControllerRevision with a definition."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"headrace.dev/workflow": "stock"},
        },
        "data": {"spec": {"tasks": list(tasks), **spec}},
        "revision": 1,
    }


def _object(
    kind: Resource, name: str, spec: Object, status: Object, labels: Mapping[str, str] | None = None
) -> Object:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "creationTimestamp": ago(minutes=2),
            "labels": dict(labels or {}),
        },
        "spec": spec,
        "status": status,
    }


@dataclass(frozen=True)
class Shown:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class CommandStage:
    """An API server in memory, and a kubeconfig that names it."""

    def __init__(self, server: ApiServer, url: str, folder: Path) -> None:
        self.server = server
        self.url = url
        self.folder = folder
        self.asked: list[str] = []
        """All requests: method and target."""
        self.refuse: dict[str, tuple[int, Object]] = {}
        """Answers instead of the server's, by method and a part of the path: `GET taskruns`."""
        self.logs: dict[str, list[str]] = {}
        """The logs of pods, each a list of lines with their times."""
        self.refuse_once: dict[str, tuple[int, Object]] = {}
        """The same, for the next such request only."""
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(kubeconfig(url)))
        self.put({"kind": "Namespace", "metadata": {"name": NAMESPACE}}, "/api/v1/namespaces")

    def put(self, item: Object, path: str | None = None) -> None:
        """Create an object with its status."""
        if path is None:
            plural = {"ControllerRevision": "controllerrevisions"}.get(
                item["kind"], f"{item['kind'].lower()}s"
            )
            group = item["apiVersion"]
            root = "/apis/" if "/" in group else "/api/"
            path = f"{root}{group}/namespaces/{NAMESPACE}/{plural}"
        made = self.server.handle(Request("POST", path, json.dumps(item).encode()))
        assert made.status == 201, made.body
        if item.get("status"):
            self._patch_status(f"{path}/{item['metadata']['name']}", item["status"])

    def set_status(self, item: Object, status: Object) -> None:
        """Change the status of an object."""
        plural = f"{item['kind'].lower()}s"
        root = f"/apis/{item['apiVersion']}/namespaces/{NAMESPACE}/{plural}"
        self._patch_status(f"{root}/{item['metadata']['name']}", status)

    def _patch_status(self, path: str, status: Object) -> None:
        body = json.dumps({"status": status}).encode()
        request = Request("PATCH", f"{path}/status", body, "application/merge-patch+json")
        assert self.server.handle(request).status == 200

    def read(self, kind: Resource, name: str) -> Object:
        """Return an object as it is now."""
        answer = self.server.handle(Request("GET", kind.path(NAMESPACE, name)))
        found: Object = json.loads(answer.body)
        return found

    async def asked_for(self, part: str) -> None:
        """Wait for the next request whose path has this part."""
        begin = len(self.asked)
        while not any(part in asked for asked in self.asked[begin:]):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)

    async def call(self, *words: str, **environ: str) -> Shown:
        """Run a command in a thread, since the server answers in this one."""
        return await asyncio.to_thread(command, *words, KUBECONFIG=str(self.kubeconfig), **environ)


def command(*words: str, stdin: str | None = None, **environ: str) -> Shown:
    """Run a command."""
    with patch.object(sys, "argv", ["headrace", *words]):
        result = CliRunner().invoke(
            main, words, input=stdin, env=environ, prog_name="headrace", catch_exceptions=False
        )
    return Shown(result.exit_code, result.stdout, result.stderr)


def kubeconfig(url: str, token: str = TOKEN, namespace: str = NAMESPACE) -> Object:
    """Return a kubeconfig with one context."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "mem", "cluster": {"server": url}}],
        "users": [{"name": "alice", "user": {"token": token}}],
        "contexts": [
            {
                "name": "here",
                "context": {"cluster": "mem", "user": "alice", "namespace": namespace},
            }
        ],
    }


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[CommandStage]:
    """Serve an API server in memory that accepts one token."""
    server = ApiServer()
    answer = answering(server)

    made: list[CommandStage] = []

    async def guarded(request: web.Request) -> web.StreamResponse:
        made[0].asked.append(f"{request.method} {request.path_qs}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            status = {"kind": "Status", "code": 401, "reason": "Unauthorized"}
            return web.json_response(status, status=401)
        for refusals in (made[0].refuse_once, made[0].refuse):
            for words, (code, body) in list(refusals.items()):
                method, part = words.split()
                if method == request.method and part in request.path:
                    made[0].refuse_once.pop(words, None)
                    return web.json_response(body, status=code)
        pod = request.path.removesuffix("/log").rpartition("/")[2]
        if request.path.endswith("/log") and pod in made[0].logs:
            assert "true" == request.query["timestamps"]
            last = int(request.query.get("tailLines") or 0)
            return web.Response(text="".join(f"{line}\n" for line in made[0].logs[pod][-last:]))
        return await answer(request)

    async with serving(guarded) as url:
        made.append(CommandStage(server, url, folder))
        yield made[0]
