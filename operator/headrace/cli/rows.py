"""
What people are shown of the tasks of a run: one row each, in words.

Knows the engine's view of a run. Knows no terminal.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition import TaskDefinition
from headrace.engine.judgement import Judged
from headrace.engine.outcome import Outcome
from headrace.engine.run import EMPTY, ObservedRun, TaskLog
from headrace.engine.steering import course
from headrace.engine.survey import survey
from headrace.engine.verdict import Start, Wait


class Tone(Enum):
    """How a row is meant."""

    WAITING = "waiting"
    BUSY = "busy"
    TROUBLE = "trouble"
    """An attempt failed, and there will be another."""
    GOOD = "good"
    BAD = "bad"
    OFF = "off"
    """It ended without having run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One task, as it stands."""

    task: str
    tone: Tone
    status: str
    """One word: a reason of the published list, as `kubectl get taskruns` shows it."""
    attempts: int
    seconds: float | None
    """How long it has taken; None: it has not begun."""
    message: str

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.tone in _ENDED


_ENDED = frozenset({Tone.GOOD, Tone.BAD, Tone.OFF})
_TONES = {
    Outcome.SUCCEEDED: Tone.GOOD,
    Outcome.FAILED: Tone.BAD,
    Outcome.CANCELLED: Tone.OFF,
    Outcome.OMITTED: Tone.OFF,
    Outcome.SKIPPED: Tone.OFF,
}

_NAMED = 3
"""How many tasks a message names."""


def rows(run: ObservedRun, now: datetime) -> Iterator[Row]:
    """Yield one row for each task, in the order of the definition."""
    assert run.definition is not None  # noqa: S101 - it was compiled before the run began
    found = survey(run, run.definition, course(run, now), now)
    ended = {name for name, _ in found.outcomes()}
    for name, task in run.definition.tasks.items():
        judged = found.judged.get(name)
        if judged is not None:
            yield _judged(name, judged, now)
        elif name in found.settled:
            yield _settled(name, run.tasks[name].log, found.settled[name])
        else:
            yield _waiting(task, ended)


def length(seconds: float) -> str:
    """Write a length of time: `0.4s`, `41s`, `3m20s`, `2h05m`."""
    if seconds < 10:  # noqa: PLR2004 - from here on tenths are noise
        return f"{max(0.0, seconds):.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours}h{left:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def _settled(name: str, log: TaskLog, outcome: Outcome) -> Row:
    return _row(name, _TONES[outcome], (log.reason, log.message), log, None)


def _waiting(task: TaskDefinition, ended: Container[str]) -> Row:
    open_ = [name for name in task.upstream if name not in ended]
    more = f" and {len(open_) - _NAMED} more" if len(open_) > _NAMED else ""
    words = (Reason.WAITING_FOR_UPSTREAM, f"waits for {', '.join(open_[:_NAMED])}{more}")
    return _row(task.name, Tone.WAITING, words, EMPTY, None)


def _judged(name: str, judged: Judged, now: datetime) -> Row:
    return _row(name, _tone(judged), _words(judged, now), judged.log, now)


def _row(
    name: str, tone: Tone, words: tuple[Reason, str], log: TaskLog, now: datetime | None
) -> Row:
    reason, message = words
    end = log.finished or now
    seconds = (end - log.started).total_seconds() if log.started and end else None
    # The messages of failures begin with the reason, which stands beside them here.
    return Row(name, tone, str(reason), log.count, seconds, message.removeprefix(f"{reason}: "))


def _words(judged: Judged, now: datetime) -> tuple[Reason, str]:
    verdict = judged.verdict
    if isinstance(verdict, Start):
        return Reason.STARTING, ""
    if isinstance(verdict, Wait) and verdict.next_attempt is not None:
        again = length((verdict.next_attempt - now).total_seconds())
        return verdict.reason, f"again in {again}; {verdict.message}"
    return verdict.reason, verdict.message


def _tone(judged: Judged) -> Tone:
    if judged.outcome is not None:
        return _TONES[judged.outcome]
    if isinstance(judged.verdict, Start) or (judged.log.last is not None and judged.log.last.open):
        return Tone.BUSY
    return Tone.TROUBLE if judged.log.count else Tone.WAITING
