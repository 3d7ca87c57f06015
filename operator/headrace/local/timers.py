"""
The waits of items on this machine: the stored record is the attempt. No process runs.

Knows the record, and whether waits are left out. Knows no clock: the engine judges the instants.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from headrace.engine.task.observed import Sighting
from headrace.engine.task.timer import waits_sighting
from headrace.local.records import AttemptRecord


@dataclass(frozen=True)
class TimersAttempt:
    """The attempt of a wait for each item."""

    record: AttemptRecord
    left_out: datetime | None = None
    """When `--no-wait` ended the waits; None: they take their time."""
    alive: bool = False
    """Nothing of it runs."""

    def terminate(self) -> None:
        """Do nothing: the engine ends it."""

    def kill(self) -> None:
        """Do nothing, as above."""

    def sighting(self) -> Sighting:
        """Return its sighting."""
        return self._sighting

    @cached_property
    def _sighting(self) -> Sighting:
        """The sighting, made once: there may be thousands of waits."""
        each, left_out = self.record.each, self.left_out
        assert each is not None  # noqa: S101 - its carrier stored it
        shown = waits_sighting(self.record.created, each.ends)
        if left_out is None or max(each.ends) <= left_out:
            return shown
        ends = [min(end, left_out) for end in each.ends]
        message = f"--no-wait: not {shown.message}"
        return replace(waits_sighting(self.record.created, ends), message=message)
