"""When a workflow runs next: `headrace schedule next`."""

import json
from pathlib import Path

from support.window import CommandStage, command, workflow

BERLIN = {"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}
HOURLY = {"schedule": {"cron": "0 * * * *"}}
FILE = """
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: stock}
spec:
  triggers: [{schedule: {cron: "30 2 * * *", timeZone: Europe/Berlin}}]
  defaults: {image: busybox}
  tasks: [{name: a, command: ["true"]}]
"""


async def test_ticks_are_those_of_the_controller(cluster: CommandStage) -> None:
    """Also on the day on which the clocks skip the hour; the name is that of the tick's run."""
    cluster.put(workflow(spec={"triggers": [BERLIN]}))
    words = ["schedule", "next", "stock", "-c", "2", "--after", "2030-03-30T12:00:00Z"]
    ticks = json.loads((await cluster.call(*words, "-o", "json")).out)["ticks"]
    assert [
        ("stock-31685820", "2030-03-31T03:00:00+02:00", "2030-03-31T01:00:00Z"),
        ("stock-31687230", "2030-04-01T02:30:00+02:00", "2030-04-01T00:30:00Z"),
    ] == [(tick["run"], tick["local"], tick["utc"]) for tick in ticks]
    shown = await cluster.call(*words)
    assert "Sun 2030-03-31 03:00:00 Europe/Berlin" in shown.lines[1]


async def test_all_schedules_are_one_list(cluster: CommandStage) -> None:
    """An instant that two share starts one run, so it is there once."""
    cluster.put(workflow(spec={"triggers": [HOURLY, {"onApply": {}}, HOURLY]}))
    words = ["--after", "2030-01-01T00:30:00Z", "-c", "3", "-o", "name"]
    shown = await cluster.call("schedule", "next", "workflow/stock", *words)
    assert ["stock-31557660", "stock-31557720", "stock-31557780"] == shown.lines


async def test_a_suspended_workflow_is_told(cluster: CommandStage) -> None:
    """Its times are there; nothing will run."""
    cluster.put(workflow(spec={"triggers": [HOURLY], "suspend": True}))
    shown = await cluster.call("schedule", "next", "stock")
    assert (0, 6) == (shown.code, len(shown.lines))
    assert "workflow stock is suspended: no run starts before it is resumed\n" == shown.err


async def test_a_workflow_without_schedule_is_told(cluster: CommandStage) -> None:
    """And is no error."""
    cluster.put(workflow())
    shown = await cluster.call("schedule", "next", "stock")
    assert (0, "workflow stock has no schedule that fires again\n") == (shown.code, shown.err)


def test_a_file_needs_no_cluster(tmp_path: Path) -> None:
    """So that an author can look before applying."""
    path = tmp_path / "stock.yaml"
    path.write_text(FILE)
    shown = command("schedule", "next", str(path), "-c", "1", KUBECONFIG="", HOME=str(tmp_path))
    assert (0, "") == (shown.code, shown.err)
    assert "Europe/Berlin" in shown.lines[1]
    path.write_text(FILE.replace("30 2 * * *", "30 25 * * *"))
    wrong = command("schedule", "next", str(path))
    assert 2 == wrong.code
    assert f"{path}:6: spec.triggers[0].schedule.cron" in wrong.err


async def test_wrong_words_are_told(cluster: CommandStage) -> None:
    """In one sentence each."""
    cluster.put(workflow())
    shown = await cluster.call("schedule", "next", "stok")
    assert 3 == shown.code
    shown = await cluster.call("schedule", "next", "stock", "--after", "noon")
    assert (2, "--after: 'noon' is no instant; write it as 2030-01-31T02:30:00Z\n") == (
        shown.code,
        shown.err,
    )
    assert 2 == (await cluster.call("schedule", "next", "run/stock")).code
