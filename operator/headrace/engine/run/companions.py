"""
Companions: containers of a policy that go on in a pod after the program has succeeded.

Knows how long they may go on. Knows nothing of pods.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import EndAttempt

GRACE = timedelta(seconds=30)
"""How long they may go on, to send their data. Otherwise they would run, and use resources, for
ever."""


def overstaying(run: ObservedRun, now: datetime) -> Iterator[EndAttempt]:
    """Yield the attempts to end: their success is recorded, and their pods still go on."""
    for name, number, end in _crowded(run):
        if now >= end:
            yield EndAttempt(name, number)


def next_overstay(run: ObservedRun, now: datetime) -> datetime | None:
    """Return when the next companion must end."""
    return min((end for _, _, end in _crowded(run) if end > now), default=None)


def _crowded(run: ObservedRun) -> Iterator[tuple[str, int, datetime]]:
    for name, seen in run.tasks.items():
        sighting = seen.sighting
        if sighting is None or sighting.crowded_since is None:
            continue
        # Before its success is recorded, the attempt's Job is the only proof of it.
        if seen.log.outcome is Outcome.SUCCEEDED:
            yield name, sighting.number, sighting.crowded_since + GRACE
