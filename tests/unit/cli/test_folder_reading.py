"""The objects of a folder's files: `headrace.cli.folder_reading`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.api.reading.problem import Problem
from headrace.cli.folder_reading import read_folder
from headrace.cli.templates import Here
from headrace.cli.workflow_file import WorkflowFile
from headrace.local.object_store import ObjectKey
from headrace.local.objects import StoredObjects
from headrace.local.reading import Reading
from headrace.local.workflow_store import WorkflowStore

HERE = Here(Path(sys.executable))
TASK = {"name": "a", "image": "none", "command": ["true"]}


def made(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    """Return an object."""
    meta = {"apiVersion": "headrace.dev/v1alpha1", "kind": kind, "metadata": {"name": name}}
    return {**meta, "spec": spec}


def read(folder: Path, problem: str = "", **files: dict[str, Any]) -> Reading:
    """Write files, each with an object, and read them all."""

    def runs_here(_: WorkflowFile) -> Iterator[Problem]:
        if problem:
            yield Problem("spec.tasks[0].command", problem)

    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return read_folder(folder, runs_here, HERE)


def test_each_kind_is_found(tmp_path: Path) -> None:
    """With its file; a task on its own as the workflow that runs it."""
    day = {"from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z", "step": "Day"}
    reading = read(
        tmp_path,
        w=made("Workflow", "w", tasks=[TASK]),
        run=made("WorkflowRun", "r", workflow="w"),
        task=made("TaskRun", "t", image="none", params=[{"name": "n", "value": 3}]),
        past=made("Backfill", "b", workflow="w", **day),
        pool=made("Pool", "p", slots=2),
    )
    assert ((), frozenset()) == (reading.problems, reading.wrong)
    assert ["w"] == [each.name for each in reading.workflows]
    found = {each.key.kind: each for each in reading.objects}
    assert {"WorkflowRun": "run.json", "TaskRun": "task.json", "Backfill": "past.json"} == {
        kind: each.file for kind, each in found.items()
    }
    spec = json.loads(found["TaskRun"].spec)
    assert [{"name": "n", "type": "Integer", "default": 3}] == spec["params"]
    assert [{"name": "t", "image": "none"}] == spec["tasks"]
    assert [2] == [each.slots for each in reading.pools.values()]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (made("WorkflowRun", "", workflow="w"), "metadata.name"),
        (made("TaskRun", "a.b", image="none"), "the name of a TaskRun is that of a task"),
        (made("TaskRun", "x", image="none", run="r", task="t"), "the TaskRuns of run 'r' are made"),
        (made("Backfill", "x", workflow="w"), "spec.from"),
        (made("Pool", "x", slots=-1), "spec.slots"),
    ],
)
def test_what_has_a_mistake_is_named(tmp_path: Path, value: dict[str, Any], words: str) -> None:
    """With file and field, and under its own key: what is known of it goes on."""
    reading = read(tmp_path, wrong=value)
    assert any(words in each.line for each in reading.problems), reading.problems
    assert all("wrong.json" in each.line for each in reading.problems)
    assert {ObjectKey(value["kind"], "default", value["metadata"]["name"])} == reading.wrong


def test_a_program_that_is_missing_is_told_at_the_field_of_the_task(tmp_path: Path) -> None:
    """And not at that of the workflow around it, which nobody has written."""
    value = made("TaskRun", "t", image="none", command=["nobody"])
    (problem,) = read(tmp_path, "there is no program nobody", task=value).problems
    assert "spec.command: there is no program nobody" in problem.line


def test_the_second_of_a_name_is_refused(tmp_path: Path) -> None:
    """The first one, by the name of its file, stays."""
    one = made("WorkflowRun", "r", workflow="w")
    reading = read(tmp_path, a=one, b={**one, "spec": {"workflow": "x"}})
    assert ["a.json"] == [each.file for each in reading.objects]
    assert "another WorkflowRun is named 'r', in a.json" in reading.problems[0].line


def test_a_workflow_that_was_never_right_is_listed_with_its_problem(tmp_path: Path) -> None:
    """Like one that was: not ready, and why."""
    (tmp_path / "state").mkdir()
    reading = read(tmp_path, w=made("Workflow", "w", tasks=[{"name": "a", "dependsOn": ["b"]}]))
    with WorkflowStore(tmp_path / "state" / "state.db") as store:
        store.put_refusals(reading.problems)
    (item,) = StoredObjects(tmp_path / "state").workflows()
    ready = next(each for each in item["status"]["conditions"] if each["type"] == "Ready")
    assert ("w", "False") == (item["metadata"]["name"], ready["status"])
    assert "w.json" in ready["message"]
