"""Runs and backfills in manifests of a served folder, in virtual time, and kills at any write."""

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.run import DesiredState
from headrace.local.object_store import ObjectKey, Refusal
from headrace.local.reading import ObjectManifest
from support.served_rig import START, Rig
from support.virtual_time import VirtualTimeLoop

EVENT_LOOP = VirtualTimeLoop

MEMORY = Path("/dev/shm")  # noqa: S108 - many folders, in memory if there is such a place
DAILY: dict[str, Any] = {"triggers": [{"schedule": {"cron": "@yearly"}}]}
"""A workflow that starts no run of its own meanwhile."""
TASK = {"tasks": [{"name": "alone", "image": "none", "command": ["true"]}]}
PAST: dict[str, Any] = {
    "workflow": "w",
    "from": "2030-01-29T00:00:00Z",
    "to": "2030-01-30T12:00:00Z",
    "step": "Seconds",
    "stepSeconds": 43_200,
    "maxActive": 2,
}
"""Four logical times."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as name:
        yield Path(name)


def manifest(kind: str, name: str, **spec: Any) -> ObjectManifest:
    """Return an object in a file of its own."""
    return ObjectManifest(ObjectKey(kind, "default", name), json.dumps(spec), f"{name}.yaml")


ALL = (
    manifest("WorkflowRun", "by-hand", workflow="w", params=[]),
    manifest("TaskRun", "alone", **TASK),
    manifest("Backfill", "past", **PAST),
)


def end_of(rig: Rig, name: str) -> Any:
    """Return the status of a backfill."""
    stored = rig.store.object(ObjectKey("Backfill", "default", name))
    return None if stored is None else stored.status


async def live(folder: Path, kill: int | None) -> tuple[bool, dict[str, int]]:
    """Serve all of them, kill the server at a step, and serve on; return what was created."""
    rig = Rig(folder, lambda _: 5.0)
    rig.write({"w": DAILY}, *ALL)
    killed = await rig.serve(40, writes=kill)
    await rig.serve((START + timedelta(seconds=90) - rig.clock()).total_seconds())
    assert [] == rig.failures()
    assert 4 == end_of(rig, "past")["done"]
    assert all(run.log.finished for name in ("w", "") for run in rig.store.runs_of(name, {}))
    return killed, dict(rig.store.created)


async def test_a_server_killed_at_any_write_starts_each_of_them_once(folder: Path) -> None:
    """A run, a task on its own, and a backfill of four logical times."""
    _, want = await live(folder / "whole", None)
    assert {1} == set(want.values())
    assert {"by-hand", "alone"} < want.keys()
    assert 6 == len(want)
    for step in count():
        killed, got = await live(folder / str(step), step)
        assert want == got, f"killed at step {step}"
        if not killed:
            break
    assert step > 30


async def test_a_run_that_is_history_does_not_start_again(folder: Path) -> None:
    """Its file is still there, and the folder is read again."""
    rig = Rig(folder)
    files = {"w": {**DAILY, "history": {"ttlSecondsAfterFinished": 60}}}
    rig.write(files, *ALL[:1])
    await rig.serve(10)
    assert rig.store.run_log("by-hand").succeeded
    await rig.serve(600)
    assert not rig.store.has_run("by-hand")
    rig.write(files, *ALL[:1])
    await rig.serve(10)
    assert 1 == rig.store.created["by-hand"]


async def test_a_removed_file_ends_what_it_asked_for(folder: Path) -> None:
    """As a deleted object: a run is cancelled, and a backfill stops and leaves its runs."""
    rig = Rig(folder, lambda _: 1000.0)
    rig.write({"w": DAILY}, *ALL)
    await rig.serve(10)
    assert 4 == len(rig.store.created)
    rig.write({"w": DAILY})
    await rig.serve(5)
    assert DesiredState.CANCEL == rig.store.run("by-hand").desired
    assert not rig.store.has_run("alone"), "nobody else removes it"
    await rig.serve(3000)
    assert end_of(rig, "past") is None
    assert 4 == len(rig.store.created)


async def test_a_run_waits_for_its_workflow_and_says_so(folder: Path) -> None:
    """Also for a free name, and for the run that it repeats."""
    rig = Rig(folder)
    again = manifest("WorkflowRun", "again", workflow="w", rerunOf={"name": "by-hand"})
    rig.write({}, ALL[0], again)
    await rig.serve(10)
    problems = [event.message for event in rig.events if event.kind == "Problem"]
    assert ["by-hand.yaml", "again.yaml"] == [words.partition(":")[0] for words in problems]
    assert "there is no Workflow 'w' in this folder" in problems[0]
    rig.write({"w": DAILY}, again, ALL[0])
    await rig.serve(10)
    assert {"by-hand": 1, "again": 1} == dict(rig.store.created)


async def test_a_file_steers_what_it_asked_for(folder: Path) -> None:
    """The wish of a run and of a backfill can change; all else of a run is fixed."""
    rig = Rig(folder, lambda _: 1000.0)
    rig.write({"w": DAILY}, *ALL)
    await rig.serve(10)
    stopped = manifest("Backfill", "past", **PAST, desiredState="Cancel")
    ended = manifest("WorkflowRun", "by-hand", workflow="w", params=[], desiredState="Cancel")
    rig.write({"w": DAILY}, stopped, ended, ALL[1])
    await rig.serve(3000)
    assert DesiredState.CANCEL == rig.store.run("by-hand").desired
    assert end_of(rig, "past")["completionTime"]

    other = manifest("WorkflowRun", "by-hand", workflow="other", params=[])
    rig.write({"w": DAILY}, other)
    await rig.serve(5)
    (problem,) = [event.message for event in rig.events if event.kind == "Problem"]
    assert "spec.workflow: the spec of a WorkflowRun is fixed, besides" in problem


async def test_what_has_a_mistake_goes_on_as_it_was(folder: Path) -> None:
    """A file that cannot be read removes nothing."""
    rig = Rig(folder, lambda _: 1000.0)
    rig.write({"w": DAILY}, *ALL)
    await rig.serve(10)
    keys = frozenset(each.key for each in ALL)
    wrong = tuple(Refusal(key, f"{key.name}.yaml:1: wrong") for key in keys)
    rig.write({"w": DAILY}, wrong=keys, problems=wrong)
    await rig.serve(5)
    assert DesiredState.RUN == rig.store.run("by-hand").desired
    assert end_of(rig, "past") is not None
