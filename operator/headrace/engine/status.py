"""
What is told of a run: outcome, counts, and what needs somebody's attention.

Knows the verdicts of a turn. Decides nothing that changes what is done next.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine import positions
from headrace.engine.admission import Held, Refused
from headrace.engine.definition import TaskDefinition
from headrace.engine.outcome import Ended, Outcome
from headrace.engine.run import Counts, ObservedRun, RunLog, TaskLog, Watched
from headrace.engine.steering import Course, Mode, course
from headrace.engine.verdict import Start, Verdict

RUN_STATUS_INTERVAL = timedelta(seconds=1)
MAX_ATTENTION = 20
NAMED = 3
"""How many tasks a message names."""

USUAL = frozenset(
    {Reason.PENDING, Reason.STARTING, Reason.RUNNING, Reason.WAITING_FOR_UPSTREAM}
    | {Reason.WAITING_FOR_TASKS, Reason.PAUSED}
)
"""What a task may wait for without anybody having to know."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A run and what was judged of each of its tasks."""

    run: ObservedRun
    tasks: Mapping[str, tuple[TaskDefinition, Verdict, TaskLog]]


def refused(run: ObservedRun, why: Refused, now: datetime) -> RunLog:
    """Tell the end of a run that never ran."""
    return replace(
        run.log,
        succeeded=False,
        reason=why.reason,
        message=why.message,
        finished=now,
        observed_generation=run.generation,
    )


def waiting(run: ObservedRun, why: Held) -> RunLog:
    """Tell why a run has not begun."""
    total = len(run.definition.tasks) if run.definition else 0
    return replace(
        run.log,
        reason=why.reason,
        message=why.message,
        counts=Counts(total=total, pending=total),
        observed_generation=run.generation,
    )


def run_log(standing: Standing, now: datetime) -> RunLog:
    """Tell how a run stands after this turn."""
    run = standing.run
    counts = _counts(standing)
    log = replace(
        run.log,
        started=run.log.started or now,
        counts=counts,
        positions=_positions(standing),
        attention=tuple(_attention(standing)),
        observed_generation=run.generation,
    )
    steered = course(run, now)
    if counts.ended == counts.total:
        return replace(log, **_end(standing, steered, now))
    reason, message = _progress(standing, steered)
    return replace(log, reason=reason, message=message)


def _counts(standing: Standing) -> Counts:
    names: Counter[str] = Counter()
    for _, verdict, log in standing.tasks.values():
        if isinstance(verdict, Ended):
            names[verdict.outcome.lower()] += 1
        else:
            names["running" if log.count or isinstance(verdict, Start) else "pending"] += 1
    return Counts(total=len(standing.tasks), **names)


def _positions(standing: Standing) -> str:
    """Remember which tasks were started: those with a TaskRun, and those that start now."""
    known = set(positions.read(standing.run.log.positions))
    for name, (task, verdict, _) in standing.tasks.items():
        if name in standing.run.tasks or isinstance(verdict, Start):
            known.add(task.position)
    return positions.write(known)


def _attention(standing: Standing) -> Iterator[Watched]:
    """Failures first, then what waits for something unusual."""
    failed: list[Watched] = []
    stuck: list[Watched] = []
    for name, (_, verdict, log) in standing.tasks.items():
        if isinstance(verdict, Ended):
            if verdict.outcome is Outcome.FAILED:
                failed.append(Watched(name, verdict.reason, verdict.message[:1024], log.finished))
        elif log.count and log.reason not in USUAL:
            stuck.append(Watched(name, log.reason, log.message[:1024], _since(log)))
    yield from (failed + stuck)[:MAX_ATTENTION]


def _since(log: TaskLog) -> datetime | None:
    return log.last.finished or log.last.created if log.last is not None else None


def _end(standing: Standing, steered: Course, now: datetime) -> dict[str, object]:
    """Judge a run whose tasks have all ended."""
    failed = [name for name, ended in _ended(standing) if _counts_against(standing, name, ended)]
    cut = [name for name, ended in _ended(standing) if ended.outcome is Outcome.CANCELLED]
    omitted = [name for name, ended in _ended(standing) if ended.outcome is Outcome.OMITTED]
    told = "; ".join(filter(None, (_list("failed", failed), _list("omitted", omitted))))
    end: dict[str, object] = {"finished": now, "succeeded": False, "message": told}
    if cut and steered.mode in (Mode.STOP, Mode.CANCEL):
        cause = "; ".join(filter(None, (steered.message, _list("cancelled", cut), told)))
        return {**end, "reason": steered.reason, "message": cause}
    if failed:
        return {**end, "reason": Reason.FAILED, "message": f"{told}{_why(standing, failed[0])}"}
    return {**end, "succeeded": True, "reason": Reason.SUCCEEDED}


def _ended(standing: Standing) -> Iterator[tuple[str, Ended]]:
    for name, (_, verdict, _) in standing.tasks.items():
        if isinstance(verdict, Ended):
            yield name, verdict


def _counts_against(standing: Standing, name: str, ended: Ended) -> bool:
    return ended.outcome is Outcome.FAILED and not standing.tasks[name][0].allow_failure


def _why(standing: Standing, name: str) -> str:
    verdict = standing.tasks[name][1]
    return f": {verdict.message}" if isinstance(verdict, Ended) and verdict.message else ""


def _list(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} {what} ({', '.join(names[:NAMED])}{more})"


def _progress(standing: Standing, steered: Course) -> tuple[Reason, str]:
    """Say what a run that goes on is at."""
    message = "; ".join(f"{each.task}: {each.reason}" for each in list(_attention(standing))[:NAMED])
    match steered.mode:
        case Mode.CANCEL:
            return (
                steered.reason if steered.reason is Reason.RUN_TIMEOUT else Reason.CANCELLING,
                steered.message,
            )
        case Mode.STOP:
            return Reason.STOPPING, steered.message
        case Mode.PAUSE:
            return Reason.PAUSED, steered.message
        case _:
            return Reason.RUNNING, message
