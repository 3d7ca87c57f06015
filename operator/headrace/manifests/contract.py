"""
The contract with a task's program: the HEADRACE_ environment.

The same for a container and for a process. Knows one attempt; knows no Job and no process.
"""

from headrace.engine.definition.params import written
from headrace.engine.definition.work import Work
from headrace.engine.task.actions import RunContext, StartAttempt
from headrace.engine.text import rfc3339


def environment(start: StartAttempt[Work], outputs: str) -> dict[str, str]:
    """
    Return the environment variables of the contract.

    Args:
        start: The attempt.
        outputs: The path of the file for the program's outputs.

    """
    context = start.context
    return {
        "HEADRACE_NAMESPACE": context.namespace,
        "HEADRACE_WORKFLOW": context.workflow,
        "HEADRACE_RUN": context.run,
        "HEADRACE_TASK": start.task,
        "HEADRACE_ATTEMPT": str(start.number),
        "HEADRACE_LOGICAL_TIME": context.logical_time,
        **_interval(context),
        "HEADRACE_PARAMS": written(context.params),
        "HEADRACE_OUTPUTS": outputs,
    }


def _interval(context: RunContext) -> dict[str, str]:
    """Both ends of the interval; without one, both are the logical time."""
    if context.interval is None:
        start = end = context.logical_time
    else:
        start, end = rfc3339(context.interval.start), rfc3339(context.interval.end)
    return {"HEADRACE_INTERVAL_START": start, "HEADRACE_INTERVAL_END": end}
