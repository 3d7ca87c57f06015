"""Lists of objects: `headrace list`."""

import json

import pytest
import yaml

from headrace.cluster.kinds import WORKFLOW_RUNS
from support.window import CommandStage, approval, run, task, workflow


def names(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines[1:]]


async def test_runs_are_listed_newest_first(cluster: CommandStage) -> None:
    """Without a word more, it is the runs of the context's namespace."""
    for name, second in (("old", 1), ("new", 3), ("middle", 2)):
        item = run(name)
        cluster.put(item)
        stored = cluster.server.storage.find(WORKFLOW_RUNS, ("shop", name))
        assert stored is not None
        stored["metadata"]["creationTimestamp"] = f"2030-01-01T00:00:0{second}Z"
    shown = await cluster.call("list")
    assert (0, "") == (shown.code, shown.err)
    assert ["NAME", "WORKFLOW", "STATUS", "PROGRESS"] == shown.lines[0].split()[:4]
    assert ["new", "middle", "old"] == names(shown.lines)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["a", "b"]),
        (["--status", "Failed"], ["b"]),
        (["--workflow", "stock"], ["a"]),
        (["--workflow", "other"], ["b"]),
        (["tasks"], ["a.extract", "b.extract"]),
        (["tasks", "--run", "b"], ["b.extract"]),
        (["tasks", "-l", "headrace.dev/run=a"], ["a.extract"]),
        (["hrt", "-r", "b"], ["b.extract"]),
        (["workflows"], ["stock"]),
        (["approvals"], ["a-ask-1"]),
    ],
)
async def test_options_narrow_a_list(
    cluster: CommandStage, words: list[str], expected: list[str]
) -> None:
    """By workflow, run, label and status, for each kind that has such a thing."""
    cluster.put(run("a"))
    cluster.put(run("b", "Failed", spec={"workflow": "other"}))
    for name in ("a", "b"):
        cluster.put(task(name, "extract"))
    cluster.put(workflow())
    cluster.put(approval("a", "ask"))
    shown = await cluster.call("list", *words, "-o", "name")
    assert 0 == shown.code
    assert expected == sorted(line.partition("/")[2] for line in shown.lines)


async def test_the_forms_hold_the_same_objects(cluster: CommandStage) -> None:
    """JSON and YAML are a List as kubectl writes it; names can be given back to kubectl."""
    cluster.put(run("a", "Failed", "task load failed"))
    as_json = json.loads((await cluster.call("list", "-o", "json")).out)
    as_yaml = yaml.safe_load((await cluster.call("list", "-o", "yaml")).out)
    assert as_json == as_yaml
    assert ("v1", "List") == (as_json["apiVersion"], as_json["kind"])
    assert ["a"] == [item["metadata"]["name"] for item in as_json["items"]]
    assert "WorkflowRun" == as_json["items"][0]["kind"]
    assert ["workflowrun.headrace.dev/a"] == (await cluster.call("list", "-o", "name")).lines
    assert "task load failed" not in (await cluster.call("list")).out
    assert "task load failed" in (await cluster.call("list", "-o", "wide")).out


async def test_an_empty_list_is_no_error(cluster: CommandStage) -> None:
    """People read a sentence; programs read an empty list."""
    shown = await cluster.call("list")
    assert (0, "", "there are no runs in namespace shop\n") == (shown.code, shown.out, shown.err)
    listed = await cluster.call("list", "-o", "json")
    assert [] == json.loads(listed.out)["items"]


async def test_a_limit_says_that_there_are_more(cluster: CommandStage) -> None:
    """Nobody takes a part for the whole."""
    for number in range(4):
        cluster.put(run(f"run-{number}"))
        cluster.put(task(f"run-{number}", "extract"))
    for kind in ("runs", "tasks"):
        shown = await cluster.call("list", kind, "--limit", "3")
        assert (3, "there are more; --limit 0 shows all\n") == (len(names(shown.lines)), shown.err)
        assert 4 == len(names((await cluster.call("list", kind, "--limit", "0")).lines))


async def test_all_namespaces_have_a_column(cluster: CommandStage) -> None:
    """As with kubectl."""
    cluster.put(run("a"))
    shown = await cluster.call("list", "-A", "-n", "elsewhere")
    assert ["NAMESPACE", "NAME"] == shown.lines[0].split()[:2]
    assert ["shop", "a"] == shown.lines[1].split()[:2]


async def test_a_list_asks_once(cluster: CommandStage) -> None:
    """Each request costs the API server, and whoever waits."""
    cluster.put(run("a"))
    before = len(cluster.asked)
    await cluster.call("list")
    await cluster.call("list", "tasks", "-w", "stock")
    path = "GET /apis/headrace.dev/v1alpha1/namespaces/shop"
    by_label = f"{path}/taskruns?labelSelector=headrace.dev%2Fworkflow%3Dstock"
    assert [f"{path}/workflowruns", by_label] == cluster.asked[before:]


async def test_a_kind_without_runs_has_no_option_run(cluster: CommandStage) -> None:
    """An option that means nothing is told, and not ignored."""
    shown = await cluster.call("list", "workflows", "--run", "a")
    assert (2, "--run: workflows are of no run; leave it out\n") == (shown.code, shown.err)
