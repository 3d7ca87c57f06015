"""`headrace logs`: what the programs of a run have printed, as one stream."""

import json
from collections.abc import Iterator
from typing import Final

import click

from headrace.cli.streams import note
from headrace.cli.window.archive import Past, past, with_archive
from headrace.cli.window.completion import names_of, task_names
from headrace.cli.window.exits import DONE
from headrace.cli.window.finding import run_named, task_of
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import coloured, lines
from headrace.cli.window.pod_logs import PodLogs, Wanted
from headrace.cli.window.source import Readable
from headrace.cli.words import harmless
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.views.log_lines import LogLine, prefixed
from headrace.views.objects import name

_COLOURS: Final = ("36", "33", "35", "32", "34", "96", "93", "95")
"""One for each program in turn; red is for failures."""
_TEXT, _JSON, _RAW = "text", "json", "raw"


@click.command("logs")
@click.argument("what", metavar="RUN", shell_complete=names_of(WORKFLOW_RUNS))
@click.argument("task", required=False, shell_complete=task_names)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("--tail", type=click.IntRange(min=0), help="Only the last lines of each program.")
@click.option("--attempt", type=click.IntRange(min=1), help="Only of this attempt.")
@click.option("--timestamps", is_flag=True, help="With the time of each line, on a cluster.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice([_TEXT, _RAW, _JSON]),
    default=_TEXT,
    help="How to print: text has the task before each line, raw has not, json is an object a line.",
)
@windowed
@with_archive
def command(  # noqa: PLR0913 - one for each option
    *,
    window: Window,
    what: str,
    task: str | None,
    follow: bool,
    tail: int | None,
    attempt: int | None,
    timestamps: bool,
    form: str,
) -> int:
    """
    Print the logs of RUN: of all its tasks, merged by time, or of TASK.

    A label before each line names the task: `load`, `load#2` for its second attempt, `load[7]` for
    item 7. Of more than 50 programs of one moment, some lines come later than their time. The logs
    of pods that are gone are gone, unless the archive has the run.
    """
    source = past(window)
    run = name(run_named(source, what))
    if task is not None:
        task_of(source, run, task)
    wanted = Wanted(run, task, attempt, tail)
    stream = _stream(source, wanted, follow=follow)
    counted = _Counted(stream)
    lines(_written(counted, form, timestamps=timestamps))
    if not counted.number:
        note(f"there are no logs of {f'task {task} of ' if task else ''}run {run}")
    return DONE


class _Counted:
    """A stream, and how many lines it had."""

    def __init__(self, stream: Iterator[LogLine]) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Iterator[LogLine]:
        for line in self._stream:
            self.number += 1
            yield line


def _stream(source: Readable, wanted: Wanted, *, follow: bool) -> Iterator[LogLine]:
    if isinstance(source, Past):
        if source.is_past(wanted.run):
            return source.lines(wanted)
        assert source.present is not None  # noqa: S101 - else only the archive has the run
        return _stream(source.present, wanted, follow=follow)
    from headrace.cli.window.cluster import ClusterSource  # noqa: PLC0415 - one of the two

    if isinstance(source, ClusterSource):
        logs = PodLogs(source, wanted)
        return logs.follow() if follow else logs.lines()
    from headrace.cli.window.file_logs import FileLogs  # noqa: PLC0415 - only for runs here
    from headrace.cli.window.laptop import LaptopSource  # noqa: PLC0415 - the same

    assert isinstance(source, LaptopSource)  # noqa: S101 - there are two kinds of sources
    files = FileLogs(source, wanted)
    return files.follow() if follow else files.lines()


def _written(stream: _Counted, form: str, *, timestamps: bool) -> Iterator[str]:
    width, colour = 0, coloured()
    colours: dict[str, str] = {}
    for line in stream:
        if form == _JSON:
            yield json.dumps(_fields(line), ensure_ascii=False)
            continue
        time = f"{line.time} " if timestamps and line.time else ""
        if form == _RAW:
            yield harmless(f"{time}{line.text}")
            continue
        width = max(width, len(line.source.label))
        label, text = prefixed(line, width)
        code = colours.setdefault(line.source.task, _COLOURS[len(colours) % len(_COLOURS)])
        shown = f"\x1b[{code}m{label}\x1b[0m" if colour else label
        yield f"{shown}{harmless(f'{time}{text}')}"


def _fields(line: LogLine) -> dict[str, object]:
    known = {"time": line.time or None, "task": line.source.task, "attempt": line.source.attempt}
    return {**known, "item": line.source.item, "text": line.text}
