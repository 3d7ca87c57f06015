"""Backfills with a click: `headrace.web.backfills`."""

from headrace.cluster.kinds import BACKFILLS
from support.page_server import Page
from support.web_stages import ClusterPage
from support.window import ago, backfill, run, workflow

DAYS = {"first": "2030-01-01T00:00:00Z", "last": "2030-01-03T00:00:00Z", "step": "day"}
PATH = "/api/workflows/stock/backfill"


async def test_a_preview_names_the_runs_and_creates_nothing(cluster: ClusterPage) -> None:
    """One that is there already is left alone, and shown."""
    put = cluster.stage.put
    put(workflow())
    first = (await cluster.post(PATH, {**DAYS, "preview": True})).json
    there = first["planned"][1]["run"]
    spec = {"logicalTime": first["planned"][1]["time"]}
    put(run(there, "Failed", spec=spec, completionTime=ago(minutes=1)))
    again = (await cluster.post(PATH, {**DAYS, "preview": True})).json
    assert "2 of 3 logical times would get a run" == again["message"]
    assert [True, False, True] == [bool(each["run"]) for each in again["planned"]]
    assert f"{there} Failed" == again["planned"][1]["existing"]
    repeated = {**DAYS, "existing": "rerun-failed", "preview": True}
    assert "3 of 3" in (await cluster.post(PATH, repeated)).json["message"]
    assert (
        404 == (await cluster.post("/api/backfills/stock-20300101-20300103/steer/stop", {})).status
    )


async def test_a_backfill_is_created_and_steered(cluster: ClusterPage) -> None:
    """Once: a second one has the same name, and is refused."""
    cluster.stage.put(workflow())
    done = await cluster.post(PATH, {**DAYS, "max_active": 2})
    assert 200 == done.status, done.text
    spec = cluster.stage.read(BACKFILLS, "stock-20300101-20300103")["spec"]
    assert ("Day", 2) == (spec["step"], spec["maxActive"])
    assert 409 == (await cluster.post(PATH, DAYS)).status
    path = "/api/backfills/stock-20300101-20300103/steer/pause"
    shown = (await cluster.post(path, {"preview": True})).json
    assert "patch backfill stock-20300101-20300103" in shown["command"]
    assert "no new run starts" in (await cluster.post(path, {})).json["message"]
    assert (
        "Pause" == cluster.stage.read(BACKFILLS, "stock-20300101-20300103")["spec"]["desiredState"]
    )


async def test_what_cannot_be_is_told(cluster: ClusterPage) -> None:
    """With the words of the command; in a preview, as an answer."""
    put = cluster.stage.put
    put(workflow())
    put(backfill(reason="Succeeded"))
    over = await cluster.post("/api/backfills/january/steer/pause", {})
    assert (422, True) == (over.status, "has ended" in over.json["message"])
    for asked, words in (
        ({**DAYS, "first": "yesterday"}, "no instant"),
        ({**DAYS, "first": "2031-01-01T00:00:00Z"}, "--from"),
        ({**DAYS, "step": "schedule"}, "schedule"),
        ({**DAYS, "step": "schedule", "time_zone": "Europe/Berlin"}, "--time-zone"),
    ):
        shown = (await cluster.post(PATH, {**asked, "preview": True})).json
        assert words in shown["problem"], shown


def test_a_laptop_has_none(here: Page) -> None:
    """Its files do: the message names the command."""
    answer = here.post("/api/workflows/hello/backfill", DAYS)
    assert (422, True) == (answer.status, "headrace backfill FILE" in answer.json["message"])
