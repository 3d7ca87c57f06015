"""Builders of objects as people write them: a case shows only what matters to it."""

from pathlib import Path
from typing import Any

from headrace.cli.compose import compose

Manifest = dict[str, Any]

RICH = Path(__file__).with_name("rich.yaml")
"""Valid objects that use every field."""


def rich() -> list[Manifest]:
    """Return the valid objects that use every field."""
    return [document.value for document in compose(RICH.read_bytes())]


def workflow(*tasks: Manifest, name: str = "stock", **spec: Any) -> Manifest:
    """Return a Workflow of these tasks; of one small task if none is given."""
    return _object("Workflow", name, {"tasks": list(tasks or [task()]), **spec})


def task(name: str = "extract", **fields: Any) -> Manifest:
    """Return a task with an image."""
    return {"name": name, "image": "busybox:1.37", **fields}


def run(name: str = "stock-1", **spec: Any) -> Manifest:
    """Return a WorkflowRun."""
    return _object("WorkflowRun", name, {"workflow": "stock", **spec})


def pool(name: str = "db", **spec: Any) -> Manifest:
    """Return a Pool."""
    return _object("Pool", name, {"slots": 1, **spec})


def task_run(name: str = "alone", **spec: Any) -> Manifest:
    """Return a TaskRun on its own."""
    return _object("TaskRun", name, {"image": "busybox:1.37", **spec})


def backfill(name: str = "again", **spec: Any) -> Manifest:
    """Return a Backfill of a month."""
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-31T00:00:00Z"}
    return _object("Backfill", name, {"workflow": "stock", **span, **spec})


def template(name: str = "http.v1", kind: str = "TaskTemplate", **spec: Any) -> Manifest:
    """Return a template."""
    return _object(kind, name, {"image": "busybox:1.37", **spec})


def _object(kind: str, name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
