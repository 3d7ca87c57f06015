"""
The request for one attempt: its work is resolved at the moment when it is asked for.

Knows what a retry rule changes. Knows no world.
"""

from headrace.api.v1alpha1.pod import Resources
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Work
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.task.memory import raised, resources_of


def start_attempt(
    task: TaskDefinition, number: int, context: RunContext, memory: str | None = None
) -> StartAttempt:
    """
    Ask for one attempt of a task.

    Args:
        task: The task as it is defined.
        number: Which attempt it is, from 1.
        context: What the program is told about the run.
        memory: The memory limit of the attempt, where a retry rule raised it.

    """
    return StartAttempt(task.name, number, context, _work(task, memory), task.timeouts, memory)


def _work(task: TaskDefinition, memory: str | None) -> Work:
    if memory is None:
        return task.work
    grown = raised(resources_of(task.work), memory)
    resources = Resources(requests=dict(grown["requests"]), limits=dict(grown["limits"]))
    body = task.work.body.model_copy(update={"resources": resources})
    return type(task.work)(body)
