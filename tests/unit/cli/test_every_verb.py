"""Each verb over a cluster alike: its forms, its exit codes, and one sentence where it cannot."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
import yaml

from headrace.cli.main import COMMANDS
from support.window import (
    CommandStage,
    approval,
    backfill,
    command,
    kubeconfig,
    pod,
    revision,
    run,
    task,
    workflow,
)

SPAN = "--from 2030-01-01T00:00:00Z --to 2030-01-02T00:00:00Z"
VERBS = {
    "start": "start stock",
    "list": "list runs",
    "show": "show going",
    "explain": "explain going",
    "pause": "pause going",
    "resume": "resume going",
    "stop": "stop going",
    "cancel": "cancel going",
    "terminate": "terminate going",
    "approve": "approve going",
    "schedule": "schedule next stock",
    "rerun": "rerun ended",
    "backfill": f"backfill stock {SPAN}",
    "logs": "logs ended",
    "watch": "watch ended",
}
"""How each verb is typed. `going` is a run that asks, `ended` one that failed."""
NAMES = ("going", "ended", "stock", "january")
OTHERS = {"archive", "run", "serve", "ui", "validate", "completion", "graph"}
"""Commands that look at files, at this machine or at nothing; they have tests of their own."""
LINES = {"logs", "watch"}
"""They print objects line by line, as JSON only."""
CREATING = {"start", "rerun", "backfill"}
WITHOUT_A_NAME = {"list"}
MORE = ("show backfill/january", "list backfills", "list workflows", "explain workflow/stock")
FORBIDDEN = {
    "kind": "Status",
    "reason": "Forbidden",
    "message": 'x is forbidden: User "bob" cannot do this in the namespace "shop"',
}
EVERY = pytest.mark.parametrize("words", [*VERBS.values(), *MORE])


def put(cluster: CommandStage) -> None:
    """Put a workflow, a run that asks, one that failed, and a backfill."""
    nightly = {"schedule": {"cron": "30 2 * * *"}}
    cluster.put(workflow(spec={"triggers": [nightly]}))
    cluster.put(run("going", revision="stock-1"))
    cluster.put(task("going", "extract", "WaitingForApproval"))
    cluster.put(approval("going", "extract"))
    end = {"completionTime": "2030-01-31T11:59:00Z"}
    cluster.put(run("ended", "Failed", revision="stock-1", **end))
    cluster.put(task("ended", "extract", "Failed", outcome="Failed"))
    cluster.put(pod("ended", "extract"))
    cluster.logs["ended-extract-1"] = ["2030-01-31T11:59:00Z hello"]
    cluster.put(revision("stock-1", {"name": "extract"}))
    cluster.put(backfill())


def test_each_command_is_here_or_has_a_reason_not_to_be() -> None:
    """A new verb must be added to the table."""
    assert set(COMMANDS) == set(VERBS) | OTHERS


@EVERY
async def test_a_table_is_for_people(cluster: CommandStage, words: str) -> None:
    """Exit code 0, or that of the run that was followed; nothing on standard error but remarks."""
    put(cluster)
    shown = await cluster.call(*words.split())
    assert (1 if words == "watch ended" else 0) == shown.code, shown.err
    assert shown.out


@pytest.mark.parametrize("words", [words for verb, words in VERBS.items() if verb not in LINES])
async def test_json_and_yaml_are_the_same_and_names_are_lines(
    cluster: CommandStage, words: str
) -> None:
    """Verbs that create something create one object for each form."""
    put(cluster)
    shown = {form: await cluster.call(*formed(words, form)) for form in ("json", "yaml", "name")}
    assert {(0, "")} == {(each.code, each.err) for each in shown.values()}
    as_json, as_yaml = json.loads(shown["json"].out), yaml.safe_load(shown["yaml"].out)
    assert (as_json.keys(), as_json.get("spec")) == (as_yaml.keys(), as_yaml.get("spec"))
    assert shown["name"].lines
    assert all(len(line.split()) == 1 for line in shown["name"].lines)


def formed(words: str, form: str) -> list[str]:
    """Return what is typed for a form; a new object has a name of its own."""
    verb, *rest = words.split()
    named = ["--name", f"new-{form}"] if verb in CREATING else []
    return [verb, *rest, *named, "-o", form]


@pytest.mark.parametrize("words", [VERBS[verb] for verb in sorted(LINES)])
async def test_streams_are_an_object_a_line(cluster: CommandStage, words: str) -> None:
    """So that a program can follow them."""
    put(cluster)
    shown = await cluster.call(*words.split(), "-o", "json")
    assert shown.lines
    assert all(isinstance(json.loads(line), dict) for line in shown.lines)


@EVERY
def test_no_cluster_answers(tmp_path: Path, words: str) -> None:
    """Exit code 5, and where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    config = tmp_path / "config"
    config.write_text(yaml.safe_dump(kubeconfig(url)))
    shown = command(*words.split(), "--kubeconfig", str(config))
    assert (5, "", 1) == (shown.code, shown.out, len(shown.err.splitlines()))
    assert "connection refused" in shown.err


@EVERY
async def test_a_token_has_expired(cluster: CommandStage, words: str) -> None:
    """Exit code 5, and what to do."""
    config = cluster.folder / "old"
    config.write_text(yaml.safe_dump(kubeconfig(cluster.url, token="old")))  # noqa: S106 - no secret
    shown = await asyncio.to_thread(command, *words.split(), "--kubeconfig", str(config))
    assert (5, "", 1) == (shown.code, shown.out, len(shown.err.splitlines()))
    assert shown.err.endswith("log in again\n")


@EVERY
async def test_a_right_is_missing(cluster: CommandStage, words: str) -> None:
    """Exit code 4, and whom to ask."""
    put(cluster)
    cluster.refuse["GET headrace"] = (403, FORBIDDEN)
    shown = await cluster.call(*words.split())
    assert (4, "", 1) == (shown.code, shown.out, len(shown.err.splitlines()))
    assert shown.err.endswith("ask who administers the cluster for this right\n")


@pytest.mark.parametrize(
    "words",
    [
        *(words for verb, words in VERBS.items() if verb not in WITHOUT_A_NAME),
        *("show backfill/january", "explain workflow/stock", "pause backfill/january"),
    ],
)
async def test_a_name_is_wrong(cluster: CommandStage, words: str) -> None:
    """Exit code 3, and the nearest name."""
    put(cluster)
    (name,) = (name for name in NAMES if name in words.split()[1:3] or f"/{name}" in words)
    shown = await cluster.call(*words.replace(name, name[:-1]).split())
    assert (3, "", 1) == (shown.code, shown.out, len(shown.err.splitlines()))
    assert f"did you mean {name!r}?" in shown.err
