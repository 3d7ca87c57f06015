"""A live table: `headrace watch`."""

import asyncio
import json
import re

import pytest

from support.window import CommandStage, conditions, revision, run, task

ENDED = {"conditions": conditions("Succeeded", "True", "Succeeded")}


@pytest.mark.parametrize(("reason", "code"), [("Succeeded", 0), ("Failed", 1)])
async def test_a_run_is_followed_to_its_end(cluster: CommandStage, reason: str, code: int) -> None:
    """A line for each change; the exit code is that of the run."""
    cluster.put(run("r", revision="stock-1"))
    cluster.put(revision("stock-1", {"name": "a"}, {"name": "b", "dependsOn": ["a"]}))
    cluster.put(task("r", "a"))

    async def end() -> None:
        await cluster.asked_for("controllerrevisions")
        await cluster.asked_for("taskruns")
        cluster.set_status(task("r", "a"), ENDED)
        status = "True" if reason == "Succeeded" else "False"
        cluster.set_status(run("r"), {"conditions": conditions("Succeeded", status, reason)})

    shown, _ = await asyncio.gather(cluster.call("watch", "r", "--every", "0.2"), end())
    assert code == shown.code
    lines = [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in shown.lines]
    assert {"a  Running", "b  WaitingForUpstream: waits for a", "a  Succeeded"} <= set(lines)
    assert f"run r: {reason}" == lines[-1]


async def test_programs_read_the_changed_objects(cluster: CommandStage) -> None:
    """One a line."""
    cluster.put(run("r", "Succeeded"))
    cluster.put(task("r", "a", "Succeeded"))
    shown = await cluster.call("watch", "r", "-o", "json")
    assert ["a"] == [json.loads(line)["spec"]["task"] for line in shown.lines]


async def test_the_definition_is_read_once(cluster: CommandStage) -> None:
    """It never changes, and each look costs the API server."""
    cluster.put(run("r", revision="stock-1"))
    cluster.put(revision("stock-1", {"name": "a"}))

    async def end() -> None:
        for _ in range(4):
            await cluster.asked_for("taskruns")
        cluster.set_status(run("r"), ENDED)

    await asyncio.gather(cluster.call("watch", "r", "--every", "0.2"), end())
    assert 1 == len([asked for asked in cluster.asked if "controllerrevisions" in asked])


async def test_a_wrong_name_is_told(cluster: CommandStage) -> None:
    """At once."""
    assert 3 == (await cluster.call("watch", "nope")).code
