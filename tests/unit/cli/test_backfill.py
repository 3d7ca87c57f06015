"""Backfills on a cluster: `headrace backfill`, and the verbs that show and steer one."""

import json
from typing import Any

import pytest
import yaml

from headrace.api.reading.parse import parse_backfill
from headrace.cluster.kinds import BACKFILLS
from support.window import CommandStage, backfill, run, workflow

SPAN = ("--from", "2030-01-01T00:00:00Z", "--to", "2030-01-04T00:00:00Z")
NIGHTLY = [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]
FIRST, SECOND, THIRD = (f"stock-{minutes}" for minutes in (31557690, 31559130, 31560570))
LABELS = {"headrace.dev/backfill": "january"}


def put_workflow(cluster: CommandStage, **spec: Any) -> None:
    params = [{"name": "rows", "type": "Integer", "default": 1}]
    cluster.put(workflow(spec={"triggers": NIGHTLY, "params": params, **spec}))


def made(cluster: CommandStage) -> list[dict[str, Any]]:
    return list(cluster.server.storage.all(BACKFILLS))


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        ("", {}),
        ("--step day --time-zone Europe/Berlin", {"step": "Day", "timeZone": "Europe/Berlin"}),
        ("--step month", {"step": "Month"}),
        ("--step 3600", {"step": "Seconds", "stepSeconds": 3600}),
        ("--order newest-first --max-active 4", {"order": "NewestFirst", "maxActive": 4}),
        ("--existing rerun-failed", {"existing": "RerunFailed"}),
        ("--on-failure stop --priority 0", {"onFailure": "Stop", "priority": 0}),
        ("--param rows=7", {"params": [{"name": "rows", "value": 7}]}),
    ],
)
async def test_a_backfill_is_created(
    cluster: CommandStage, words: str, spec: dict[str, Any]
) -> None:
    """Its name is made of the workflow and the days, so the same command creates it once."""
    put_workflow(cluster)
    shown = await cluster.call("backfill", "stock", *SPAN, *words.split())
    assert (0, "") == (shown.code, shown.err)
    assert "backfill stock-20300101-20300104 of workflow stock is created\n" == shown.out
    (item,) = made(cluster)
    assert {"workflow": "stock", "from": SPAN[1], "to": SPAN[3], **spec} == item["spec"]
    parse_backfill(item)
    again = await cluster.call("backfill", "stock", *SPAN)
    assert (4, True) == (again.code, again.err.endswith("choose another name\n"))


async def test_what_is_printed_is_what_is_created(cluster: CommandStage) -> None:
    """As a manifest, as JSON, as YAML, as a name."""
    put_workflow(cluster)
    words = ("backfill", "stock", *SPAN, "--name")
    body = yaml.safe_load((await cluster.call(*words, "printed", "--print")).out)
    assert [] == made(cluster)
    assert "stock" == parse_backfill(body).workflow
    for form, read in (("json", json.loads), ("yaml", yaml.safe_load)):
        item = read((await cluster.call(*words, form, "-o", form)).out)
        assert (form, body["spec"]) == (item["metadata"]["name"], item["spec"])
    shown = await cluster.call(*words, "named", "-o", "name")
    assert "backfill.headrace.dev/named\n" == shown.out


