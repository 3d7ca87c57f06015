"""
Between the engine's log of a run and the `status` of a WorkflowRun, both ways.

The API types name the fields. Decides nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from headrace.api.v1alpha1.params import ParamGiven
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import Attention, RerunStatus, RunStatus, TaskCounts
from headrace.api.v1alpha1.run import Mark as MarkStatus
from headrace.engine import ranges
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import Counts, Inheritance, Mark, RunLog, Watched
from headrace.engine.text import time_taken
from headrace.manifests.conditions import Past, conditions_of, succeeded_of
from headrace.manifests.json_form import Json, as_patch, name_of, read, read_legible

_MARKS = name_of(RunStatus, "marks")
_POSITIONS = name_of(RunStatus, "started")
_START = name_of(RunStatus, "start_time")
_END = name_of(RunStatus, "completion_time")


def run_status(log: RunLog, past: Past) -> Json:
    """Return a WorkflowRun's next status, from its log and the previous status."""
    return as_patch(
        RunStatus(
            conditions=conditions_of(log, past, succeeded=log.succeeded),
            observed_generation=log.observed_generation,
            revision=log.revision,
            since=log.since,
            start_time=log.started,
            finally_time=log.finally_since,
            completion_time=log.finished,
            duration=time_taken(log.started, log.finished),
            tasks=TaskCounts(**asdict(log.counts)),
            progress=f"{log.counts.ended}/{log.counts.total}",
            started=log.positions,
            marks=None if log.marks is None else tuple(map(_mark, log.marks)),
            attention=tuple(map(_attention, log.attention)),
            outputs=None if log.outputs is None else dict(log.outputs),
            rerun=_rerun(log.inheritance),
        )
    )


def read_run_status(written: Mapping[str, Any]) -> RunLog:
    """
    Read the result of `run_status`. An empty status is an empty log.

    Raises:
        ValueError: if somebody has written something else there.

    """
    if not written:
        return RunLog()
    status = read(RunStatus, written)
    succeeded, reason, message = succeeded_of(status.conditions)
    return RunLog(
        succeeded=None if status.completion_time is None else succeeded,
        reason=reason,
        message=message,
        since=status.since,
        started=status.start_time,
        finally_since=status.finally_time,
        finished=status.completion_time,
        counts=Counts(**status.tasks.model_dump()),
        positions=_checked(status.started),
        marks=None if status.marks is None else tuple(map(_read_mark, status.marks)),
        attention=tuple(map(_read_attention, status.attention)),
        outputs=status.outputs,
        revision=status.revision,
        observed_generation=status.observed_generation,
        inheritance=_read_rerun(status.rerun),
    )


def read_what_is_left(written: Mapping[str, Any]) -> RunLog:
    """
    Read the irreplaceable parts of a status that somebody garbled.

    The rest is a projection, and is derived again.
    """
    status = read_legible(RunStatus, written)
    try:
        positions = _checked(status.started)
    except ValueError:
        positions = ""
    marks: tuple[Mark, ...] | None = None
    if written.get(_MARKS) is not None:
        try:
            marks = tuple(map(_read_mark, status.marks or ()))
        except ValueError:
            marks = ()
    return RunLog(revision=status.revision, positions=positions, marks=marks)


def has_begun(written: Mapping[str, Any]) -> bool:
    """Return whether a WorkflowRun has begun, as `RunLog.begun`; its status may be garbled."""
    return _START in written or any(written.get(name) for name in (_POSITIONS, _MARKS))


def has_ended(written: Mapping[str, Any]) -> bool:
    """Return whether a WorkflowRun or TaskRun has ended, from its status, garbled or not."""
    return _END in written


def _attention(watched: Watched) -> Attention:
    return Attention(
        task=watched.task, reason=watched.reason, message=watched.message, since=watched.since
    )


def _read_attention(status: Attention) -> Watched:
    return Watched(status.task, Reason(status.reason), status.message, status.since)


def _mark(mark: Mark) -> MarkStatus:
    return MarkStatus(
        outcome=mark.outcome,
        reason=mark.reason,
        message=mark.message,
        since=mark.since,
        tasks=mark.positions,
    )


def _read_mark(status: MarkStatus) -> Mark:
    outcome, reason = Outcome(status.outcome), Reason(status.reason)
    return Mark(outcome, reason, status.message, status.since, _checked(status.tasks))


def _rerun(known: Inheritance | None) -> RerunStatus | None:
    if known is None:
        return None
    return RerunStatus(
        uid=known.source_uid or None,
        params=tuple(ParamGiven(name=name, value=value) for name, value in known.given.items()),
        logical_time=known.logical_time,
        interval=known.interval,
        taken_over=known.taken_over,
        continued=known.continued,
    )


def _read_rerun(status: RerunStatus | None) -> Inheritance | None:
    if status is None:
        return None
    return Inheritance(
        given={param.name: param.value for param in status.params},
        logical_time=status.logical_time,
        interval=status.interval,
        taken_over=_checked(status.taken_over),
        continued=_checked(status.continued),
        source_uid=status.uid or "",
    )


def _checked(positions: str) -> str:
    ranges.read(positions)  # refuses what is none
    return positions
