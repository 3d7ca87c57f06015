"""`headrace schedule next`: when a workflow's schedules fire next."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import click

from headrace.cli.given import instant
from headrace.cli.input import InputError, is_manifest
from headrace.cli.streams import note, tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.kinds import split
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import NAME, TABLE, WIDE, lines, output, put_value, table_lines
from headrace.cluster.kinds import WORKFLOWS
from headrace.views.ages import age
from headrace.views.objects import Object, name, text
from headrace.views.table import Cell, Row
from headrace.views.ticks import ticks
from headrace.views.workflow_rows import Tick

_TITLES: Final = ("RUN", "LOCAL TIME", "UTC", "IN")


@click.group("schedule")
def command() -> None:
    """
    Look at the schedules of workflows.

    Exit codes: those of `headrace schedule next`.
    """


@click.command("next")
@click.argument("what", metavar="WORKFLOW|FILE", shell_complete=names_of(WORKFLOWS))
@click.option(
    "-c", "--count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many."
)
@click.option("--after", metavar="TIME", help="Only after this instant. Default: now.")
@output
@windowed
def next_(*, window: Window, what: str, count: int, after: str | None, form: str) -> int:
    """
    Show when the schedules of WORKFLOW, or of the workflow in FILE, fire next.

    Each time stands in the zone of its schedule and in UTC. A time that the clocks skip or repeat
    comes once, as the controller has it.
    """
    workflow = _of_file(Path(what)) if is_manifest(what) else _of_cluster(window, what)
    now = datetime.now(UTC)
    try:
        begin = instant(after, "--after") or now
    except InputError as error:
        raise WindowError(str(error)) from error
    upcoming = list(islice(ticks(workflow, begin), count))
    if form in {TABLE, WIDE}:
        _put_table(workflow, upcoming, now)
    elif form == NAME:
        tell(tick.run for tick in upcoming)
    else:
        put_value({"ticks": [_fields(tick) for tick in upcoming]}, form)
    return DONE


def _of_cluster(window: Window, what: str) -> Object:
    kind, wanted = split(what)
    if kind not in (None, WORKFLOWS):
        raise WindowError(f"{what} is no workflow; name one, or a file")
    return window.cluster().named(WORKFLOWS, wanted)


def _of_file(path: Path) -> Object:
    from headrace.cli.workflow_file import find_workflow  # noqa: PLC0415 - slow to load

    try:
        found = find_workflow(path, None)
        found.workflow()  # so that its problems are told
    except InputError as error:
        raise WindowError(str(error)) from error
    value: Object = found.value
    return value


def _put_table(workflow: Object, upcoming: list[Tick], now: datetime) -> None:
    if not upcoming:
        note(f"workflow {name(workflow)} has no schedule that fires again")
        return
    if text(workflow, "spec", "suspend") == "true":
        note(f"workflow {name(workflow)} is suspended: no run starts before it is resumed")
    lines(table_lines(_TITLES, [_row(tick, now) for tick in upcoming]))


def _row(tick: Tick, now: datetime) -> Row:
    local, utc = datetime.fromisoformat(tick.local), datetime.fromisoformat(tick.utc)
    shown = f"{local:%a %Y-%m-%d %H:%M:%S} {tick.zone}"
    return Row(tuple(map(Cell, (tick.run, shown, tick.utc, age(now, utc)))))


def _fields(tick: Tick) -> dict[str, str]:
    return {key: value for key, value in asdict(tick).items() if value or key != "clocks"}


command.add_command(next_)
