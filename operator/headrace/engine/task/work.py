"""
The request for one attempt: its work is resolved at this moment.

Knows the changes of a retry rule. Knows no world.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Work
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.task.memory import raised, resources_of


def start_attempt(
    task: TaskDefinition,
    number: int,
    context: RunContext,
    memory: str | None = None,
    env: Mapping[str, str] | None = None,
) -> StartAttempt:
    """
    Return the request for one attempt of a task.

    Args:
        task: The definition of the task.
        number: The number of the attempt, from 1.
        context: The facts about the run for the program.
        memory: The memory limit of the attempt, if a retry rule raised it.
        env: The values of variables that expressions give, by name.

    """
    work = _work(task, memory, env or {})
    return StartAttempt(task.name, number, context, work, task.timeouts, memory)


def _work(task: TaskDefinition, memory: str | None, env: Mapping[str, str]) -> Work:
    changes: dict[str, Any] = {}
    if memory is not None:
        grown = raised(resources_of(task.work), memory)
        changes["resources"] = Resources(
            requests=dict(grown["requests"]), limits=dict(grown["limits"])
        )
    if env:
        changes["env"] = tuple(_filled_in(each, env) for each in task.work.body.env)
    if not changes:
        return task.work
    return type(task.work)(task.work.body.model_copy(update=changes))


def _filled_in(variable: EnvVar, env: Mapping[str, str]) -> EnvVar:
    """Return a variable with the value of its expressions."""
    if variable.name not in env:
        return variable
    return variable.model_copy(update={"value": env[variable.name]})
