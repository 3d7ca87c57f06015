"""Reruns on a cluster: `headrace rerun`. Those of this machine are in `local/test_rerun`."""

import json
import re
from typing import Any

import pytest
import yaml

from headrace.api.reading.parse import parse_run
from headrace.cluster.kinds import WORKFLOW_RUNS
from support.window import CommandStage, revision, run, task, workflow

PARAMS = [
    {"name": "region", "type": "String"},
    {"name": "rows", "type": "Integer", "default": 1},
]
STEPS = ({"name": "a"}, {"name": "b"})


def put(cluster: CommandStage, reason: str = "Failed", outcome: str = "Failed") -> None:
    """Put a run of two tasks that has ended, the second one in this way."""
    given = {"params": [{"name": "region", "value": "eu"}]}
    ended = {"completionTime": "2030-01-31T11:59:00Z", "revision": "stock-1"}
    cluster.put(run("old", reason, spec=given, **ended))
    cluster.put(task("old", "a", "Succeeded", outcome="Succeeded"))
    cluster.put(task("old", "b", outcome, outcome=outcome))
    last = {"finally": [{"name": "tidy"}]}
    cluster.put(revision("stock-1", *STEPS, params=PARAMS, **last))
    cluster.put(workflow(spec={"params": PARAMS, "tasks": [*STEPS, {"name": "c"}]}))


def made(cluster: CommandStage) -> list[dict[str, Any]]:
    every = cluster.server.storage.all(WORKFLOW_RUNS)
    return [item for item in every if item["metadata"]["name"] != "old"]


@pytest.mark.parametrize(
    ("words", "rerun_of"),
    [
        ("", {}),
        ("--from failed", {}),
        ("--from all", {"from": "All"}),
        ("--task b", {"from": "Task", "task": "b"}),
        ("--from task --task a", {"from": "Task", "task": "a"}),
        ("--task a --downstream-only", {"from": "Task", "task": "a", "downstreamOnly": True}),
        ("--latest", {"revision": "Latest"}),
        ("--latest --task c", {"from": "Task", "task": "c", "revision": "Latest"}),
    ],
)
async def test_a_rerun_is_a_run_that_names_the_earlier_one(
    cluster: CommandStage, words: str, rerun_of: dict[str, Any]
) -> None:
    """Its parameters and its time are those of the earlier run, where it gives none."""
    put(cluster)
    shown = await cluster.call("rerun", "old", *words.split())
    assert (0, "") == (shown.code, shown.err)
    (item,) = made(cluster)
    name = item["metadata"]["name"]
    assert re.fullmatch(r"stock-\d{8}-\d{6}", name)
    assert f"run {name} repeats run old\n" == shown.out
    assert {"workflow": "stock", "rerunOf": {"name": "old", **rerun_of}} == item["spec"]
    parse_run(item)


async def test_another_value_has_the_type_of_the_pinned_definition(cluster: CommandStage) -> None:
    """Values that the earlier run has need not be given again."""
    put(cluster)
    shown = await cluster.call("rerun", "run/old", "--param", "rows=42", "--name", "again")
    assert (0, "") == (shown.code, shown.err)
    (item,) = made(cluster)
    assert [{"name": "rows", "value": 42}] == item["spec"]["params"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("oldd", 3, "did you mean 'old'?"),
        ("workflow/stock", 2, "workflow/stock is no run"),
        ("old --task bb", 3, "did you mean 'b'?"),
        ("old --task c", 3, "there is no task 'c' in run old"),
        ("old --task tidy", 2, "tidy is a `finally` task, which always runs"),
        ("old --task b --downstream-only", 2, "task b of run old did not succeed"),
        ("old --from task", 2, "--from task: needs --task NAME"),
        ("old --from all --task b", 2, "--task: has no meaning with --from all"),
        ("old --downstream-only", 2, "--downstream-only: needs --task NAME"),
        ("old --param rows=x", 2, "--param rows: 'x' is not a whole number"),
        ("old --param rwos=1", 2, "did you mean 'rows'?"),
        ("old --runner process", 2, "--runner: is for runs of this machine; leave it out"),
        ("old --file x.yaml", 2, "--file: is for runs of this machine"),
    ],
)
async def test_a_rerun_that_cannot_be_is_not_created(
    cluster: CommandStage, words: str, code: int, message: str
) -> None:
    """One sentence, with the cure."""
    put(cluster)
    shown = await cluster.call("rerun", *words.split())
    assert (code, "", []) == (shown.code, shown.out, made(cluster))
    assert message in shown.err
    assert 1 == len(shown.err.splitlines())


async def test_a_run_that_goes_on_is_not_repeated(cluster: CommandStage) -> None:
    """The engine would refuse it."""
    cluster.put(run("old"))
    shown = await cluster.call("rerun", "old")
    assert (2, []) == (shown.code, made(cluster))
    assert shown.err.startswith("run old has not ended: Running; wait for its end, or end it with")


async def test_a_run_without_a_failure_is_repeated_from_a_task_only(cluster: CommandStage) -> None:
    """Nobody gets a success that did nothing."""
    put(cluster, "Succeeded", "Succeeded")
    shown = await cluster.call("rerun", "old")
    assert (2, []) == (shown.code, made(cluster))
    assert "say what to repeat with --task or --from all" in shown.err
    assert 0 == (await cluster.call("rerun", "old", "--task", "a")).code


async def test_a_failure_that_was_allowed_can_be_repeated(cluster: CommandStage) -> None:
    """The run succeeded all the same."""
    put(cluster, "Succeeded", "Failed")
    assert 0 == (await cluster.call("rerun", "old")).code


async def test_without_the_definition_values_have_no_type(cluster: CommandStage) -> None:
    """Not everybody may read it. Without values it is not needed."""
    put(cluster)
    cluster.refuse["GET controllerrevisions"] = (403, {"reason": "Forbidden"})
    shown = await cluster.call("rerun", "old", "--param", "rows=1")
    assert (2, []) == (shown.code, made(cluster))
    assert "--param: the definition of run old cannot be read" in shown.err
    assert 0 == (await cluster.call("rerun", "old", "--task", "b")).code


async def test_what_is_printed_is_what_is_created(cluster: CommandStage) -> None:
    """As a manifest, as JSON, as YAML, as a name."""
    put(cluster)
    words = ("rerun", "old", "--param", "rows=2", "--name")
    body = yaml.safe_load((await cluster.call(*words, "printed", "--print")).out)
    assert [] == made(cluster)
    assert "stock" == parse_run(body).workflow
    for form, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        item = read((await cluster.call(*words, form, "-o", form)).out)
        assert (form, body["spec"]) == (item["metadata"]["name"], item["spec"])
    shown = await cluster.call(*words, "named", "-o", "name")
    assert "workflowrun.headrace.dev/named\n" == shown.out
