"""
What goes on in a pod beside a program that has ended well: containers that a policy injected.

Knows how long they may. Knows nothing of pods.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import EndAttempt

GRACE = timedelta(seconds=30)
"""How long they may go on, to send what they have gathered. They would otherwise run, and hold
resources, for ever."""


def overstaying(run: ObservedRun, now: datetime) -> Iterator[EndAttempt]:
    """Ask for the end of attempts whose success is on record, and whose pods still go on."""
    for name, number, end in _crowded(run):
        if now >= end:
            yield EndAttempt(name, number)


def next_overstay(run: ObservedRun, now: datetime) -> datetime | None:
    """Return when the next one is due."""
    return min((end for _, _, end in _crowded(run) if end > now), default=None)


def _crowded(run: ObservedRun) -> Iterator[tuple[str, int, datetime]]:
    for name, seen in run.tasks.items():
        sighting = seen.sighting
        if sighting is None or sighting.crowded_since is None:
            continue
        # Before its success is on record, the attempt's Job is the only proof of it.
        if seen.log.outcome is Outcome.SUCCEEDED:
            yield name, sighting.number, sighting.crowded_since + GRACE
