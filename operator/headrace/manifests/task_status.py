"""
Between the engine's log of a task and the `status` of a TaskRun, both ways.

The API types name the fields. Decides nothing.
"""

from collections.abc import Mapping
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.taskrun import AttemptStatus, TaskRunStatus
from headrace.engine.outcome import Outcome
from headrace.engine.task.observed import RUN, Attempt, Named, One, TaskLog, Where
from headrace.engine.text import time_taken
from headrace.manifests.conditions import Past, conditions_of, succeeded_of
from headrace.manifests.items_status import items_status, read_items_status
from headrace.manifests.json_form import Json, as_patch, name_of, read
from headrace.manifests.where import APPROVAL, JOB, asked_in, in_run, where

_OUTCOME = name_of(TaskRunStatus, "outcome")


def task_status(log: TaskLog, past: Past) -> Json:
    """Return a TaskRun's next status, from its log and the previous status."""
    succeeded = None if log.outcome is None else log.outcome is Outcome.SUCCEEDED
    return as_patch(
        TaskRunStatus(
            conditions=conditions_of(log, past, succeeded=succeeded),
            observed_generation=log.observed_generation,
            outcome=log.outcome,
            start_time=log.started,
            completion_time=log.finished,
            duration=time_taken(log.started, log.finished),
            attempt_count=log.count,
            user_failures=log.user_failures,
            infrastructure_failures=log.infrastructure_failures,
            attempts=tuple(map(_attempt, log.attempts)),
            next_attempt_time=log.next_attempt,
            taken_over_from=log.taken_over_from,
            done_time=log.done,
            items=items_status(log.items),
            outputs=None if log.outputs is None else dict(log.outputs),
        )
    )


def read_task_status(written: Mapping[str, Any]) -> TaskLog:
    """
    Read the result of `task_status`. An empty status is an empty log.

    Raises:
        ValueError: if somebody has written something else there.

    """
    if not written:
        return TaskLog()
    status = read(TaskRunStatus, written)
    _, reason, message = succeeded_of(status.conditions)
    return TaskLog(
        attempts=tuple(map(_read_attempt, status.attempts)),
        count=status.attempt_count,
        user_failures=status.user_failures,
        infrastructure_failures=status.infrastructure_failures,
        outcome=Outcome(status.outcome) if status.outcome else None,
        reason=reason,
        message=message,
        started=status.start_time,
        finished=status.completion_time,
        next_attempt=status.next_attempt_time,
        taken_over_from=status.taken_over_from,
        done=status.done_time,
        items=read_items_status(status.items),
        outputs=status.outputs,
        observed_generation=status.observed_generation,
    )


def has_outcome(written: Mapping[str, Any]) -> bool:
    """Return whether the task of a TaskRun has ended, from its status, garbled or not."""
    return _OUTCOME in written


def _attempt(attempt: Attempt) -> AttemptStatus:
    return AttemptStatus(
        number=attempt.number,
        job_name=_name(attempt.where.unit, JOB),
        run_name=_name(attempt.where.unit, RUN),
        approval_name=_name(attempt.where.unit, APPROVAL),
        pod_name=_name(attempt.where.instance),
        node_name=_name(attempt.where.place),
        created_time=attempt.created,
        scheduled_time=attempt.scheduled,
        start_time=attempt.started,
        finish_time=attempt.finished,
        exit_code=attempt.progress.exit_code,
        reason=attempt.reason,
        message=attempt.message or None,
        memory=attempt.memory,
        replaced_time=attempt.replaced,
    )


def _read_attempt(status: AttemptStatus) -> Attempt:
    return Attempt(
        number=status.number,
        where=_where(status),
        created=status.created_time,
        scheduled=status.scheduled_time,
        started=status.start_time,
        finished=status.finish_time,
        progress=One(status.exit_code),
        reason=Reason(status.reason) if status.reason else None,
        message=status.message or "",
        memory=status.memory,
        replaced=status.replaced_time,
    )


def _where(status: AttemptStatus) -> Where:
    if status.run_name is not None:
        return in_run(status.run_name)
    if status.approval_name is not None:
        return asked_in(status.approval_name)
    return where(status.job_name, status.pod_name, status.node_name)


def _name(named: Named | None, kind: str | None = None) -> str | None:
    return named.name if named is not None and kind in (None, named.kind) else None
