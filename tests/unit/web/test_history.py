"""A workflow over its runs: `headrace.web.history`, over a cluster and over a laptop."""

import pytest

from support.page_server import Page
from support.web_stages import ClusterPage
from support.window import ago, revision, run, task, workflow


def filled(cluster: ClusterPage) -> None:
    """Put a workflow with two revisions, and a run of each, into a cluster."""
    put = cluster.stage.put
    put(workflow(spec={"tasks": [{"name": "extract"}]}))
    put(revision("stock-1", {"name": "extract"}, {"name": "load", "retry": {"limit": 1}}))
    put(revision("stock-2", {"name": "extract"}, {"name": "load"}) | {"revision": 2})
    times = {"startTime": ago(minutes=9), "completionTime": ago(minutes=4)}
    put(run("a", "Failed", revision="stock-1", **times))
    put(run("b", "Running", revision="stock-2", startTime=ago(minutes=2)))
    put(task("a", "extract", "Succeeded"))
    put(task("a", "load", "Failed"))
    put(task("b", "extract", "Running"))
    put(task("other", "extract", "Running"))


async def test_the_grid_has_each_task_of_each_run(cluster: ClusterPage) -> None:
    """Oldest run first; what has not started has its state too."""
    filled(cluster)
    grid = (await cluster.get("/api/workflows/stock/grid")).json
    states = [each["reason"] for each in grid["states"]]
    assert ["extract", "load"] == grid["tasks"]
    assert {"a": ["Succeeded", "Failed"], "b": ["Running", "Pending"]} == {
        run["name"]: [states[cell] for cell in cells]
        for run, cells in zip(grid["runs"], grid["cells"], strict=True)
    }
    assert grid["more"] is False
    assert (await cluster.get("/api/workflows/stock/grid?runs=1")).json["more"] is True


async def test_the_definition_of_many_runs_is_read_once(cluster: ClusterPage) -> None:
    """One request for each revision, and one for all tasks."""
    filled(cluster)
    for number in range(5):
        cluster.stage.put(run(f"more-{number}", revision="stock-2"))
    begin = len(cluster.stage.asked)
    await cluster.get("/api/workflows/stock/grid")
    assert 4 == len(cluster.stage.asked[begin:])


async def test_what_changed_between_two_revisions_is_told(cluster: ClusterPage) -> None:
    """By field, with the runs that each revision has."""
    filled(cluster)
    items = (await cluster.get("/api/workflows/stock/revisions")).json["items"]
    assert [("stock-2", 2, "b"), ("stock-1", 1, "a")] == [
        (item["name"], item["number"], item["newest_run"]) for item in items
    ]
    path = "/api/workflows/stock/differences?before=stock-1&after=stock-2"
    assert [("tasks[load].retry", "removed")] == [
        (item["field"], item["change"]) for item in (await cluster.get(path)).json["items"]
    ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("differences?before=stock-1&after=none", "none"),
        ("days?zone=Mars/Olympus", "Mars/Olympus"),
        ("days?zone=../../etc/passwd", "time zone"),
        ("days?zone=", "time zone"),
    ],
)
async def test_what_cannot_be_answered_is_told(cluster: ClusterPage, path: str, words: str) -> None:
    """With a sentence for people."""
    filled(cluster)
    answer = await cluster.get(f"/api/workflows/stock/{path}")
    assert answer.status in {404, 422}
    assert words in answer.json["message"]


@pytest.mark.parametrize("part", ["grid", "days", "revisions", "ticks"])
async def test_a_workflow_that_is_not_there_has_no_runs(cluster: ClusterPage, part: str) -> None:
    """Lists of runs are empty: the workflow may be gone, and its runs not yet."""
    answer = await cluster.get(f"/api/workflows/none/{part}")
    assert (404 if part in {"revisions", "ticks"} else 200) == answer.status


def test_a_laptop_has_the_definitions_of_its_runs(here: Page) -> None:
    """Each is named after the first run that had it."""
    name = here.get("/api/runs").json["items"][-1]["name"]
    (item,) = here.get("/api/workflows/hello/revisions").json["items"]
    assert (name, 1) == (item["name"], item["number"])
    grid = here.get("/api/workflows/hello/grid").json
    assert ["extract", "load", "report", "tidy"] == grid["tasks"]
    assert ["good", "bad", "off", "good"] == [
        grid["states"][cell]["tone"] for cell in grid["cells"][0]
    ]
