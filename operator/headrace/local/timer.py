"""
A wait on this machine: its stored record is the attempt. No process runs.

Knows the record, and whether waits are left out. Knows no clock: the engine judges the instant.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from headrace.engine.task.observed import Sighting
from headrace.engine.task.timer import wait_sighting
from headrace.local.records import AttemptRecord


@dataclass(frozen=True, slots=True)
class TimerAttempt:
    """The attempt of a wait."""

    record: AttemptRecord
    left_out: datetime | None = None
    """When `--no-wait` ended it; None: it takes its time."""
    alive: bool = False
    """Nothing of it runs."""

    def terminate(self) -> None:
        """Do nothing: the engine ends it."""

    def kill(self) -> None:
        """Do nothing, as above."""

    def sighting(self) -> Sighting:
        """Return its sighting."""
        until = self.record.wait_until
        assert until is not None  # noqa: S101 - its carrier stored it
        shown = wait_sighting(self.record.created, until)
        if self.left_out is None or until <= self.left_out:
            return shown
        return replace(shown, due=self.left_out, message=f"--no-wait: not {shown.message}")
