"""
The program `headrace`: a table of commands. A command is loaded when it is used.

So no command loads the libraries of another, and `headrace --help` loads none. Knows no command.
"""

from dataclasses import dataclass
from importlib import import_module

import click

from headrace.cli.streams import ready


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its module, its text in `headrace --help`, and its name in the module."""

    module: str
    help: str
    attribute: str = "command"


_STEER = "headrace.cli.steer"

COMMANDS = {
    "start": Entry("headrace.cli.start", "Start a run of a workflow."),
    "list": Entry("headrace.cli.list", "List runs, workflows, tasks, backfills and others."),
    "show": Entry("headrace.cli.show", "Show a run, a task or a workflow."),
    "explain": Entry("headrace.cli.explain", "Say why something does not run, in sentences."),
    "logs": Entry("headrace.cli.logs", "Print the logs of a run, of all tasks together."),
    "watch": Entry("headrace.cli.watch", "Follow a run, or all runs, as a live table."),
    "ui": Entry("headrace.web.command", "Show runs in the browser, and steer them there."),
    "pause": Entry(_STEER, "Start nothing new in a run, workflow or backfill.", "pause"),
    "resume": Entry(_STEER, "Let a run, a workflow's triggers or a backfill go on.", "resume"),
    "stop": Entry(_STEER, "Let running tasks or runs end, then end it.", "stop"),
    "cancel": Entry(_STEER, "End running tasks or runs, then end it.", "cancel"),
    "terminate": Entry(_STEER, "End a run with its `finally` tasks.", "terminate"),
    "approve": Entry("headrace.cli.approve", "Answer a question of a run."),
    "schedule": Entry("headrace.cli.schedule", "Show when a workflow runs next."),
    "run": Entry("headrace.cli.run", "Run a workflow on this machine."),
    "serve": Entry("headrace.cli.serve", "Serve a folder of workflows on this machine."),
    "rerun": Entry("headrace.cli.rerun", "Repeat a run: only what failed, or more."),
    "backfill": Entry("headrace.cli.backfill", "Run a workflow for a stretch of the past."),
    "validate": Entry("headrace.cli.validate", "Check manifests, without a cluster or with one."),
    "archive": Entry("headrace.cli.archive", "Forget an archived run."),
    "completion": Entry("headrace.cli.shell_script", "Print the script for a shell's completion."),
    "graph": Entry("headrace.cli.graph", "Show which task waits for which, as text or a diagram."),
}


class Commands(click.Group):
    """The commands of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        entry = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(entry.module), entry.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by name, or suggest a similar one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from headrace.api.checks.similar import closest  # noqa: PLC0415 - only for mistakes

            close = closest(args[0], COMMANDS)
            if close is None:
                raise
            message = f"No such command {args[0]!r}. Did you mean {close!r}?"
            raise click.UsageError(message, ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's form
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - slow to load, needed here only

        click.echo(f"headrace {version('headrace')}")
        ctx.exit()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Run data pipelines: on a Kubernetes cluster, or on this machine."""
    ready()


def kubectl_headrace() -> None:
    """Run as `kubectl headrace`: the program `kubectl-headrace`, as kubectl looks for it."""
    main(prog_name="kubectl headrace")
