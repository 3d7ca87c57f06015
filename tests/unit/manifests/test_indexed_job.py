"""From an attempt over items to its Indexed Job: `headrace.manifests.indexed_job`."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.definition.work import FanOut
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.manifests.indexed_job import (
    indexed_job,
    is_unprepared,
    knows_what_to_do,
    prepared,
    resumed,
)
from headrace.manifests.kube import Job
from headrace.manifests.objects import owner
from support.builders import start, task, workflow

BY = owner("TaskRun", "etl-1-pick", "uid-2")
PICK = workflow(task("pick", for_each=ForEach(items=["x", "y", "z"]))).tasks["pick"]


def attempt(*todo: int) -> StartAttempt[FanOut]:
    """Return the request for an attempt over these of three items."""
    asked = start(PICK)
    return replace(asked, work=replace(asked.work, todo=Places.of(todo)))


def read(manifest: dict[str, Any]) -> Job:
    """Return a Job as the API server shows it."""
    return msgspec.convert(manifest, Job)


def test_a_first_attempt_runs_all_items_at_once() -> None:
    """Nothing need be told to it first."""
    manifest = indexed_job(attempt(0, 1, 2), BY, maps=1)
    assert ("Indexed", 3, 3) == tuple(
        manifest["spec"][field] for field in ("completionMode", "completions", "parallelism")
    )
    assert "suspend" not in manifest["spec"]
    assert not is_unprepared(read(manifest))


def test_a_later_attempt_waits_until_it_knows_what_to_do() -> None:
    """It is created suspended, is told which items are over, and goes on."""
    work = attempt(1).work
    manifest = indexed_job(attempt(1), BY, maps=1)
    assert manifest["spec"]["suspend"]
    assert is_unprepared(read(manifest))
    told = {**manifest, "status": prepared(work, "7")["status"]}
    assert {"completedIndexes": "0,2", "succeeded": 2} == told["status"]
    assert {"suspend": False} == resumed("8")["spec"]
    assert {None} == set(resumed("8")["metadata"]["annotations"].values())
    assert knows_what_to_do(read(told), work)


@pytest.mark.parametrize("status", [{}, {"completedIndexes": "0"}])
def test_a_job_that_was_told_nothing_or_something_else_does_not_know(status: Any) -> None:
    """A crash came before the status, or another attempt wrote it."""
    manifest = {**indexed_job(attempt(1), BY, maps=1), "status": status}
    assert not knows_what_to_do(read(manifest), attempt(1).work)
