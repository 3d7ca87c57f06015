"""`headrace start`: a new run of a workflow on a cluster."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.labels import WORKFLOW
from headrace.cli import given
from headrace.cli.input import InputError
from headrace.cli.streams import note, tell
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, RUN_FAILED, TakenError, WindowError
from headrace.cli.window.kinds import split
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import TABLE, as_yaml, output, printing, put_object
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.views.objects import (
    Object,
    condition,
    ended,
    entries,
    field,
    message,
    name,
    reason,
    succeeded,
    text,
)

_NAME_LENGTH: Final = 44
"""How many of a run's 63 characters are left beside its time and a number."""
_LOOK_SECONDS: Final = 1.0
_MOST_NAMES: Final = 20


@click.command("start")
@click.argument("workflow", shell_complete=names_of(WORKFLOWS))
@click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="A parameter's value.")
@click.option(
    "--logical-time", metavar="TIME", help="The instant that the run stands for. Default: now."
)
@click.option("--name", "run", metavar="RUN", help="The run's name. Default: made of the time.")
@click.option("--wait", is_flag=True, help="Wait until the run has ended.")
@output
@printing
@windowed
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    workflow: str,
    params: Sequence[str],
    logical_time: str | None,
    run: str | None,
    wait: bool,
    form: str,
    show_only: bool,
) -> int:
    """Start a run of WORKFLOW on a cluster. On this machine, `headrace run` does."""
    if window.wants_local:
        raise WindowError("headrace run FILE starts runs on this machine; leave out --local")
    source = window.cluster()
    kind, wanted = split(workflow)
    if kind not in (None, WORKFLOWS):
        raise WindowError(f"{workflow} is no workflow; name one")
    definition = source.named(WORKFLOWS, wanted)
    spec = {"workflow": wanted, **_given(definition, params, logical_time)}
    now = datetime.now(UTC)
    body = _manifest(run or _name(wanted, now), source.namespace, spec)
    if show_only:
        tell(as_yaml(body).splitlines())
        return DONE
    made = source.create(WORKFLOW_RUNS, body) if run else _created(source, body)
    if form != TABLE and not wait:
        put_object(made, WORKFLOW_RUNS, form)
        return DONE
    if form == TABLE:
        tell([f"run {name(made)} of workflow {wanted} is created"])
        _warn(definition)
    return _ended(source, made, form) if wait else DONE


def _given(definition: Object, params: Sequence[str], logical_time: str | None) -> dict[str, Any]:
    """Read what the command line gives a run."""
    declared = entries(definition, "spec", "params")
    fields: dict[str, Any] = {}
    required = any(field(each, "default") is None for each in declared)
    try:
        if params or required:
            values = _values(declared, params)
            fields["params"] = [{"name": key, "value": value} for key, value in values.items()]
        if logical_time is not None:
            at = given.instant(logical_time)
            fields["logicalTime"] = None if at is None else write_time(at)
    except InputError as error:
        raise WindowError(str(error)) from error
    return fields


def _values(declared: Sequence[Any], params: Sequence[str]) -> dict[str, Any]:
    return dict(given.params(given.declared(declared), params))


def _name(workflow: str, now: datetime) -> str:
    """Return the name of a run, as `headrace run` would give it."""
    return f"{workflow[:_NAME_LENGTH].rstrip('-.')}-{now:%Y%m%d-%H%M%S}"


def _manifest(run: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowRun",
        "metadata": {
            "name": run,
            "namespace": namespace,
            "labels": {WORKFLOW: spec["workflow"]},
        },
        "spec": spec,
    }


def _created(source: ClusterSource, body: dict[str, Any]) -> Object:
    """Create a run. Somebody else may have started one in the same second."""
    base = body["metadata"]["name"]
    for number in range(1, _MOST_NAMES):
        body["metadata"]["name"] = base if number == 1 else f"{base}-{number}"
        try:
            return source.create(WORKFLOW_RUNS, body)
        except TakenError:
            continue
    raise WindowError(f"all names like {base} are taken; choose one with --name")


def _warn(definition: Object) -> None:
    """Say at once if the run cannot begin."""
    ready = condition(definition, "Ready")
    if text(ready, "status") == "False":
        note(f"the workflow is not ready: {text(ready, 'message')}")


def _ended(source: ClusterSource, run: Object, form: str) -> int:
    """Wait until a run has ended; return the exit code."""
    while not ended(run):
        time.sleep(_LOOK_SECONDS)
        run = source.named(WORKFLOW_RUNS, name(run))
    if form == TABLE:
        tell([f"run {name(run)}: {reason(run)}{f': {message(run)}' if message(run) else ''}"])
    else:
        put_object(run, WORKFLOW_RUNS, form)
    return DONE if succeeded(run) else RUN_FAILED
