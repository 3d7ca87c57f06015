"""The workflows of the files of a laptop, and runs of them: `headrace.web.files_here`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from headrace.cli.window.options import Window
from headrace.web.places import LaptopPlace
from support.page_server import Page, page_over
from support.web_stages import HELLO, laptop

COUNT = {"name": "count", "type": "Integer", "enum": [1, 2], "description": "How many."}
NEW = {
    **HELLO,
    "metadata": {"name": "new"},
    "spec": {
        "params": [COUNT],
        "defaults": {"image": "busybox"},
        "tasks": [{"name": "only", "command": ["sh", "-c", "true"]}],
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which `hello` has run; `new` has not, and other files are no manifests."""
    made = tmp_path_factory.mktemp("files")
    laptop(made, HELLO)
    (made / "new.yaml").write_text(yaml.safe_dump(NEW))
    (made / "broken.yaml").write_text("a: [")
    (made / "compose.yaml").write_text("services: {}")
    wrong = {**NEW, "metadata": {"name": "wrong"}, "spec": {"tasks": [{"nam": "x"}]}}
    (made / "wrong.json").write_text(json.dumps(wrong))
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Page]:
    """Return the page over it."""
    with page_over(LaptopPlace(Window(state=folder / ".headrace"))) as page:
        yield page


def test_workflows_of_files_are_there_before_they_have_run(server: Page) -> None:
    """With today's definition."""
    rows = server.get("/api/workflows").json["items"]
    assert ["hello", "new", "wrong"] == [row["name"] for row in rows]
    page = server.get("/api/workflows/new").json
    assert (True, ["only"]) == (page["startable"], [node["task"] for node in page["nodes"]])
    assert [["1", "2"]] == [param["choices"] for param in page["params"]]


def test_a_workflow_of_a_file_is_started(server: Page, folder: Path) -> None:
    """By `headrace run`, which a preview names; the run is there at once."""
    path = "/api/workflows/new/start"
    for params, words in (({}, "count"), ({"count": "3"}, "count"), ({"coutn": "1"}, "coutn")):
        shown = server.post(path, {"params": params, "preview": True}).json
        assert words in shown["problem"]
        assert (422, shown["problem"]) == (
            (wrong := server.post(path, {"params": params})).status,
            wrong.json["message"],
        )
    asked = {"params": {"count": "2"}, "logical_time": "2030-01-31T00:00:00Z"}
    shown = server.post(path, {**asked, "preview": True}).json
    assert shown["command"].startswith(f"headrace run {folder / 'new.yaml'}")
    assert [] == server.get("/api/runs?workflow=new").json["items"]
    done = server.post(path, asked).json
    (row,) = server.get("/api/runs?workflow=new").json["items"]
    assert (done["run"], "2030-01-31T00:00:00Z") == (row["name"], row["logical_time"])


def test_what_keeps_a_file_from_running_is_told(server: Page, folder: Path) -> None:
    """As `headrace run` tells it: file, field and cure."""
    shown = server.post("/api/workflows/wrong/start", {"preview": True}).json
    assert "wrong.json" in shown["problem"]
    assert "nam" in shown["problem"]
    gone = server.post("/api/workflows/none/start", {})
    assert (422, True) == (gone.status, "no file" in gone.json["message"])
    (folder / "workflow.yaml").rename(folder / "workflow.txt")
    page = server.get("/api/workflows/hello").json
    assert (False, "NoFile") == (page["startable"], page["row"]["state"]["reason"])
