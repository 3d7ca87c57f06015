"""New runs on a cluster: `headrace start`."""

import asyncio
import json
import re
from typing import Any

import pytest
import yaml

from headrace.api.reading.parse import parse_run
from headrace.api.v1alpha1.cache import CacheMode
from headrace.cluster.kinds import WORKFLOW_RUNS
from support.window import CommandStage, conditions, run, workflow

PARAMS = [
    {"name": "region", "type": "String", "default": "eu", "enum": ["eu", "us"]},
    {"name": "rows", "type": "Integer"},
]


def created(cluster: CommandStage) -> list[dict[str, Any]]:
    return [
        item
        for item in cluster.server.storage.all(WORKFLOW_RUNS)
        if item["metadata"]["namespace"] == "shop"
    ]


async def test_a_run_is_created(cluster: CommandStage) -> None:
    """Its name has the workflow and the time, as that of `headrace run`."""
    cluster.put(workflow())
    shown = await cluster.call("start", "stock")
    assert (0, "") == (shown.code, shown.err)
    (item,) = created(cluster)
    assert re.fullmatch(r"stock-\d{8}-\d{6}", item["metadata"]["name"])
    assert {"headrace.dev/workflow": "stock"} == item["metadata"]["labels"]
    assert {"workflow": "stock"} == item["spec"]
    assert f"run {item['metadata']['name']} of workflow stock is created\n" == shown.out


async def test_two_runs_of_one_second_have_two_names(cluster: CommandStage) -> None:
    """Whoever types it twice gets two. A name that somebody chose is never changed."""
    cluster.put(workflow())
    for _ in range(3):
        assert 0 == (await cluster.call("start", "stock")).code
    assert 3 == len(created(cluster))
    assert 0 == (await cluster.call("start", "stock", "--name", "mine")).code
    shown = await cluster.call("start", "stock", "--name", "mine")
    assert 4 == shown.code
    assert shown.err.endswith("choose another name\n")


async def test_a_run_can_be_told_what_to_do_with_caches(cluster: CommandStage) -> None:
    """In a word of the command line; the API has its own."""
    cluster.put(workflow())
    for word in ("use", "refresh", "off"):
        assert 0 == (await cluster.call("start", "stock", "--cache", word)).code
    specs = [parse_run(item) for item in created(cluster)]
    assert list(CacheMode) == [spec.cache for spec in specs]
    assert 2 == (await cluster.call("start", "stock", "--cache", "Refresh")).code


async def test_parameters_have_the_types_that_the_workflow_declares(cluster: CommandStage) -> None:
    """The text of a command line has none."""
    cluster.put(workflow(spec={"params": PARAMS}))
    words = ["--param", "rows=42", "--logical-time", "2030-01-31T02:30:00+01:00"]
    assert 0 == (await cluster.call("start", "stock", *words)).code
    (item,) = created(cluster)
    spec = parse_run(item)
    assert [("rows", 42)] == [(each.name, each.value) for each in spec.params]
    assert "2030-01-31T02:30:00+01:00" == item["spec"]["logicalTime"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--param rows=…: it has no default; give it a value (a whole number"),
        (["--param", "rows=x"], "--param rows: 'x' is not a whole number"),
        (["--param", "rows=1", "--param", "regoin=eu"], "--param: "),
        (["--param", "rows=1", "--logical-time", "noon"], "--logical-time: 'noon' is no instant"),
    ],
)
async def test_wrong_values_create_no_run(
    cluster: CommandStage, words: list[str], message: str
) -> None:
    """All are told, as by `headrace run`."""
    cluster.put(workflow(spec={"params": PARAMS}))
    shown = await cluster.call("start", "stock", *words)
    assert (2, []) == (shown.code, created(cluster))
    assert shown.err.startswith(message)


async def test_print_is_a_manifest(cluster: CommandStage) -> None:
    """Kubectl can create it, and nothing is created yet."""
    cluster.put(workflow())
    shown = await cluster.call("start", "stock", "--print", "--name", "mine")
    body = yaml.safe_load(shown.out)
    assert "stock" == parse_run(body).workflow
    assert ("mine", "shop") == (body["metadata"]["name"], body["metadata"]["namespace"])
    assert [] == created(cluster)


async def test_json_is_the_new_run(cluster: CommandStage) -> None:
    """With the name that it got."""
    cluster.put(workflow())
    item = json.loads((await cluster.call("start", "stock", "-o", "json")).out)
    assert created(cluster)[0]["metadata"]["name"] == item["metadata"]["name"]


async def test_a_workflow_that_is_not_ready_is_told(cluster: CommandStage) -> None:
    """The run is created: it begins as soon as the workflow is repaired, or fails with a reason."""
    cluster.put(workflow("stock", "InvalidDefinition", "tasks wait for each other"))
    shown = await cluster.call("start", "stock")
    assert (0, "the workflow is not ready: tasks wait for each other\n") == (shown.code, shown.err)


@pytest.mark.parametrize(
    ("reason", "status", "code"), [("Succeeded", "True", 0), ("Failed", "False", 1)]
)
async def test_wait_ends_with_the_run(
    cluster: CommandStage, reason: str, status: str, code: int
) -> None:
    """The exit code is that of the run."""
    cluster.put(workflow())

    async def end() -> None:
        while not created(cluster):  # noqa: ASYNC110 - the server in memory tells nobody
            await asyncio.sleep(0.01)
        cluster.set_status(run("mine"), {"conditions": conditions("Succeeded", status, reason)})

    _, shown = await asyncio.gather(
        end(), cluster.call("start", "stock", "--name", "mine", "--wait")
    )
    assert (code, f"run mine: {reason}") == (shown.code, shown.lines[-1])


async def test_runs_of_this_machine_are_started_by_run(cluster: CommandStage) -> None:
    """There the workflow is a file."""
    shown = await cluster.call("start", "stock", "--local")
    assert (2, "headrace run FILE starts runs on this machine; leave out --local\n") == (
        shown.code,
        shown.err,
    )


async def test_a_wrong_workflow_is_told_with_the_nearest(cluster: CommandStage) -> None:
    """Before anything is created."""
    cluster.put(workflow())
    shown = await cluster.call("start", "stok")
    assert 3 == shown.code
    assert shown.err.endswith("did you mean 'stock'?\n")
