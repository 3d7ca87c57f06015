"""The answers of the API, over a cluster and over a laptop: `headrace.web.routes`."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from headrace.cli.window.options import Window
from headrace.cluster.kinds import APPROVALS, WORKFLOW_RUNS, WORKFLOWS
from headrace.web.app import api
from headrace.web.changes import Changes
from headrace.web.places import LaptopPlace
from support.hostile_text import hostile_texts
from support.page_server import Page
from support.web_stages import ClusterPage
from support.window import ago, approval, pod, revision, run, task, workflow


def filled(cluster: ClusterPage) -> None:
    """Put one of each kind into a cluster."""
    put = cluster.stage.put
    tasks = [{"name": "extract"}, {"name": "load", "dependsOn": ["extract"]}, {"name": "ask"}]
    put(revision("stock-1", *tasks))
    put(revision("stock-2", *tasks[:2]) | {"revision": 2})
    daily = {"schedule": {"cron": "0 2 * * *", "timeZone": "Europe/Berlin"}}
    params = [{"name": "day", "type": "String"}]
    put(
        workflow(
            spec={"tasks": tasks, "params": params, "triggers": [daily]},
            nextRunTime="2030-02-01T02:00:00Z",
        )
    )
    status = {"revision": "stock-1", "progress": "1/3"}
    attention = [{"task": "load", "reason": "Unschedulable", "message": "no node"}]
    put(run("now", attention=attention, **status))
    put(run("broken", "Failed", "extract failed", completionTime="2020-01-01T00:00:00Z", **status))
    attempt = {
        "number": 1,
        "createdTime": ago(minutes=9),
        "scheduledTime": ago(minutes=8),
        "startTime": ago(minutes=7),
        "finishTime": ago(minutes=6),
        "reason": "NonZeroExit",
        "exitCode": 3,
        "podName": "now-extract-1",
    }
    later = {"number": 2, "createdTime": ago(minutes=5)}
    put(task("now", "extract", "Running", attempts=[attempt, later], attemptCount=2))
    put(approval("now", "ask"))
    put(pod("now", "extract"))
    cluster.stage.logs["now-extract-1"] = [
        "2030-01-31T12:00:00Z <script>",
        "2030-01-31T12:00:01Z b",
    ]
    for kind, spec, state in (
        (
            "Pool",
            {"slots": 2},
            {"used": 1, "holders": [{"run": "now", "task": "load", "slots": 1}]},
        ),
        (
            "Backfill",
            {"workflow": "stock", "from": "2030-01-01", "to": "2030-01-02"},
            {"total": 2, "done": 1, "progress": "1/2"},
        ),
    ):
        put(
            {
                "apiVersion": "headrace.dev/v1alpha1",
                "kind": kind,
                "metadata": {"name": "a", "namespace": "shop"},
                "spec": spec,
                "status": state,
            }
        )


GETS = {
    "/api/place": "/api/place",
    "/api/now": "/api/now",
    "/api/workflows": "/api/workflows",
    "/api/workflows/{workflow}": "/api/workflows/WORKFLOW",
    "/api/workflows/{workflow}/grid": "/api/workflows/WORKFLOW/grid",
    "/api/workflows/{workflow}/days": "/api/workflows/WORKFLOW/days?zone=Asia/Tokyo",
    "/api/workflows/{workflow}/revisions": "/api/workflows/WORKFLOW/revisions",
    "/api/workflows/{workflow}/differences": (
        "/api/workflows/WORKFLOW/differences?before=OLD&after=NEW"
    ),
    "/api/workflows/{workflow}/ticks": "/api/workflows/WORKFLOW/ticks",
    "/api/runs": "/api/runs?workflow=WORKFLOW&limit=3",
    "/api/runs/{run}": "/api/runs/RUN",
    "/api/runs/{run}/tasks/{task}": "/api/runs/RUN/tasks/extract",
    "/api/pools": "/api/pools",
    "/api/backfills": "/api/backfills",
    "/api/approvals": "/api/approvals",
}
"""Each route that answers with JSON, and a way to ask it."""


def asked(path: str, names: dict[str, str]) -> str:
    """Return the address of a route, with names instead of their stand-ins."""
    address = GETS[path]
    for stand_in, real in names.items():
        address = address.replace(stand_in, real)
    return address


def types() -> dict[str, Any]:
    routes = list(api(LaptopPlace(Window(local=True)), Changes()).routes)
    return {
        route.path: route.response_model
        for route in flat(routes)
        if "GET" in route.methods and route.response_model is not None and route.include_in_schema
    }


def flat(routes: Any) -> list[APIRoute]:
    """Return all routes, those of routers inside too."""
    found = []
    for route in routes:
        if isinstance(route, APIRoute):
            found.append(route)
        found += flat(getattr(getattr(route, "original_router", None), "routes", ()))
    return found


def test_each_route_has_a_way_to_ask_it() -> None:
    """A new route is tried too."""
    assert GETS.keys() == types().keys()


@pytest.mark.parametrize("path", GETS)
async def test_an_answer_over_a_cluster_fits_its_type(cluster: ClusterPage, path: str) -> None:
    """In each field, and has something to show."""
    filled(cluster)
    names = {"WORKFLOW": "stock", "RUN": "now", "OLD": "stock-1", "NEW": "stock-2"}
    answer = await cluster.get(asked(path, names))
    assert 200 == answer.status, answer.text
    TypeAdapter(types()[path]).validate_json(answer.body, strict=True)
    assert [] != answer.json.get("items")


@pytest.mark.parametrize("path", GETS)
def test_an_answer_over_a_laptop_fits_its_type(here: Page, path: str) -> None:
    """The same types, from the folder of state."""
    name = here.get("/api/runs").json["items"][0]["name"]
    names = {"WORKFLOW": "hello", "RUN": name, "OLD": name, "NEW": name}
    answer = here.get(asked(path, names))
    assert 200 == answer.status, answer.text
    TypeAdapter(types()[path]).validate_json(answer.body, strict=True)


async def test_the_first_page_says_what_needs_somebody(cluster: ClusterPage) -> None:
    """A question, a task that cannot start; a run that failed long ago needs nobody."""
    filled(cluster)
    now = (await cluster.get("/api/now")).json
    assert [("approval", "ask"), ("stuck", "load")] == [
        (need["kind"], need["task"]) for need in now["needs"]
    ]
    assert ["now"] == [row["name"] for row in now["running"]]
    assert [{"workflow": "stock", "time": "2030-02-01T02:00:00Z"}] == now["upcoming"]


async def test_a_run_comes_with_its_graph_and_its_bars(cluster: ClusterPage) -> None:
    """Waiting, pulling and running apart."""
    filled(cluster)
    page = (await cluster.get("/api/runs/now")).json
    assert ["extract", "load", "ask"] == [node["task"] for node in page["nodes"]]
    assert [{"before": "extract", "after": "load"}] == page["edges"]
    assert [["waiting", "pulling", "running"], ["waiting"]] == [
        [phase["phase"] for phase in bar["phases"]] for bar in page["bars"]
    ]
    assert ["ask"] == [row["task"] for row in page["approvals"]]


async def test_logs_are_text(cluster: ClusterPage) -> None:
    """As lines of JSON for the page, and as a file to save."""
    filled(cluster)
    lines = (await cluster.get("/api/runs/now/logs?task=extract")).body.splitlines()
    assert ["<script>", "b"] == [json.loads(line)["text"] for line in lines]
    saved = await cluster.get("/api/runs/now/logs.txt?tail=1")
    assert "2030-01-31T12:00:01Z extract | b\n" == saved.text
    assert saved.headers["content-type"].startswith("text/plain")
    assert saved.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/runs/none", 404),
        ("/api/runs/none/logs", 404),
        ("/api/runs/now/tasks/none", 404),
        ("/api/workflows/none", 404),
        ("/api/runs?limit=0", 422),
        ("/api/nothing", 404),
    ],
)
async def test_what_is_not_there_is_told(cluster: ClusterPage, path: str, status: int) -> None:
    """With a sentence for people."""
    filled(cluster)
    answer = await cluster.get(path)
    assert status == answer.status
    assert answer.json["message"]


async def test_a_missing_right_is_told(cluster: ClusterPage) -> None:
    """The API server decides: the page has the rights of the person, and no others."""
    message = 'User "bob" cannot list resource "workflowruns"'
    cluster.stage.refuse["GET workflowruns"] = (403, {"reason": "Forbidden", "message": message})
    answer = await cluster.get("/api/now")
    assert 403 == answer.status
    assert answer.json["message"].startswith(message)


async def test_a_run_is_steered(cluster: ClusterPage) -> None:
    """A preview says the command of kubectl, and changes nothing."""
    filled(cluster)
    shown = await cluster.post("/api/runs/now/steer/pause", {"preview": True})
    assert shown.json["command"].endswith(
        "patch workflowrun now --namespace=shop --type=merge"
        """ '--patch={"spec": {"desiredState": "Pause"}}'"""
    )
    assert "Run" == cluster.stage.read(WORKFLOW_RUNS, "now")["spec"]["desiredState"]
    await cluster.post("/api/runs/now/steer/pause", {})
    assert "Pause" == cluster.stage.read(WORKFLOW_RUNS, "now")["spec"]["desiredState"]
    ended = await cluster.post("/api/runs/broken/steer/pause", {})
    assert (422, True) == (ended.status, "has ended" in ended.json["message"])
    shown = await cluster.post("/api/runs/broken/steer/pause", {"preview": True})
    assert (200, ended.json["message"]) == (shown.status, shown.json["problem"])


async def test_a_workflow_is_suspended(cluster: ClusterPage) -> None:
    """Its triggers start no runs."""
    filled(cluster)
    assert 200 == (await cluster.post("/api/workflows/stock/steer/pause", {})).status
    assert cluster.stage.read(WORKFLOWS, "stock")["spec"]["suspend"] is True


async def test_a_run_is_started_with_values(cluster: ClusterPage) -> None:
    """With the types of the workflow's parameters, which are told when they are wrong."""
    filled(cluster)
    wrong = await cluster.post("/api/workflows/stock/start", {"params": {"dya": "x"}})
    assert 422 == wrong.status
    assert "dya" in wrong.json["message"]
    done = (await cluster.post("/api/workflows/stock/start", {"params": {"day": "mon"}})).json
    made = cluster.stage.read(WORKFLOW_RUNS, done["run"])
    assert [{"name": "day", "value": "mon"}] == made["spec"]["params"]
    assert done["command"].startswith("kubectl ")


