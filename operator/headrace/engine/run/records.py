"""
Which logs of tasks are written now, and when the others are.

Knows the changes of a log and the time of its last write. A quiet system makes no writes: normal
progress is written after a while, so that a quick task costs one write.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import ObservedTask, TaskLog

QUIET_TIME = timedelta(seconds=2)
"""How long an attempt without trouble may stay unrecorded. The API server cuts creation times to
whole seconds, so up to one second of this may have passed already."""

RUNNING_TIME = timedelta(seconds=3)
"""How long a program may run while its record says Starting: many programs end before that."""

DETAIL_INTERVAL = timedelta(seconds=10)
"""The shortest time between two writes for another message or a pod's name."""

ITEMS_INTERVAL = timedelta(seconds=1)
"""The shortest time between two writes for items that have started or ended."""

AS_IT_SHOULD = frozenset({Reason.STARTING, Reason.RUNNING})
BEFORE = frozenset({Reason.PENDING, Reason.WAITING_FOR_RETRY}) | AS_IT_SHOULD


@dataclass(frozen=True, slots=True)
class Records:
    """The logs that changed in a turn."""

    now: Mapping[str, TaskLog]
    """The logs to write in this turn, by task."""
    later: datetime | None
    """When the next of the others must be written."""


def write_up(run: ObservedRun, judged: Mapping[str, Judged], now: datetime) -> Records:
    """Choose which of the judged logs this turn writes."""
    logs = dict(_strangers(run, now))
    later: list[datetime] = []
    for name, task in judged.items():
        if task.seen is None:
            continue
        log = _of_generation(task.log, task.seen.generation)
        when = due(task.seen, log, run.tasks_logged_at.get(name), now)
        if when is not None and when <= now:
            logs[name] = log
        elif when is not None:
            later.append(when)
    return Records(logs, min(later, default=None))


def _strangers(run: ObservedRun, now: datetime) -> Iterator[tuple[str, TaskLog]]:
    """Close the logs of TaskRuns for tasks that the definition does not have."""
    known = run.definition.tasks if run.definition is not None else {}
    if run.tasks.keys() <= known.keys():
        return
    for name in run.tasks.keys() - known.keys():
        seen = run.tasks[name]
        if seen.log.outcome is None:
            message = (
                f"the workflow has no task {name!r}, so nothing runs for this TaskRun; delete it"
            )
            yield (
                name,
                replace(
                    seen.log,
                    outcome=Outcome.FAILED,
                    reason=Reason.NOT_OF_THE_RUN,
                    message=message,
                    finished=now,
                    observed_generation=seen.generation,
                ),
            )


def _of_generation(log: TaskLog, generation: int) -> TaskLog:
    return (
        log
        if log.observed_generation == generation
        else replace(log, observed_generation=generation)
    )


def due(
    seen: ObservedTask, log: TaskLog, written: datetime | None, now: datetime
) -> datetime | None:
    """
    Return when to write a task's log, `now` at the earliest; None: nothing changed.

    Example: `Pending` is recorded, and an attempt is created at 0 s. Its log says `Starting`, and
        the write is due at 2 s (`QUIET_TIME`), also if the program begins at 1 s and the log says
        `Running`. If the program ends at 1.5 s, the write is due at once, and is the only one. If
        it begins at 30 s, long after that write, the next write is due at 33 s (`RUNNING_TIME`).
        `Unschedulable` is due at once, and another message of it 10 s after the last write
        (`DETAIL_INTERVAL`).

    Args:
        seen: The recorded log.
        log: The log after this turn's judgement.
        written: When the log was last written, if this process remembers it.
        now: The time of the turn.

    """
    old, last = seen.log, log.last
    if log is old or log == old:
        return None
    ended = log.outcome is not old.outcome or (
        last != old.last and last is not None and not last.open
    )
    moved = log.reason is not old.reason or log.count != old.count
    if not moved and not ended:
        interval = DETAIL_INTERVAL if log.items == old.items else ITEMS_INTERVAL
        return _after(written or (last.created if last else None), interval, now)
    if ended or last is None or log.reason not in AS_IT_SHOULD or old.reason not in BEFORE:
        return now
    if last.started is not None and log.count == old.count:
        return _after(last.started, RUNNING_TIME, now)
    return _after(last.created, QUIET_TIME, now)


def _after(instant: datetime | None, delay: timedelta, now: datetime) -> datetime:
    """
    Return when a delay is over.

    An instant in the future is from another clock, and causes no wait.
    """
    if instant is None or instant > now:
        return now
    return max(now, instant + delay)
