"""
Between the engine's logs and the `status` of WorkflowRuns and TaskRuns, both ways.

Status is a projection: what is written here can be read back, and conditions are derived from
the log. Knows no API server.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from headrace.api.v1alpha1.conditions import ConditionStatus, ConditionType
from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import ranges
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, Mark, RunLog
from headrace.engine.task.observed import Attempt, One, TaskLog, Watched
from headrace.manifests.conditions import Past, States, conditions
from headrace.manifests.where import where

Status = dict[str, Any]

_ATTEMPT_FIELDS = {
    "number": "number",
    "created": "createdTime",
    "scheduled": "scheduledTime",
    "started": "startTime",
    "finished": "finishTime",
    "reason": "reason",
    "message": "message",
    "memory": "memory",
    "replaced": "replacedTime",
}
_ATTEMPT_TIMES = frozenset({"created", "scheduled", "started", "finished", "replaced"})
_WHERE_FIELDS = {"unit": "jobName", "instance": "podName", "place": "nodeName"}


def task_status(log: TaskLog, past: Past) -> Status:
    """Return a TaskRun's status, after what it said until now."""
    return {
        "conditions": _conditions(log, past),
        "observedGeneration": log.observed_generation,
        "outcome": log.outcome,
        "startTime": write_time(log.started),
        "completionTime": write_time(log.finished),
        "duration": duration(log.started, log.finished),
        "attemptCount": log.count,
        "userFailures": log.user_failures,
        "infrastructureFailures": log.infrastructure_failures,
        "attempts": [_attempt(attempt) for attempt in log.attempts],
        "nextAttemptTime": write_time(log.next_attempt),
        "outputs": None if log.outputs is None else dict(log.outputs),
    }


def read_task_status(status: Mapping[str, Any]) -> TaskLog:
    """
    Read back what `task_status` wrote. An empty status is an empty log.

    Raises:
        KeyError, TypeError, ValueError: if somebody has written something else there.

    """
    if not status:
        return TaskLog()
    succeeded = _condition(status)
    return TaskLog(
        attempts=tuple(_read_attempt(each) for each in status.get("attempts", ())),
        count=status.get("attemptCount", 0),
        user_failures=status.get("userFailures", 0),
        infrastructure_failures=status.get("infrastructureFailures", 0),
        outcome=Outcome(status["outcome"]) if status.get("outcome") else None,
        reason=Reason(succeeded.get("reason", Reason.PENDING)),
        message=succeeded.get("message", ""),
        started=read_time(status.get("startTime")),
        finished=read_time(status.get("completionTime")),
        next_attempt=read_time(status.get("nextAttemptTime")),
        outputs=status.get("outputs"),
        observed_generation=status.get("observedGeneration", 0),
    )


def run_status(log: RunLog, past: Past) -> Status:
    """Return a WorkflowRun's status, after what it said until now."""
    return {
        "conditions": _conditions(log, past),
        "observedGeneration": log.observed_generation,
        "revision": log.revision,
        "since": write_time(log.since),
        "startTime": write_time(log.started),
        "finallyTime": write_time(log.finally_since),
        "completionTime": write_time(log.finished),
        "duration": duration(log.started, log.finished),
        "tasks": {field.name: getattr(log.counts, field.name) for field in fields(Counts)},
        "progress": f"{log.counts.ended}/{log.counts.total}",
        "started": log.positions,
        "marks": None if log.marks is None else [_mark(each) for each in log.marks],
        "attention": [_watched(each) for each in log.attention],
    }


def read_run_status(status: Mapping[str, Any]) -> RunLog:
    """
    Read back what `run_status` wrote. An empty status is an empty log.

    Raises:
        KeyError, TypeError, ValueError: if somebody has written something else there.

    """
    if not status:
        return RunLog()
    succeeded = _condition(status)
    finished = read_time(status.get("completionTime"))
    started = status.get("started", "")
    ranges.read(started)  # refuses what is none
    return RunLog(
        succeeded=None if finished is None else succeeded.get("status") == "True",
        reason=Reason(succeeded.get("reason", Reason.PENDING)),
        message=succeeded.get("message", ""),
        since=read_time(status.get("since")),
        started=read_time(status.get("startTime")),
        finally_since=read_time(status.get("finallyTime")),
        finished=finished,
        counts=Counts(**status.get("tasks", {})),
        positions=started,
        marks=read_marks(status),
        attention=tuple(_read_watched(each) for each in status.get("attention", ())),
        revision=status.get("revision"),
        observed_generation=status.get("observedGeneration", 0),
    )


def read_marks(status: Mapping[str, Any]) -> tuple[Mark, ...] | None:
    """
    Read the marks of a WorkflowRun's status; None if there are none, which is not the same as ().

    Raises:
        KeyError, TypeError, ValueError: if somebody has written something else there.

    """
    if status.get("marks") is None:
        return None
    return tuple(_read_mark(each) for each in status["marks"])