async def test_a_run_is_repeated(cluster: ClusterPage) -> None:
    """From a task on, with the definition that it had."""
    filled(cluster)
    asked = {"start": "Task", "task": "extract"}
    done = (await cluster.post("/api/runs/broken/rerun", asked)).json
    made = cluster.stage.read(WORKFLOW_RUNS, done["run"])
    assert {"name": "broken", "from": "Task", "task": "extract"} == made["spec"]["rerunOf"]
    early = await cluster.post("/api/runs/now/rerun", {"start": "All"})
    assert (422, True) == (early.status, "has not ended" in early.json["message"])


async def test_a_question_is_answered(cluster: ClusterPage) -> None:
    """With one of its choices, and once."""
    filled(cluster)
    path = "/api/approvals/now-ask-1/answer"
    wrong = await cluster.post(path, {"choice": "perhaps"})
    assert (422, True) == (wrong.status, "perhaps" in wrong.json["message"])
    assert 200 == (await cluster.post(path, {"choice": "reject", "comment": "no"})).status
    answer = cluster.stage.read(APPROVALS, "now-ask-1")["spec"]["answer"]
    assert {"choice": "reject", "comment": "no"} == answer


def test_a_run_of_a_laptop_is_repeated(here: Page) -> None:
    """By a process of its own, whose name is known at once."""
    runs = here.get("/api/runs").json["items"]
    path = f"/api/runs/{runs[-1]['name']}/rerun"
    shown = here.post(path, {"preview": True}).json
    assert shown["command"].startswith(f"headrace rerun {runs[-1]['name']} --state=")
    done = here.post(path, {}).json
    assert done["run"] in [row["name"] for row in here.get("/api/runs").json["items"]]


