"""Why something does not run: `headrace explain`."""

import json

from support.window import CommandStage, revision, run, task, workflow

WORDS = "0/1 nodes are available"


def waiting(cluster: CommandStage) -> None:
    cluster.put(run("r", revision="stock-1", progress="0/2"))
    cluster.put(revision("stock-1", {"name": "a"}, {"name": "b", "dependsOn": ["a"]}))
    attempts = [{"number": 1, "podName": "pod-a"}]
    cluster.put(task("r", "a", "Unschedulable", WORDS, attempts=attempts))


async def test_a_run_is_explained(cluster: CommandStage) -> None:
    """Down to the words of the scheduler, and those of newer Events."""
    waiting(cluster)
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop"},
        "involvedObject": {"name": "pod-a"},
        "type": "Warning",
        "message": "1 node has a taint",
    }
    cluster.put(event)
    shown = await cluster.call("explain", "r")
    assert (0, "") == (shown.code, shown.err)
    assert shown.lines[0].startswith("run r: Running")
    assert f": {WORDS} → make room" in shown.lines[1]
    assert "task a: Event: 1 node has a taint" == shown.lines[2]


async def test_events_that_may_not_be_read_are_left_out(cluster: CommandStage) -> None:
    """The rest is worth reading."""
    waiting(cluster)
    cluster.refuse["GET events"] = (403, {"reason": "Forbidden", "message": "cannot list"})
    assert 3 == len((await cluster.call("explain", "r")).lines)


async def test_a_task_is_explained_by_what_holds_it(cluster: CommandStage) -> None:
    """Also one that has not started, which has no object."""
    waiting(cluster)
    shown = await cluster.call("explain", "r", "b")
    assert "task b: WaitingForUpstream: waits for a" == shown.lines[0]
    assert shown.lines[1].startswith("task a: Unschedulable")
    same = await cluster.call("explain", "task/r.a")
    assert shown.lines[1].partition(" (")[0] == same.lines[0].partition(" (")[0]


async def test_a_workflow_is_explained(cluster: CommandStage) -> None:
    """By its name alone, if no run has it."""
    cluster.put(workflow(spec={"suspend": True}))
    assert "its triggers are off" in (await cluster.call("explain", "stock")).out


async def test_programs_read_findings(cluster: CommandStage) -> None:
    """With the reason apart, to match on."""
    waiting(cluster)
    found = json.loads((await cluster.call("explain", "r", "-o", "json")).out)["findings"]
    assert ["Running", "Unschedulable", "WaitingForUpstream"] == [each["reason"] for each in found]


async def test_wrong_names_are_told(cluster: CommandStage) -> None:
    """With the nearest."""
    waiting(cluster)
    assert 3 == (await cluster.call("explain", "nope")).code
    shown = await cluster.call("explain", "r", "c")
    assert (3, "there is no task 'c' in run r; headrace list shows the names\n") == (
        shown.code,
        shown.err,
    )
