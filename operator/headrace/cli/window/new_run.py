"""
A new run on a cluster, from its spec: its name, its creation, and its end.

Knows the answers of the API server. Knows no field of the spec, besides the workflow.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.labels import WORKFLOW
from headrace.cli.streams import note, tell
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import DONE, RUN_FAILED, TakenError, WindowError
from headrace.cli.window.output import as_yaml, is_table, put_object
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.views.objects import Object, ended, message, name, reason, succeeded

F = TypeVar("F", bound=Callable[..., Any])

_NAME_LENGTH: Final = 44
"""How many of a run's 63 characters are left beside its time and a number."""
_LOOK_SECONDS: Final = 1.0
_MOST_NAMES: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """How a new run is created and shown."""

    name: str | None
    """None: made of the workflow and the time."""
    wait: bool
    form: str
    show_only: bool
    """Print the manifest, and create nothing."""


def naming(command: F) -> F:
    """Give a command `--name` and `--wait`."""
    name_ = click.option(
        "--name", "run", metavar="RUN", help="The new run's name. Default: made of the time."
    )
    wait = click.option("--wait", is_flag=True, help="Wait until the new run has ended.")
    return name_(wait(command))


def begin(
    source: ClusterSource, spec: dict[str, Any], asked: Asked, words: str, remark: str = ""
) -> int:
    """
    Create a run, show it, and wait for its end if somebody asked for that.

    Args:
        source: Where.
        spec: The WorkflowRun's spec.
        asked: How.
        words: What people read of the new run, after its name.
        remark: What they should know besides.

    """
    body = manifest(source, spec, datetime.now(UTC), asked.name)
    if asked.show_only:
        tell(as_yaml(body).splitlines())
        return DONE
    made = source.create(WORKFLOW_RUNS, body) if asked.name else created(source, body)
    if is_table(asked.form):
        tell([f"run {name(made)} {words}"])
        if remark:
            note(remark)
    elif not asked.wait:
        put_object(made, WORKFLOW_RUNS, asked.form)
    return _ended(source, made, asked.form) if asked.wait else DONE


def _name(workflow: str, now: datetime) -> str:
    """Return the name of a run, as `headrace run` would give it."""
    return f"{workflow[:_NAME_LENGTH].rstrip('-.')}-{now:%Y%m%d-%H%M%S}"


def manifest(
    source: ClusterSource, spec: dict[str, Any], now: datetime, run: str | None = None
) -> dict[str, Any]:
    """Return the manifest of a new run; without a name, it gets one of the workflow and `now`."""
    labels = {WORKFLOW: spec["workflow"]}
    run = run or _name(spec["workflow"], now)
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowRun",
        "metadata": {"name": run, "namespace": source.namespace, "labels": labels},
        "spec": spec,
    }


def created(source: ClusterSource, body: dict[str, Any]) -> Object:
    """Create a run. Somebody else may have started one in the same second."""
    base = body["metadata"]["name"]
    for number in range(1, _MOST_NAMES):
        body["metadata"]["name"] = base if number == 1 else f"{base}-{number}"
        try:
            return source.create(WORKFLOW_RUNS, body)
        except TakenError:
            continue
    raise WindowError(f"all names like {base} are taken; choose one with --name")


def _ended(source: ClusterSource, run: Object, form: str) -> int:
    """Wait until a run has ended; return the exit code."""
    while not ended(run):
        time.sleep(_LOOK_SECONDS)
        run = source.named(WORKFLOW_RUNS, name(run))
    if is_table(form):
        tell([f"run {name(run)}: {reason(run)}{f': {message(run)}' if message(run) else ''}"])
    else:
        put_object(run, WORKFLOW_RUNS, form)
    return DONE if succeeded(run) else RUN_FAILED
