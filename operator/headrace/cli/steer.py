"""
`headrace pause`, `resume`, `stop`, `cancel`, `terminate`: what somebody wants of a run or backfill.

Knows the options and the output. The views know what each way to steer means.
"""

from typing import Any, Final

import click

from headrace.cli.streams import note, tell
from headrace.cli.window.completion import names_of
from headrace.cli.window.exits import DONE, WindowError
from headrace.cli.window.finding import found
from headrace.cli.window.kinds import SHORT
from headrace.cli.window.kubectl import patch_command
from headrace.cli.window.options import Window, windowed
from headrace.cli.window.output import is_table, output, printing, put_object
from headrace.cli.window.source import Source
from headrace.cluster.kinds import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.views.objects import name
from headrace.views.steering import STEERS, Steer, desired, obstacle

_RUN: Final = "NAME is the name of a run, also written as run/NAME."
_RUN_OR_BACKFILL: Final = f"{_RUN} backfill/NAME is a backfill."
_ANY: Final = (
    "NAME is the name of a run. workflow/NAME is a workflow: its `spec.suspend` is changed."
    " backfill/NAME is a backfill."
)


def _command(verb: str) -> click.Command:
    """Return the command of a verb."""
    steer = STEERS[verb]

    @output
    @printing
    @windowed
    def command(*, window: Window, what: str, form: str, show_only: bool) -> int:
        return _steer(window, verb, what, form, show_only=show_only)

    kinds = (WORKFLOW_RUNS, WORKFLOWS) if steer.suspend is not None else (WORKFLOW_RUNS,)
    argument = click.argument("what", metavar="NAME", shell_complete=names_of(*kinds))
    made: click.Command = click.command(verb)(argument(command))
    whom, names = "a run", _RUN
    if steer.suspend is not None:
        whom, names = "a run, a workflow or a backfill", _ANY
    elif steer.backfill_effect:
        whom, names = "a run or a backfill", _RUN_OR_BACKFILL
    made.help = f"{verb.capitalize()} {whom}: {steer.effect}.\n\n{names}\n\n{made.help}"
    return made


def _steer(window: Window, verb: str, what: str, form: str, *, show_only: bool) -> int:
    steer = STEERS[verb]
    source = window.source()
    kind, item = found(source, what, workflows=steer.suspend is not None)
    effect = _effect(kind, verb, steer)
    patch = _patch(kind, steer)
    if show_only:
        tell([patch_command(window, source, kind, name(item), patch)])
        return DONE
    problem = None if kind == WORKFLOWS else obstacle(item, steer)
    if problem is not None:
        raise WindowError(problem)
    changed = source.change(kind, name(item), patch)
    if is_table(form):
        tell([f"{SHORT[kind.kind][1]} {name(changed)}: {effect}"])
    else:
        put_object(changed, kind, form)
    if kind == WORKFLOW_RUNS and desired(item) != steer.state:
        _remind(source, name(item))
    return DONE


def _effect(kind: Resource, verb: str, steer: Steer) -> str:
    """Return what follows for an object of a kind."""
    effects = {
        WORKFLOW_RUNS: steer.effect,
        WORKFLOWS: steer.workflow_effect,
        BACKFILLS: steer.backfill_effect,
    }
    effect = effects.get(kind)
    if effect:
        return effect
    cure = "stop or cancel it" if kind == BACKFILLS else "name a run"
    raise WindowError(f"{verb} is for runs, and not for a {kind.kind}; {cure}")


def _patch(kind: Resource, steer: Steer) -> dict[str, Any]:
    if kind == WORKFLOWS:
        return {"spec": {"suspend": steer.suspend}}
    return {"spec": {"desiredState": steer.state}}


def _remind(source: Source, run: str) -> None:
    """Say when nothing carries the wish out at the moment."""
    advice = source.carried_out(run)
    if advice:
        note(advice)


pause, resume, stop, cancel, terminate = map(_command, STEERS)
