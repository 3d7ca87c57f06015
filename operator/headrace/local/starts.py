"""
The record of an attempt that starts.

Knows what the record keeps of each kind of work. Stores nothing.
"""

from datetime import datetime

from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.compile import TaskDefinition
from headrace.engine.definition.work import Approval, Container, Timer, Work
from headrace.engine.task.actions import StartAttempt
from headrace.local.records import AttemptRecord


def record_of(start: StartAttempt[Work], task: TaskDefinition, now: datetime) -> AttemptRecord:
    """Return the record of an attempt, with the values that its expressions gave."""
    limit = start.timeouts.attempt_seconds
    body = start.work.body if isinstance(start.work, Container) else TaskBody()
    env = {each.name: each.value or "" for each in body.env}
    given = {name: env[name] for name in task.expressions.env}
    return AttemptRecord(
        *(start.task, start.number, now, start.memory, limit),
        env=given,
        wait_until=start.work.until if isinstance(start.work, Timer) else None,
        asked=start.work.asked if isinstance(start.work, Approval) else None,
    )
