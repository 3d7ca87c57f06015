"""
The request for one attempt: its work is resolved at this moment.

Knows the changes of a retry rule. Knows no world.
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
    Return the request for one attempt of a task.

    Args:
        task: The definition of the task.
        number: The number of the attempt, from 1.
        context: The facts about the run for the program.
        memory: The memory limit of the attempt, if a retry rule raised it.

    """
    return StartAttempt(task.name, number, context, _work(task, memory), task.timeouts, memory)


def _work(task: TaskDefinition, memory: str | None) -> Work:
    if memory is None:
        return task.work
    grown = raised(resources_of(task.work), memory)
    resources = Resources(requests=dict(grown["requests"]), limits=dict(grown["limits"]))
    body = task.work.body.model_copy(update={"resources": resources})
    return type(task.work)(body)
