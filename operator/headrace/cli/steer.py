"""
`headrace pause`, `resume`, `stop`, `cancel` and `terminate`: what somebody wants of a run.

Knows the options and the output. The views know what each way to steer means.
"""

from typing import Any, Final

import click

from headrace.cli.streams import note, tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.finding import found
from headrace.cli.window.kubectl import patch_command
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import is_table, output, printing, put_object
from headrace.cli.window.source import Source
from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.objects import Object, name
from headrace.views.steering import STEERS, Steer, desired, obstacle

_RUN: Final = "NAME is the name of a run, also written as run/NAME."
_RUN_OR_WORKFLOW: Final = (
    "NAME is the name of a run. workflow/NAME is a workflow: its `spec.suspend` is changed."
)


def _command(verb: str) -> click.Command:
    """Return the command of a verb."""
    steer = STEERS[verb]
    of_both = steer.suspend is not None

    @output
    @printing
    @windowed
    def command(*, window: Window, what: str, form: str, show_only: bool) -> int:
        return _steer(window, verb, what, form, show_only=show_only)

    kinds = (WORKFLOW_RUNS, WORKFLOWS) if of_both else (WORKFLOW_RUNS,)
    argument = click.argument("what", metavar="NAME", shell_complete=names_of(*kinds))
    made: click.Command = click.command(verb)(argument(command))
    whom = "a run or a workflow" if of_both else "a run"
    made.help = (
        f"{verb.capitalize()} {whom}: {steer.effect}.\n\n"
        f"{_RUN_OR_WORKFLOW if of_both else _RUN}\n\n{made.help}"
    )
    return made


def _steer(window: Window, verb: str, what: str, form: str, *, show_only: bool) -> int:
    steer = STEERS[verb]
    source = window.source()
    kind, item = found(source, what, workflows=steer.suspend is not None)
    patch = _patch(kind, verb, steer)
    if show_only:
        tell([patch_command(window, source, kind, name(item), patch)])
        return DONE
    problem = obstacle(item, steer) if kind == WORKFLOW_RUNS else None
    if problem is not None:
        raise WindowError(problem)
    _put(source.change(kind, name(item), patch), kind, steer, form)
    if kind == WORKFLOW_RUNS and desired(item) != steer.state:
        _remind(source, name(item))
    return DONE


def _patch(kind: Resource, verb: str, steer: Steer) -> dict[str, Any]:
    if kind == WORKFLOW_RUNS:
        return {"spec": {"desiredState": steer.state}}
    if kind == WORKFLOWS and steer.suspend is not None:
        return {"spec": {"suspend": steer.suspend}}
    raise WindowError(f"{verb} is for runs, and not for a {kind.kind}; name a run")


def _put(item: Object, kind: Resource, steer: Steer, form: str) -> None:
    if not is_table(form):
        put_object(item, kind, form)
        return
    is_run = kind == WORKFLOW_RUNS
    effect = steer.effect if is_run else steer.workflow_effect
    tell([f"{'run' if is_run else 'workflow'} {name(item)}: {effect}"])


def _remind(source: Source, run: str) -> None:
    """Say when nothing carries the wish out at the moment."""
    advice = source.carried_out(run)
    if advice:
        note(advice)


pause, resume, stop, cancel, terminate = map(_command, STEERS)
