"""
What a task's program is told: the HEADRACE_ environment.

The same for a container and for a process. Knows one attempt; knows no Job and no process.
"""

import json
from datetime import datetime

from headrace.engine.actions import RunContext, StartAttempt


def environment(start: StartAttempt, outputs: str) -> dict[str, str]:
    """
    Return the environment variables of the contract.

    Args:
        start: The attempt.
        outputs: The path of the file that the program may write its outputs to.

    """
    context = start.context
    variables = {
        "HEADRACE_NAMESPACE": context.namespace,
        "HEADRACE_WORKFLOW": context.workflow,
        "HEADRACE_RUN": context.run,
        "HEADRACE_TASK": start.task.name,
        "HEADRACE_ATTEMPT": str(start.number),
        "HEADRACE_LOGICAL_TIME": context.logical_time,
        **_interval(context),
        "HEADRACE_PARAMS": json.dumps(dict(context.params), ensure_ascii=False),
        "HEADRACE_OUTPUTS": outputs,
    }
    return variables


def _interval(context: RunContext) -> dict[str, str]:
    """Both ends; a run without an interval has its logical time at both."""
    if context.interval is None:
        start = end = context.logical_time
    else:
        start, end = rfc3339(context.interval.start), rfc3339(context.interval.end)
    return {"HEADRACE_INTERVAL_START": start, "HEADRACE_INTERVAL_END": end}


def rfc3339(instant: datetime) -> str:
    """Write an instant as Kubernetes does: UTC, whole seconds, `Z`."""
    return instant.replace(microsecond=0).isoformat().replace("+00:00", "Z")
