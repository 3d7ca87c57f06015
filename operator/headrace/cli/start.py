"""`headrace start`: a new run of a workflow on a cluster."""

from collections.abc import Sequence
from typing import Any

import click

from headrace.api.checks.instants import write_time
from headrace.cli import given
from headrace.cli.cache_option import cache_option, mode_of
from headrace.cli.input import InputError
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import WindowError
from headrace.cli.window.kinds import split
from headrace.cli.window.new_run import Asked, begin, naming
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import output, printing
from headrace.cluster.kinds import WORKFLOWS
from headrace.views.objects import Object, condition, entries, field, text


@click.command("start")
@click.argument("workflow", shell_complete=names_of(WORKFLOWS))
@click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="A parameter's value.")
@click.option(
    "--logical-time", metavar="TIME", help="The instant that the run stands for. Default: now."
)
@cache_option
@naming
@output
@printing
@windowed
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    workflow: str,
    params: Sequence[str],
    logical_time: str | None,
    cache: str | None,
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
    spec = {"workflow": wanted, **run_fields(definition, params, logical_time)}
    if cache is not None:
        spec["cache"] = mode_of(cache)
    asked = Asked(run, wait, form, show_only)
    words = f"of workflow {wanted} is created"
    return begin(source, spec, asked, words, remark_on(definition))


def run_fields(
    definition: Object, params: Sequence[str], logical_time: str | None
) -> dict[str, Any]:
    """Read what the command line gives a run."""
    declared = entries(definition, "spec", "params")
    fields: dict[str, Any] = {}
    required = any(field(each, "default") is None for each in declared)
    try:
        if params or required:
            values = given.params(given.declared(declared), params)
            fields["params"] = given.manifest(values)
        if logical_time is not None:
            at = given.instant(logical_time)
            fields["logicalTime"] = None if at is None else write_time(at)
    except InputError as error:
        raise WindowError(str(error)) from error
    return fields


def remark_on(definition: Object) -> str:
    """Say at once if the run cannot begin."""
    ready = condition(definition, "Ready")
    if text(ready, "status") != "False":
        return ""
    return f"the workflow is not ready: {text(ready, 'message')}"
