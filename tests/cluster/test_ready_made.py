"""The ready-made templates on a real cluster, with their images: `task-images`."""

from typing import Any

import pytest
import yaml

from cluster.control import ROOT, Stage
from cluster.looking import Manifest
from cluster.story import Story
from tools.cluster.demo import provide_image

pytestmark = pytest.mark.cluster

VERSION = "0.1.0"
CONTRACT = f"headrace/task-contract:{VERSION}"
CANARY = "c4n4ry-0f-http"
SERVE = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        right = self.headers.get("Authorization") == "Bearer TOKEN"
        self.send_response(200 if right else 401)
        self.end_headers()
        if right:
            number = int(self.path.partition("page=")[2] or 1)
            following = f"/?page={number + 1}" if number < 3 else None
            self.wfile.write(json.dumps({"data": [number], "next": following}).encode())

HTTPServer(("", 8080), Handler).serve_forever()
""".replace("TOKEN", CANARY)


@pytest.fixture(scope="module")
def server(shared_stage: Stage, story: Story) -> str:
    """Return the address of an HTTP server in the cluster, once the images are there."""
    cluster = shared_stage.cluster
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((ROOT / "task-images/http/template.yaml").read_text())
    image = template["spec"]["image"]
    provide_image(cluster, ROOT / "task-images/http", image)
    # As one of the namespace: the test's controller reads no others.
    story.apply({**template, "kind": "TaskTemplate"})
    command = ["python", "-c", SERVE]
    pod = {"containers": [{"name": "server", "image": CONTRACT, "command": command}]}
    story.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "server"}, "spec": pod})

    def address() -> Any:
        status = story.get("pod", "server").get("status", {})
        return status.get("podIP") if status.get("phase") == "Running" else None

    return str(story.until("the server runs", address))


def secret(name: str, value: str) -> Manifest:
    """Return a Secret with a token."""
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"t": value}}


def call(name: str, server: str, token: str, **given: Any) -> Manifest:
    """Return a task that calls the server."""
    key = {"secretRef": {"name": token, "key": "t"}}
    pages = {"nextField": "next", "itemsField": "data"}
    values = {"url": f"http://{server}:8080/", "token": key, **pages, **given}
    return {"name": name, "uses": "http@v1", "with": values}


def test_http_calls_with_a_secret_and_follows_pages(story: Story, server: str) -> None:
    """As nobody, with a read-only root; and a cluster's address must be allowed by name."""
    story.apply(secret("right", CANARY), secret("wrong", "x"))
    story.workflow(
        "http",
        call("pages", server, "right", allow=[server], saveTo="/tmp/all"),  # noqa: S108 - of the pod
        {**call("closed", server, "right"), "allowFailure": True},
        {**call("refused", server, "wrong", allow=[server]), "allowFailure": True},
    )
    story.ended("http-once")
    outcomes = {"pages": "Succeeded", "closed": "Failed", "refused": "Failed"}
    assert outcomes == story.outcomes("http-once")
    outputs = story.get("taskrun", "http-once.pages")["status"]["outputs"]
    assert (200, 3, 6) == (outputs["status"], outputs["pages"], outputs["bytes"])
    for task, says in {"closed": "no public address", "refused": "refuses the credentials"}.items():
        status = story.get("taskrun", f"http-once.{task}")["status"]
        assert [2] == [each["exitCode"] for each in status["attempts"]], "no further attempt"
        pod = status["attempts"][0]["podName"]
        assert says in story.kubectl("logs", pod)
    kinds = "workflow,workflowrun,taskrun,controllerrevision,job,event"
    assert CANARY not in story.kubectl("get", kinds, "--output", "yaml")


def test_sql_runs_the_example_of_its_page(shared_stage: Stage, story: Story) -> None:
    """As it is written; and a server that is away is tried again later, with a secret's file."""
    cluster = shared_stage.cluster
    folder = ROOT / "task-images/sql"
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((folder / "template.yaml").read_text())
    provide_image(cluster, folder, template["spec"]["image"])
    story.apply({**template, "kind": "TaskTemplate"}, secret("db", CANARY))
    written = (folder / "README.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    key = {"secretRef": {"name": "db", "key": "t"}}
    away = {"url": "postgresql://a@127.0.0.1/b", "password": key, "statement": "SELECT 1"}
    once = {"limit": 0}
    lost = {"name": "lost", "uses": "sql@v1", "with": away, "retry": once, "allowFailure": True}
    story.workflow("sql", *yaml.safe_load(written)["spec"]["tasks"], lost)
    story.ended("sql-once")
    assert {"count": "Succeeded", "lost": "Failed"} == story.outcomes("sql-once")
    outputs = story.get("taskrun", "sql-once.count")["status"]["outputs"]
    assert (1, "Ada", {"customer": "Ada", "euros": 22}) == (
        outputs["rows"],
        outputs["value"],
        outputs["first"],
    )
    status = story.get("taskrun", "sql-once.lost")["status"]
    assert [75] == [each["exitCode"] for each in status["attempts"]]
    kinds = "workflow,workflowrun,taskrun,controllerrevision,job,event"
    assert CANARY not in story.kubectl("get", kinds, "--output", "yaml")


def test_transform_runs_the_example_of_its_page(shared_stage: Stage, story: Story) -> None:
    """As it is written, as nobody, with a read-only root."""
    cluster = shared_stage.cluster
    folder = ROOT / "task-images/transform"
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((folder / "template.yaml").read_text())
    provide_image(cluster, folder, template["spec"]["image"])
    story.apply({**template, "kind": "TaskTemplate"})
    written = (folder / "README.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    story.workflow("transform", *yaml.safe_load(written)["spec"]["tasks"])
    story.ended("transform-once")
    assert {"days": "Succeeded"} == story.outcomes("transform-once")
    assert 7 == story.get("taskrun", "transform-once.days")["status"]["outputs"]["rows"]
