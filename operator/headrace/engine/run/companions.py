"""
Companions: containers of a policy that go on in a pod after the program has succeeded.

Knows how long they may go on. Knows nothing of pods.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun
from headrace.engine.task.actions import EndAttempt

GRACE = timedelta(seconds=30)
"""How long they may go on, to send their data. Otherwise they would run, and use resources, for
ever."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The attempts whose success is recorded, and whose pods still go on."""

    ends: tuple[tuple[EndAttempt, datetime], ...]
    """How to end each, and when."""

    def overstaying(self, now: datetime) -> Iterator[EndAttempt]:
        """Yield the attempts to end."""
        yield from (action for action, end in self.ends if now >= end)

    def next_overstay(self, now: datetime) -> datetime | None:
        """Return when the next companion must end."""
        return min((end for _, end in self.ends if end > now), default=None)


def companions(run: ObservedRun) -> Companions:
    """Return the companions of a run's tasks."""
    ends = [
        (EndAttempt(name, sighting.number), sighting.crowded_since + GRACE)
        for name, seen in run.tasks.items()
        if (sighting := seen.sighting) is not None
        and sighting.crowded_since is not None
        # Before its success is recorded, the attempt's Job is the only proof of it.
        and seen.log.outcome is Outcome.SUCCEEDED
    ]
    return Companions(tuple(ends))
