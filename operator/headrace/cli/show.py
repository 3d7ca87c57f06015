"""`headrace show`: one object with all that belongs to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import click

from headrace.api.v1alpha1.labels import BACKFILL
from headrace.cli.streams import tell
from headrace.cli.window.archive import past, with_archive
from headrace.cli.window.completion import names_of, task_names
from headrace.cli.window.exits import DONE
from headrace.cli.window.finding import found
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import is_table, output, put_object, put_table
from headrace.cli.window.source import Choice, Readable
from headrace.cluster.kinds import BACKFILLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.columns import ATTEMPTS_OF_TASK, RUNS, TASKS_OF_RUN, Column
from headrace.views.facts import Fact, facts
from headrace.views.objects import Object, entries, name, text
from headrace.views.run_tasks import all_tasks
from headrace.views.table import shown

_LAST_RUNS: Final = 10
_RUNS_OF: Final[Mapping[Resource, Callable[[str], Choice]]] = {
    WORKFLOWS: lambda workflow: Choice(fields=f"spec.workflow={workflow}"),
    BACKFILLS: lambda backfill: Choice(labels=f"{BACKFILL}={backfill}"),
}
"""The runs that belong to an object."""


@click.command("show")
@click.argument("what", metavar="NAME", shell_complete=names_of(WORKFLOW_RUNS, WORKFLOWS))
@click.argument("task", required=False, shell_complete=task_names)
@output
@windowed
@with_archive
def command(*, window: Window, what: str, task: str | None, form: str) -> int:
    """
    Show a run with its tasks, or TASK of it with its attempts.

    NAME is the name of a run, or of a workflow; or KIND/NAME with a kind of `headrace list`.
    """
    source = past(window)
    kind, item = found(source, what, task)
    if not is_table(form):
        put_object(item, kind, form)
        return DONE
    now = datetime.now(UTC)
    tell(_lines(facts(item, now)))
    _put_parts(source, kind, item, now)
    return DONE


def _lines(known: Iterable[Fact]) -> Iterator[str]:
    pairs = list(known)
    width = max((len(title) for title, _ in pairs), default=0) + 2
    for title, words in pairs:
        first, *rest = words.splitlines() or [""]
        yield f"{title + ':':<{width}}{first}"
        yield from (" " * width + line for line in rest)


def _put_parts(source: Readable, kind: Resource, item: Object, now: datetime) -> None:
    """Print the table of what belongs to an object."""
    if kind == WORKFLOW_RUNS:
        tasks = all_tasks(item, source.tasks(name(item)), source.definition(item))
        _put(tasks, TASKS_OF_RUN, now)
    elif kind == TASK_RUNS:
        _put(entries(item, "status", "attempts"), ATTEMPTS_OF_TASK, now)
    elif kind in _RUNS_OF:
        choice = _RUNS_OF[kind](name(item))
        runs = source.listed(WORKFLOW_RUNS, choice).items
        newest = sorted(
            runs, key=lambda run: text(run, "metadata", "creationTimestamp"), reverse=True
        )
        _put(newest[:_LAST_RUNS], shown(RUNS, wide=False), now)


def _put(items: Iterable[Object], columns: Iterable[Column], now: datetime) -> None:
    listed = list(items)
    if listed:
        tell([""])
        put_table(listed, list(columns), now)
