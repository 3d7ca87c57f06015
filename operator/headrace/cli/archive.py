"""`headrace archive forget`: forgets a run for good, and notes who asked."""

from datetime import UTC, datetime
from getpass import getuser

import click

from headrace.cli.streams import tell
from headrace.cli.window.archive import Archive, with_archive
from headrace.cli.window.exits import DONE, WindowError, no_such
from headrace.cli.window.kinds import split
from headrace.cli.window.options import Window, windowed
from headrace.cluster.kinds import WORKFLOW_RUNS


@click.group("archive")
def command() -> None:
    """
    Look after the archive of ended runs.

    Exit codes: those of `headrace archive forget`.
    """


@click.command("forget")
@click.argument("what", metavar="RUN")
@click.option("--asked-by", metavar="NAME", help="Who asked for it. Default: your account here.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@windowed
@with_archive
def forget(*, window: Window, what: str, asked_by: str | None, yes: bool) -> int:
    """
    Forget each archived RUN of this name, with everything of it: tasks, outputs, Events and logs.

    The runs that it has called go with it. The archive keeps its name, who asked and when, and
    never writes it again. In the cluster it stays: kubectl delete workflowrun RUN removes it there.
    """
    kind, run = split(what)
    if kind not in (None, WORKFLOW_RUNS) or (kind is None and run != what):
        raise WindowError(f"{what} is no run; name one as NAME or run/NAME")
    archive = Archive(window.archive_url)
    where = window.where
    if archive.run(where, run) is None:
        raise no_such("WorkflowRun", run, f"the archive of namespace {where}", archive.names(where))
    if not yes:
        question = f"forget run {run} of namespace {where} for good?"
        click.confirm(question, abort=True)
    with archive.writer() as writer:
        number = writer.forget(where, run, asked_by or getuser(), datetime.now(UTC))
    called = f", and {number - 1} more of its name or called by it" if number > 1 else ""
    tell([f"run {run} is forgotten{called}"])
    return DONE


command.add_command(forget)