_OUTCOMES: dict[bool | None, ConditionStatus] = {
    None: ConditionStatus.UNKNOWN,
    True: ConditionStatus.TRUE,
    False: ConditionStatus.FALSE,
}
_BEFORE = {
    ConditionType.SUCCEEDED: ConditionStatus.UNKNOWN,
    ConditionType.READY: ConditionStatus.UNKNOWN,
    ConditionType.RECONCILING: ConditionStatus.TRUE,
    ConditionType.STALLED: ConditionStatus.FALSE,
}
"""How the conditions are until the end, unless it is stuck."""
_STUCK = _BEFORE | {
    ConditionType.RECONCILING: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
}
STUCK = frozenset({Reason.FORBIDDEN, Reason.INTERNAL_ERROR})
"""What goes on by itself only after somebody has changed something."""


def _conditions(log: TaskLog | RunLog, past: Past) -> list[Status]:
    """Derive the four conditions of a run or task."""
    states = _states(log)
    since = {
        kind: past.since(kind, state, log.finished, first=state is _BEFORE[kind])
        for kind, state in states.items()
    }
    return conditions(states, (log.reason, log.message, log.observed_generation), since)


def _states(log: TaskLog | RunLog) -> States:
    """Tell how each condition is."""
    if log.finished is None:
        return _STUCK if log.reason in STUCK else _BEFORE
    succeeded = _succeeded(log)
    return {
        ConditionType.SUCCEEDED: _OUTCOMES[succeeded],
        ConditionType.READY: _OUTCOMES[succeeded],
        ConditionType.RECONCILING: ConditionStatus.FALSE,
        ConditionType.STALLED: _OUTCOMES[not succeeded],
    }


def duration(started: datetime | None, finished: datetime | None) -> str | None:
    """Write a length of time as `kubectl` does: `41s`, `3m20s`, `2h5m`."""
    if started is None or finished is None:
        return None
    seconds = max(0, round((finished - started).total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours}h{left}m" if left else f"{hours}h"
    if minutes:
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    return f"{rest}s"


def _succeeded(log: TaskLog | RunLog) -> bool | None:
    if isinstance(log, RunLog):
        return log.succeeded
    return None if log.outcome is None else log.outcome is Outcome.SUCCEEDED


def _condition(status: Mapping[str, Any]) -> Mapping[str, Any]:
    for condition in status.get("conditions", ()):
        if condition["type"] == ConditionType.SUCCEEDED:
            return dict(condition)
    return {}


def _attempt(attempt: Attempt) -> Status:
    written: Status = {}
    for name, key in _ATTEMPT_FIELDS.items():
        value = getattr(attempt, name)
        if value is not None and value != "":
            written[key] = write_time(value) if name in _ATTEMPT_TIMES else value
    for name, key in _WHERE_FIELDS.items():
        named = getattr(attempt.where, name)
        if named is not None:
            written[key] = named.name
    if attempt.progress.exit_code is not None:
        written["exitCode"] = attempt.progress.exit_code
    return written


def _read_attempt(written: Mapping[str, Any]) -> Attempt:
    values: dict[str, Any] = {}
    for name, key in _ATTEMPT_FIELDS.items():
        if key in written:
            value = written[key]
            values[name] = read_time(value) if name in _ATTEMPT_TIMES else value
    if "reason" in values:
        values["reason"] = Reason(values["reason"])
    place = where(*(written.get(key) for key in _WHERE_FIELDS.values()))
    return Attempt(**values, where=place, progress=One(written.get("exitCode")))


def _watched(watched: Watched) -> Status:
    written = {"task": watched.task, "reason": watched.reason.value, "message": watched.message}
    since = write_time(watched.since)
    return {**written, "since": since} if since else written


def _read_watched(written: Mapping[str, Any]) -> Watched:
    return Watched(
        written["task"],
        Reason(written["reason"]),
        written.get("message", ""),
        read_time(written.get("since")),
    )


def _mark(mark: Mark) -> Status:
    written = {"outcome": mark.outcome.value, "reason": mark.reason.value, "message": mark.message}
    return {**written, "since": write_time(mark.since), "tasks": mark.positions}


def _read_mark(written: Mapping[str, Any]) -> Mark:
    positions = written["tasks"]
    ranges.read(positions)  # refuses what is none
    return Mark(
        Outcome(written["outcome"]),
        Reason(written["reason"]),
        written.get("message", ""),
        read_time(written.get("since")),
        positions,
    )


def write_time(instant: datetime | None) -> str | None:
    """Write an instant so that it is read back as the same: a difference would be a change."""
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def read_time(text: str | None) -> datetime | None:
    """
    Read what `write_time` wrote.

    Raises:
        ValueError: if it is no instant: something else, or a time without a zone.

    """
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant
