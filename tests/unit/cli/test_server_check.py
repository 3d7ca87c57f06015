"""What the API server says of manifests: `headrace validate --server`."""

import asyncio
from pathlib import Path

import pytest

from support.window import CommandStage

GOOD = """
apiVersion: headrace.dev/v1alpha1
kind: Workflow
metadata: {name: stock}
spec:
  defaults: {image: busybox}
  tasks: [{name: a, command: ["true"]}]
---
apiVersion: v1
kind: List
items:
  - apiVersion: headrace.dev/v1alpha1
    kind: WorkflowRun
    metadata: {generateName: stock-, namespace: other}
    spec: {workflow: stock}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: foreign}}
"""
ROOT = "/apis/headrace.dev/v1alpha1/namespaces"
DRY = "fieldManager=headrace-cli&fieldValidation=Strict&dryRun=All"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "stock.yaml"
    path.write_text(GOOD)
    return path


async def test_each_object_is_applied_as_a_dry_run(cluster: CommandStage, file: Path) -> None:
    """In its own namespace, or that of the context. Objects of others are not asked about."""
    cluster.refuse["PATCH workflows"] = (200, {})
    cluster.refuse["POST workflowruns"] = (201, {})
    shown = await cluster.call("validate", "--server", str(file))
    assert (0, 2) == (shown.code, len(shown.lines))
    assert [
        f"PATCH {ROOT}/shop/workflows/stock?{DRY}&force=true",
        f"POST {ROOT}/other/workflowruns?{DRY}",
    ] == cluster.asked


async def test_a_refusal_is_told_with_the_place(cluster: CommandStage, file: Path) -> None:
    """In the API server's own words."""
    cluster.refuse["POST workflowruns"] = (201, {})
    message = 'admission webhook "policy" denied the request: no busybox'
    cluster.refuse["PATCH workflows"] = (403, {"reason": "Forbidden", "message": message})
    shown = await cluster.call("validate", "--server", str(file))
    assert (2, [f"{file}:2: the API server refuses it: {message}"]) == (shown.code, shown.lines)


async def test_a_change_that_is_not_allowed_is_a_problem(cluster: CommandStage, file: Path) -> None:
    """Only the API server knows what exists already."""
    cluster.refuse["POST workflowruns"] = (201, {})
    message = "spec.workflow: Invalid value: workflow cannot be changed; create a new run"
    cluster.refuse["PATCH workflows"] = (422, {"reason": "Invalid", "message": message})
    shown = await cluster.call("validate", "--server", str(file))
    assert (2, [f"{file}:2: the API server refuses it: {message}"]) == (shown.code, shown.lines)


async def test_what_is_wrong_anyway_is_not_asked(cluster: CommandStage, file: Path) -> None:
    """The checks without a cluster name line and cure."""
    await asyncio.to_thread(file.write_text, GOOD.replace("name: a,", "nam: a,"))
    assert 2 == (await cluster.call("validate", "--server", str(file))).code
    assert [] == cluster.asked


async def test_a_missing_right_says_nothing_of_the_file(cluster: CommandStage, file: Path) -> None:
    """Whoever may not apply cannot know."""
    message = 'User "bob" cannot patch resource "workflows"'
    cluster.refuse["PATCH workflows"] = (403, {"reason": "Forbidden", "message": message})
    shown = await cluster.call("validate", "--server", str(file))
    assert (4, "") == (shown.code, shown.out)
    assert f"{message}; ask who administers the cluster for this right" in shown.err


async def test_no_cluster_is_told(cluster: CommandStage, file: Path) -> None:
    """Rather than that all is well."""
    shown = await cluster.call("validate", "--server", str(file), "--context", "none")
    assert (5, "") == (shown.code, shown.out)