async def test_a_dry_run_shows_names_and_what_is_there(cluster: CommandStage) -> None:
    """Nothing is created. Reruns have the names that the controller would give them."""
    put_workflow(cluster)
    end = {"completionTime": "2030-01-02T03:00:00Z"}
    cluster.put(run(FIRST, "Succeeded", **end))
    cluster.put(run(SECOND, "Failed", **end))
    words = ("backfill", "stock", *SPAN, "--dry-run")
    shown = await cluster.call(*words)
    assert (0, "1 of 3 logical times would get a run\n") == (shown.code, shown.err)
    assert ["-", THIRD] == [shown.lines[1].split()[0], shown.lines[3].split()[0]]
    assert shown.lines[2].split() == ["-", "2030-01-02T01:30:00Z", SECOND, "Failed"]
    named = await cluster.call(*words, "--existing", "rerun-failed", "-o", "name")
    assert [True, True] == [
        named.lines[0].startswith(f"{SECOND}-"),
        THIRD == named.lines[1],
    ]
    told = json.loads((await cluster.call(*words, "-o", "json")).out)
    assert (3, [None, None, THIRD]) == (told["total"], [each["run"] for each in told["ticks"]])
    assert [] == made(cluster)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("stok", *SPAN), 3, "did you mean 'stock'?"),
        (("run/a", *SPAN), 2, "run/a is no workflow"),
        (("stock", *SPAN, "--param", "rows=x"), 2, "--param rows: 'x' is not a whole number"),
        (("stock", "--from", "2030-01-01", *SPAN[2:]), 2, "has no time zone; add Z"),
        (("stock", "--from", SPAN[3], "--to", SPAN[1]), 2, "--from: it is not after --to"),
        (("stock", *SPAN, "--runner", "process"), 2, "--runner: is for this machine"),
        (("stock", *SPAN, "--local"), 2, "headrace backfill FILE runs on this machine"),
        (("quiet", *SPAN, "--dry-run"), 2, "workflow quiet has no schedule"),
    ],
)
async def test_a_backfill_that_cannot_be_is_not_created(
    cluster: CommandStage, words: tuple[str, ...], code: int, message: str
) -> None:
    """One sentence, with the cure."""
    put_workflow(cluster)
    cluster.put(workflow("quiet"))
    shown = await cluster.call("backfill", *words)
    assert (code, "", []) == (shown.code, shown.out, made(cluster))
    assert message in shown.err
    assert 1 == len(shown.err.splitlines())


async def test_a_workflow_without_a_schedule_is_told(cluster: CommandStage) -> None:
    """The Backfill is created: it begins as soon as the workflow has one."""
    cluster.put(workflow("quiet"))
    shown = await cluster.call("backfill", "quiet", *SPAN)
    assert (0, 1) == (shown.code, len(made(cluster)))
    assert shown.err.startswith("workflow quiet has no schedule; add --step day")


# --- the other verbs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "state", "words"),
    [
        ("pause", "Pause", "no new run starts, and its active runs go on"),
        ("resume", "Run", "it goes on"),
        ("stop", "Stop", "no new run starts, and it ends with its active runs"),
        ("cancel", "Cancel", "no new run starts, and its active runs are cancelled"),
    ],
)
async def test_a_backfill_is_steered(
    cluster: CommandStage, verb: str, state: str, words: str
) -> None:
    """And what follows is said."""
    cluster.put(backfill(spec={"desiredState": "Pause"}))
    shown = await cluster.call(verb, "backfill/january")
    assert (0, f"backfill january: {words}\n") == (shown.code, shown.out)
    assert state == cluster.read(BACKFILLS, "january")["spec"]["desiredState"]


@pytest.mark.parametrize(
    ("verb", "item", "message"),
    [
        ("terminate", {}, "terminate is for runs, and not for a Backfill; stop or cancel it"),
        ("pause", {"spec": {"desiredState": "Cancel"}}, "is already being ended by Cancel; this"),
        ("pause", {"reason": "Succeeded"}, "backfill january has ended: Succeeded; create a new"),
    ],
)
async def test_what_cannot_be_steered_says_why(
    cluster: CommandStage, verb: str, item: dict[str, Any], message: str
) -> None:
    """And what can be done."""
    cluster.put(backfill(**item))
    shown = await cluster.call(verb, "backfill/january")
    assert (2, "") == (shown.code, shown.out)
    assert message in shown.err


async def test_backfills_are_listed_and_shown_with_their_runs(cluster: CommandStage) -> None:
    """Found by their label."""
    status = {"total": 3, "done": 1, "failed": 1, "active": 1, "progress": "2/3"}
    cluster.put(backfill(**status))
    for name, reason in ((FIRST, "Succeeded"), (SECOND, "Failed"), (THIRD, "Running")):
        item = run(name, reason)
        item["metadata"]["labels"] = LABELS
        cluster.put(item)
    cluster.put(run("other"))
    listed = await cluster.call("list", "backfills")
    assert ["january", "stock", "Running", "2/3", "1", "1"] == listed.lines[1].split()[:6]
    assert listed.lines == (await cluster.call("list", "backfills", "-w", "stock")).lines
    shown = await cluster.call("show", "backfill/january")
    assert "Progress:" in shown.out
    assert {FIRST, SECOND, THIRD} == {line.split()[0] for line in shown.lines[-3:]}
    told = await cluster.call("explain", "backfill/january")
    assert 0 == told.code
    assert "2/3 logical times are done" in told.lines[0]
    assert told.lines[1].startswith(f"run {THIRD}: Running")
    assert f"→ headrace rerun {SECOND}" in told.lines[-1]
