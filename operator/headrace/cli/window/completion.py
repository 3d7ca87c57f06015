"""
Names for the shell's completion, from where the command line so far looks.

A completion never complains: without a cluster, or in doubt, there are no names. Knows click.
"""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from headrace.cli.window.kinds import split
from headrace.cli.window.options import Window
from headrace.kube.resources import Resource
from headrace.views.objects import text

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of(kind: Resource, *others: Resource) -> Completer:
    """Return a completer for the names of one or several kinds."""

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        given, rest = split(begun)
        prefix = begun[: len(begun) - len(rest)]
        try:
            source = _window(context.params).source()
            kinds = (kind, *others) if given is None else (given,)
            names = [name for each in kinds for name in source.names(each)]
        except Exception:  # noqa: BLE001 - the shell shows no errors
            return []
        return [CompletionItem(prefix + name) for name in names if name.startswith(rest)]

    return complete


def task_names(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the names of the tasks that have begun, of the run that the command names."""
    try:
        source = _window(context.params).source()
        # Behind an option without its value, click has not read the arguments yet.
        run = context.params.get("what") or context.args[0]
        tasks = source.tasks(split(str(run))[1])
    except Exception:  # noqa: BLE001 - the shell shows no errors
        return []
    names = sorted(text(item, "spec", "task") for item in tasks)
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def _window(given: dict[str, Any]) -> Window:
    names = ("context", "namespace", "kubeconfig", "state")
    return Window(local=bool(given.get("local")), **{name: given.get(name) for name in names})
