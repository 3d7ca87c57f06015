"""
`headrace backfill`: a workflow for a stretch of the past, on a cluster or on this machine.

Knows the options. On a cluster it creates a Backfill; `backfill_here` runs a file.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from headrace.cli.backfill_options import backfill_options, span
from headrace.cli.backfill_options import fields as spec_fields
from headrace.cli.execution import PLACE_NAMES, Place, place_options
from headrace.cli.input import is_manifest
from headrace.cli.new_backfill import backfill_name, manifest, preview
from headrace.cli.streams import note, tell
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.kinds import split
from headrace.cli.window.one_place import refuse
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import (
    NAME,
    as_yaml,
    is_table,
    lines,
    output,
    printing,
    put_object,
    put_value,
    table_lines,
)
from headrace.cluster.kinds import BACKFILLS, WORKFLOWS
from headrace.views.objects import Object, entries, field, name
from headrace.views.table import Cell, Row

if TYPE_CHECKING:
    from headrace.cli.planned import Planned

_ONLY_THERE: Final = ("priority", "show_only")
_UNCHECKED: Final = frozenset({"stepSeconds", "timeZone", "priority"})
"""The fields that may be wrong although their options could be read."""
_TITLES: Final = ("RUN", "LOGICAL TIME", "EXISTING")


@click.command("backfill")
@click.argument("what", metavar="WORKFLOW|FILE", shell_complete=names_of(WORKFLOWS))
@click.argument("others", type=click.Path(path_type=Path), nargs=-1)
@backfill_options
@place_options
@output
@printing
@windowed
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    what: str,
    others: Sequence[Path],
    begin: str,
    end: str,
    params: Sequence[str],
    called: str | None,
    dry_run: bool,
    form: str,
    show_only: bool,
    max_parallel: int,
    runner: str,
    python: str,
    no_wait: bool,
    approve: tuple[str, ...],
    **fields: Any,
) -> int:
    """
    Run WORKFLOW for each of its logical times between two instants, both included.

    On a cluster, this creates a Backfill; headrace list backfills shows it. With FILE, the runs run
    here; OTHERS are further files, with workflows that it calls and templates. After Ctrl-C, the
    same command goes on, and does nothing twice.
    """
    spec = {**span(begin, end), **spec_fields(**fields)}
    here = is_manifest(what)
    if here:
        refuse(_ONLY_THERE, "is for a Backfill on a cluster; leave it out")
        from headrace.cli.backfill_here import backfill_here  # noqa: PLC0415 - slow, for files only

        place = Place(window.state, max_parallel, runner, python, no_wait, approve)
        put = partial(_put, form=form) if dry_run else None
        return backfill_here((Path(what), *others), called, spec, params, place, put)
    refuse(PLACE_NAMES, "is for this machine; leave it out, or name a file")
    if others:
        raise WindowError(f"{others[0]}: files go with a file; name one workflow of the cluster")
    if window.wants_local:
        raise WindowError("headrace backfill FILE runs on this machine; name a file")
    kind, wanted = split(what)
    if kind not in (None, WORKFLOWS):
        raise WindowError(f"{what} is no workflow; name one, or a file")
    source = window.cluster()
    definition = source.named(WORKFLOWS, wanted)
    body = manifest(called or backfill_name(wanted, begin, end), definition, params, spec)
    body["metadata"]["namespace"] = source.namespace
    if show_only:
        tell(as_yaml(body).splitlines())
    elif dry_run:
        checked = called is None and _UNCHECKED.isdisjoint(body["spec"])
        _put(preview(source, definition, body, checked=checked), form)
    else:
        _create(source, definition, body, form)
    return DONE


def _create(source: ClusterSource, definition: Object, body: dict[str, Any], form: str) -> None:
    """Create a Backfill, and show it."""
    made = source.create(BACKFILLS, body)
    if not is_table(form):
        put_object(made, BACKFILLS, form)
        return
    workflow = name(definition)
    tell([f"backfill {name(made)} of workflow {workflow} is created"])
    if not _has_schedule(definition) and "step" not in body["spec"]:
        note(f"workflow {workflow} has no schedule; add --step day, month or seconds")


def _has_schedule(definition: Object) -> bool:
    triggers = entries(definition, "spec", "triggers")
    return any(field(each, "schedule") is not None for each in triggers)


def _put(times: "Sequence[Planned]", form: str) -> None:
    """Print what would be done at each logical time."""
    new = [each.run for each in times if each.run]
    if form == NAME:
        tell(new)
    elif is_table(form):
        cells = (
            (each.run or "-", each.fields()["logicalTime"], each.existing or "-") for each in times
        )
        lines(table_lines(_TITLES, [Row(tuple(map(Cell, row))) for row in cells]))
        note(f"{len(new)} of {len(times)} logical times would get a run")
    else:
        put_value({"total": len(times), "ticks": [each.fields() for each in times]}, form)
