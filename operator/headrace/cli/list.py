"""`headrace list`: the objects of a kind, newest first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import click

from headrace.api.v1alpha1.labels import WORKFLOW
from headrace.archive.ledger.search import Search
from headrace.cli.streams import note
from headrace.cli.window.archive import beside, past, with_archive
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.kinds import KINDS, SHORT
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import is_table, output, put_list
from headrace.cli.window.source import Choice
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.columns import OF_KIND
from headrace.views.objects import Object, name, text
from headrace.views.tones import has_status

_MOST: Final = 500
_BY_FIELD: Final = {
    ("WorkflowRun", "workflow"): "spec.workflow",
    ("TaskRun", "run"): "spec.run",
    ("Approval", "run"): "spec.run",
    ("Backfill", "workflow"): "spec.workflow",
}
"""Fields that the API server can select by, of each kind, by the option that means them."""


@click.command("list")
@click.argument("what", default="runs", metavar="[WHAT]", type=click.Choice(sorted(KINDS)))
@click.option(
    "-w",
    "--workflow",
    metavar="NAME",
    help="Only of this workflow.",
    shell_complete=names_of(WORKFLOWS),
)
@click.option(
    "-r", "--run", metavar="NAME", help="Only of this run.", shell_complete=names_of(WORKFLOW_RUNS)
)
@click.option("-l", "--selector", metavar="LABELS", default="", help="A label selector.")
@click.option(
    "-s", "--status", metavar="WORD", help="Only with this status: failed, running, or a reason."
)
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="In all namespaces.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_MOST,
    show_default=True,
    help="How many at most; 0: all.",
)
@click.option("--name", "part", metavar="TEXT", default="", help="Only with this in their name.")
@click.option("--archived", is_flag=True, help="Also runs that only the archive has.")
@output
@windowed
@with_archive
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    what: str,
    form: str,
    workflow: str | None,
    run: str | None,
    selector: str,
    status: str | None,
    everywhere: bool,
    limit: int,
    part: str,
    archived: bool,
) -> int:
    """List WHAT: runs (if left out), workflows, tasks, approvals, pools or backfills."""
    kind = KINDS[what]
    choice = Choice(
        _labels(kind, workflow, selector),
        _fields(kind, workflow, run),
        everywhere,
        _asked_for(kind, limit, workflow or run or selector or status or part),
    )
    source = past(window) if archived else window.source()
    listed = source.listed(kind, choice)
    for line in listed.notes:
        note(line)
    found = [item for item in listed.items if _is_wanted(item, status, part)]
    if archived:
        _only_runs(kind, selector)
        where = None if everywhere else source.namespace
        # One more than asked for: else nobody would say that there are more.
        search = Search(where, workflow, status, part, limit and limit + 1)
        found = beside(found, window, search)
    items = _sorted(found)
    shown = items[:limit] if limit else items
    if not shown and is_table(form):
        note(f"there are no {SHORT[kind.kind][0]}{_where(window, everywhere=everywhere)}")
        return DONE
    put_list(shown, kind, form, OF_KIND[kind.kind], datetime.now(UTC), everywhere=everywhere)
    if listed.more or len(shown) < len(items):
        note("there are more; --limit 0 shows all")
    return DONE


def _is_wanted(item: Object, status: str | None, part: str) -> bool:
    return part in name(item) and (status is None or has_status(item, status))


def _only_runs(kind: Resource, selector: str) -> None:
    """Refuse what the archive cannot list."""
    if kind != WORKFLOW_RUNS:
        raise WindowError(f"--archived: {SHORT[kind.kind][0]} are not archived; leave it out")
    if selector:
        raise WindowError("--selector does not reach the archive; leave it out, or --archived")


def _asked_for(kind: Resource, limit: int, narrowed: object) -> int:
    """
    Return how many objects to ask for; 0: all.

    Lists are sorted here, so a limit for the API server would leave out new ones. There are few
    runs, and there may be very many tasks.
    """
    return limit if kind == TASK_RUNS and not narrowed else 0


def _labels(kind: Resource, workflow: str | None, selector: str) -> str:
    by_label = workflow and (kind.kind, "workflow") not in _BY_FIELD
    return ",".join(filter(None, (selector, f"{WORKFLOW}={workflow}" if by_label else "")))


def _fields(kind: Resource, workflow: str | None, run: str | None) -> str:
    wanted = {"workflow": workflow, "run": run}
    if run and (kind.kind, "run") not in _BY_FIELD:
        raise WindowError(f"--run: {SHORT[kind.kind][0]} are of no run; leave it out")
    given = (
        f"{_BY_FIELD[kind.kind, option]}={value}"
        for option, value in wanted.items()
        if value and (kind.kind, option) in _BY_FIELD
    )
    return ",".join(given)


def _sorted(items: Sequence[Object]) -> list[Object]:
    """Sort newest first; workflows by name."""
    if items and text(items[0], "kind") == "Workflow":
        return sorted(items, key=name)
    return sorted(items, key=lambda item: text(item, "metadata", "creationTimestamp"), reverse=True)


def _where(window: Window, *, everywhere: bool) -> str:
    if window.wants_local:
        return f" in {window.state}"
    return "" if everywhere else f" in namespace {window.source().namespace}"
