"""Ready-made templates that need no large server, on a real cluster with their images."""

import hashlib
from typing import Any

import pytest
import yaml

from cluster.control import ROOT, Stage
from cluster.story import Story
from cluster.test_ready_made import CONTRACT
from tools.cluster.demo import provide_image

pytestmark = pytest.mark.cluster

CANARY = "c4n4ry-0f-notify"
BODY = "day,orders\n2026-11-30,7\n"
SERVE = f"""
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "{len(BODY)}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write({BODY.encode()!r})

    do_HEAD = do_GET

    def do_POST(self):
        told = self.rfile.read(int(self.headers["Content-Length"]))
        print(self.headers["Idempotency-Key"], told.decode(), flush=True)
        self.do_GET()

HTTPServer(("", 8080), Handler).serve_forever()
"""


def provided(shared_stage: Stage, story: Story, name: str) -> None:
    """Build the image of a template, and make the template one of the namespace."""
    cluster = shared_stage.cluster
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((ROOT / f"task-images/{name}/template.yaml").read_text())
    provide_image(cluster, ROOT / f"task-images/{name}", template["spec"]["image"])
    story.apply({**template, "kind": "TaskTemplate"})


@pytest.fixture
def server(shared_stage: Stage, story: Story) -> str:
    """Return the address of a web server in the cluster."""
    provide_image(shared_stage.cluster, ROOT / "task-images/contract", CONTRACT)
    command = ["python", "-c", SERVE]
    pod = {"containers": [{"name": "server", "image": CONTRACT, "command": command}]}
    story.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "server"}, "spec": pod})

    def address() -> Any:
        status = story.get("pod", "server").get("status", {})
        return status.get("podIP") if status.get("phase") == "Running" else None

    return str(story.until("the server runs", address))


def test_files_copies_with_a_hash_as_nobody(shared_stage: Stage, story: Story, server: str) -> None:
    """On a read-only root; and an address of the cluster must be allowed by name."""
    provided(shared_stage, story, "files")
    given = {"source": f"http://{server}:8080/orders.csv", "target": "/tmp/in/"}  # noqa: S108
    digest = hashlib.sha256(BODY.encode()).hexdigest()
    open_ = {**given, "allow": [server]}
    story.workflow(
        "files",
        {"name": "copy", "uses": "files@v1", "with": {**open_, "sha256": digest}},
        {"name": "closed", "uses": "files@v1", "with": given, "allowFailure": True},
        {"name": "other", "uses": "files@v1", "with": {**open_, "sha256": "0" * 64}}
        | {"allowFailure": True},
    )
    story.ended("files-once")
    outcomes = {"copy": "Succeeded", "closed": "Failed", "other": "Failed"}
    assert outcomes == story.outcomes("files-once")
    outputs = story.get("taskrun", "files-once.copy")["status"]["outputs"]
    assert (["/tmp/in/orders.csv"], len(BODY), digest) == (  # noqa: S108 - of the pod
        outputs["files"],
        outputs["bytes"],
        outputs["sha256"],
    )
    for task, code, says in (("closed", 2, "no public address"), ("other", 3, "the sha256 is")):
        status = story.get("taskrun", f"files-once.{task}")["status"]
        assert [code] == [each["exitCode"] for each in status["attempts"]], "no further attempt"
        assert says in story.kubectl("logs", status["attempts"][0]["podName"])


def test_python_passes_a_value_on(shared_stage: Stage, story: Story) -> None:
    """As nobody, on a read-only root; and a script that fails says where."""
    provided(shared_stage, story, "python")
    count = {"script": "outputs['total'] = sum(orders)", "variables": {"orders": [3, 4]}}
    total = "${{ {'total': tasks.count.outputs.total} }}"
    tell = {"script": "print(f'the total is {total}')", "variables": total}
    story.workflow(
        "python",
        {"name": "count", "uses": "python@v1", "with": count},
        {"name": "tell", "dependsOn": ["count"], "uses": "python@v1", "with": tell},
        {"name": "wrong", "uses": "python@v1", "with": {"script": "x = ("}, "allowFailure": True},
    )
    story.ended("python-once")
    outcomes = {"count": "Succeeded", "tell": "Succeeded", "wrong": "Failed"}
    assert outcomes == story.outcomes("python-once")
    for task, says in (("tell", "the total is 7"), ("wrong", "script is not Python")):
        (attempt,) = story.get("taskrun", f"python-once.{task}")["status"]["attempts"]
        assert says in story.kubectl("logs", attempt["podName"])


def test_notify_tells_once_with_the_facts(shared_stage: Stage, story: Story, server: str) -> None:
    """As nobody, on a read-only root; the address comes from a Secret and is told nowhere."""
    provided(shared_stage, story, "notify")
    addresses = {"right": f"json://ada:{CANARY}@{server}:8080/", "wrong": f"nonsense://{CANARY}"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "to"}}
    story.apply({**secret, "stringData": addresses})
    tasks = [
        {
            "name": name,
            "uses": "notify@v1",
            "with": {"to": {"secretRef": {"name": "to", "key": name}}, "title": "late"},
            "allowFailure": True,
        }
        for name in addresses
    ]
    story.workflow("notify", *tasks)
    story.ended("notify-once")
    assert {"right": "Succeeded", "wrong": "Failed"} == story.outcomes("notify-once")
    outputs = story.get("taskrun", "notify-once.right")["status"]["outputs"]
    told = story.kubectl("logs", "server")
    assert 1 == told.count(outputs["key"])
    assert "run: notify-once" in told
    (attempt,) = story.get("taskrun", "notify-once.wrong")["status"]["attempts"]
    assert 2 == attempt["exitCode"], "no further attempt"
    assert "none that apprise knows" in story.kubectl("logs", attempt["podName"])
    kinds = "workflow,workflowrun,taskrun,controllerrevision,job,event"
    assert CANARY not in story.kubectl("get", kinds, "--output", "yaml")