async def test_a_rerun_has_other_values(cluster: ClusterPage) -> None:
    """With the types of the definition; the page offers those that the run had."""
    filled(cluster)
    count = {"name": "count", "type": "Integer", "default": 3}
    cluster.stage.put(revision("stock-3", {"name": "extract"}, params=[count]))
    spec = {"params": [{"name": "count", "value": 7}]}
    cluster.stage.put(run("seven", "Failed", revision="stock-3", spec=spec))
    (param,) = (await cluster.get("/api/runs/seven")).json["params"]
    assert ("count", "7", False) == (param["name"], param["default"], param["required"])
    asked = {"start": "All", "params": {"count": "many"}}
    wrong = await cluster.post("/api/runs/seven/rerun", asked)
    assert (422, True) == (wrong.status, "count" in wrong.json["message"])
    asked = {"start": "All", "params": {"count": "8"}}
    done = (await cluster.post("/api/runs/seven/rerun", asked)).json
    made = cluster.stage.read(WORKFLOW_RUNS, done["run"])
    assert [{"name": "count", "value": 8}] == made["spec"]["params"]


async def test_hostile_texts_come_as_they_are(cluster: ClusterPage) -> None:
    """In JSON, which no browser takes for a page, whatever they are."""
    texts = [text.encode(errors="replace").decode() for text in hostile_texts(1000)]
    put = cluster.stage.put
    put(revision("stock-1", *({"name": text, "dependsOn": texts[:3]} for text in texts)))
    put(run("now", "Failed", texts[7], revision="stock-1", outputs={"all": texts}))
    put(task("now", "load", "Failed", "".join(texts), outputs={"all": texts}))
    answer = await cluster.get("/api/runs/now")
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert texts == [node["task"] for node in answer.json["nodes"]]


@pytest.mark.parametrize(
    "text", [*hostile_texts(100, seed=1), "..", "%2e%2e/x", "\udcff", "a" * 9000]
)
def test_hostile_addresses_are_told(here: Page, text: str) -> None:
    """No address makes the server fail."""
    from urllib.parse import quote  # noqa: PLC0415 - here only

    written = quote(text.encode(errors="surrogateescape"), safe="")
    for path in ("/api/runs/{}", "/api/runs/{}/tasks/{}", "/api/runs/{}/logs", "/{}", "/assets/{}"):
        answer = here.get(path.format(written, written))
        assert answer.status < 500, answer.text
        # Each address of the page gets one file, which has nothing of the address.
        assert (
            "text/html" not in answer.headers.get("content-type", "")
            or b"<noscript>" in answer.body
        )
    assert here.get(f"/api/runs?status={written[:290]}").status < 500
