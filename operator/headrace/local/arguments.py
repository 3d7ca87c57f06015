"""
The arguments of a task's program on this machine, with the values of the task's variables.

Knows the shell that started the runner: it has the values that a cluster takes from Secrets and the
like. Knows no program.
"""

from collections.abc import Mapping, Sequence

from headrace.api.v1alpha1.pod import EnvVar
from headrace.api.v1alpha1.task import TaskBody
from headrace.manifests.arguments import filled_in


def arguments(body: TaskBody, shell: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Return `command` and `args` of a task with `$(NAME)` replaced.

    Args:
        body: The task.
        shell: The variables of the runner's own process.

    """
    values = _values(body.env, shell)
    command = tuple(filled_in(word, values) for word in body.command)
    return command, tuple(filled_in(word, values) for word in body.args)


def _values(env: Sequence[EnvVar], shell: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a task's own variables; an optional one may have none."""
    literal = {each.name: each.value or "" for each in env if each.value_from is None}
    foreign = (each.name for each in env if each.value_from is not None)
    return {**literal, **{name: shell[name] for name in foreign if name in shell}}
