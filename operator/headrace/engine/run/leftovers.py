"""
Leftovers: attempts that may still run after their end, and open logs of an ended run.

Knows attempts and their ends. Decides no outcome.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.retry import RetryPolicy
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import EndAttempt
from headrace.engine.task.attempts import close, follow
from headrace.engine.task.classify import Failure
from headrace.engine.task.observed import Named, ObservedTask, TaskLog
from headrace.engine.task.terms import NO_TERMS, Terms
from headrace.engine.text import clip

_NO_POLICY = RetryPolicy()


def endings(name: str, log: TaskLog, seen: ObservedTask) -> Iterator[EndAttempt]:
    """
    Yield the attempts to end: they are over, and may still run.

    `passed_on` ends the newest attempt of a task that has called a run.
    """
    for number in sorted(seen.lingering):
        yield EndAttempt(name, number)
    sighting = seen.sighting
    if sighting is None or sighting.leaving or sighting.passed is not None:
        return
    if not (sighting.alive or sighting.unclosed):
        return
    last = log.last
    runs_on = last is not None and last.open and last.number == sighting.number
    if log.outcome is not None or not runs_on:
        yield EndAttempt(name, sighting.number)
    elif sighting.items is not None and log.items is not None:
        over = sighting.items.unclosed - log.items.open
        if over:
            yield EndAttempt(name, sighting.number, over)


def remains(run: ObservedRun, names: Iterable[str]) -> dict[str, str]:
    """
    Return, by task, what may still run of ended tasks.

    A succeeded task is never among them: from the moment of its success, nobody waits for its pod.
    """
    words = {name: f"a part of {name} (its TaskRun is gone)" for name in run.departing}
    for name in names:
        seen = run.tasks.get(name)
        if seen is not None and seen.still_there:
            words[name] = f"{_part(seen) or 'a part'} of {name}"
    return words


def _part(seen: ObservedTask) -> Named | None:
    """Return what still runs of a task, if it has a name."""
    if seen.sighting is None:
        return None
    where = seen.sighting.where
    return where.instance or (where.unit if seen.sighting.passed is not None else None)


def closed(seen: ObservedTask, why: str, now: datetime, terms: Terms = NO_TERMS) -> TaskLog:
    """
    Return the closed log of a task whose run has ended.

    Args:
        seen: The task.
        why: How the run ended.
        now: The time of the turn.
        terms: What the task must give to succeed.

    """
    if seen.log.outcome is not None:
        return seen.log
    log = follow(seen.log, seen.sighting, _NO_POLICY, now, terms)
    if log.outcome is not None:
        return log
    message = clip(f"the run ended: {why}")
    if log.last is not None and log.last.open:
        items = seen.sighting.items if seen.sighting is not None else None
        log = close(log, Failure(Reason.CANCELLED, message), _NO_POLICY, now, items)
    return replace(
        log,
        outcome=Outcome.CANCELLED,
        reason=Reason.CANCELLED,
        message=message,
        finished=now,
        next_attempt=None,
        observed_generation=seen.generation,
    )
