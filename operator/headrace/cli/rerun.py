"""
`headrace rerun`: repeat a run, with what succeeded taken over.

Knows the options. On a cluster it creates a WorkflowRun; runs of this machine are repeated by
`rerun_here`.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from headrace.api.checks.param_kinds import Known, Value
from headrace.cli import given
from headrace.cli.cache_option import cache_option, mode_of
from headrace.cli.execution import NAMES, task_options
from headrace.cli.input import InputError
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.completion import names_of, task_names
from headrace.cli.window.exits import WindowError, no_such
from headrace.cli.window.finding import run_named
from headrace.cli.window.new_run import Asked, begin, naming
from headrace.cli.window.one_place import refuse
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import output, printing
from headrace.cli.window.source import Source
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.views.objects import Object, entries, field, name, text
from headrace.views.rerunning import obstacle

_FAILED, _ALL, _TASK = "failed", "all", "task"
_FROM: Final = {_FAILED: "Failed", _ALL: "All", _TASK: "Task"}
_ONLY_HERE: Final = (*NAMES, "files")
_ONLY_THERE: Final = ("run", "wait", "form", "show_only")


@click.command("rerun")
@click.argument("what", metavar="RUN", shell_complete=names_of(WORKFLOW_RUNS))
@click.option(
    "--from",
    "start",
    type=click.Choice(list(_FROM)),
    help="What to repeat, with all that waits for it. Default: failed, or task with --task.",
)
@click.option(
    "--task",
    metavar="NAME",
    shell_complete=task_names,
    help="The task to repeat, besides what failed.",
)
@click.option(
    "--downstream-only",
    is_flag=True,
    help="Repeat what waits for the task, and not the task itself.",
)
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another value of a parameter. The others are those of RUN.",
)
@click.option(
    "--latest", is_flag=True, help="With today's definition of the workflow, not that of RUN."
)
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path),
    metavar="FILE",
    multiple=True,
    help="With --latest on this machine: the file of the workflow, then those of workflows that it"
    " calls. Default: the files beside it when RUN began.",
)
@cache_option
@naming
@task_options
@output
@printing
@windowed
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    what: str,
    start: str | None,
    task: str | None,
    downstream_only: bool,
    params: Sequence[str],
    latest: bool,
    files: Sequence[Path],
    cache: str | None,
    run: str | None,
    wait: bool,
    form: str,
    show_only: bool,
    **execution: Any,
) -> int:
    """
    Repeat RUN, which has ended: by default from what failed, with the definition that it had.

    Tasks that succeeded, and wait for no repeated task, keep their outputs. On this machine, the
    rerun runs in this process, and the exit code is that of the rerun.
    """
    rerun_of = _asked(start, task, downstream_only=downstream_only, latest=latest)
    source = window.source()
    earlier = run_named(source, what)
    rerun_of = {"name": name(earlier), **rerun_of}
    if isinstance(source, ClusterSource):
        refuse(_ONLY_HERE, "is for runs of this machine; leave it out, or add --local")
        definition = definition_for(source, earlier, latest=latest)
        check(source, earlier, definition, rerun_of)
        spec: dict[str, Any] = {"workflow": text(earlier, "spec", "workflow"), "rerunOf": rerun_of}
        if params:
            spec["params"] = given.manifest(other_values(earlier, definition, params))
        if cache is not None:
            spec["cache"] = mode_of(cache)
        words = f"repeats run {name(earlier)}"
        return begin(source, spec, Asked(run, wait, form, show_only), words)
    refuse(_ONLY_THERE, "is for runs of a cluster; here the rerun runs and shows itself")
    if files and not latest:
        raise WindowError("--file: has no meaning without --latest; leave it out, or add --latest")
    from headrace.cli.rerun_here import rerun_here  # noqa: PLC0415 - slow, only for runs here

    own = {"state": window.state, "params": tuple(params), "cache": cache}
    return rerun_here(rerun_of, files, **own, **execution)


def _asked(
    start: str | None, task: str | None, *, downstream_only: bool, latest: bool
) -> dict[str, Any]:
    """Return the fields of `rerunOf` that differ from their defaults."""
    if task is None and start == _TASK:
        raise WindowError("--from task: needs --task NAME; name the task")
    if task is not None and start not in (None, _TASK):
        raise WindowError(f"--task: has no meaning with --from {start}; leave one of them out")
    if task is None and downstream_only:
        raise WindowError("--downstream-only: needs --task NAME; name the task")
    fields: dict[str, Any] = {}
    if task is not None or start == _ALL:
        fields["from"] = _FROM[_ALL if task is None else _TASK]
    if task is not None:
        fields["task"] = task
    if downstream_only:
        fields["downstreamOnly"] = True
    if latest:
        fields["revision"] = "Latest"
    return fields


def definition_for(source: ClusterSource, earlier: Object, *, latest: bool) -> Object | None:
    """Return the definition of the rerun; None: it cannot be read."""
    if not latest:
        return source.definition(earlier)
    spec: Object | None = field(source.named(WORKFLOWS, text(earlier, "spec", "workflow")), "spec")
    return spec


def check(
    source: Source, earlier: Object, definition: Object | None, rerun_of: dict[str, Any]
) -> None:
    """Refuse a rerun as the engine would, before it is created."""
    task = rerun_of.get("task")
    if task is not None and definition is not None:
        parts = ("tasks", "finally")
        names = [text(each, "name") for part in parts for each in entries(definition, part)]
        if task not in names:
            raise no_such("task", task, f"run {name(earlier)}", names)
    everything = rerun_of.get("from") == _FROM[_ALL]
    tasks = [] if everything else source.tasks(name(earlier))
    problem = obstacle(earlier, tasks, definition, rerun_of)
    if problem is not None:
        raise WindowError(problem)


def other_values(
    earlier: Object, definition: Object | None, params: Sequence[str]
) -> dict[str, Value]:
    """Read the values that differ from those of the earlier run."""
    if definition is None:
        raise WindowError(
            f"--param: the definition of run {name(earlier)} cannot be read, so a value has no"
            " type; ask for the right to get controllerrevisions, or write the manifest by hand"
        )
    known = {
        text(each, "name")
        for part in (("spec",), ("status", "rerun"))
        for each in entries(earlier, *part, "params")
    }
    declared = given.declared(entries(definition, "params"))
    try:
        return given.params([_given_before(each, known) for each in declared], params)
    except InputError as error:
        raise WindowError(str(error)) from error


def _given_before(param: Known, known: Collection[str]) -> Known:
    """Return a parameter that may be left out, if the earlier run has a value."""
    return replace(param, default=given.stand_in(param)) if param.name in known else param
