"""
An attempt on this machine that has called a run: the run has a world of its own, in this process.

Knows how a run ends, and what is passed on to it. Decides nothing about tasks.
"""

from typing import Protocol

from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.engine.run.nested import NestedRun, may_follow, sighting_of
from headrace.engine.run.observed import RunLog
from headrace.engine.task.observed import Sighting
from headrace.local.records import AttemptRecord, RunRecord


class CalledWorld(Protocol):
    """The world of a called run."""

    @property
    def run(self) -> RunRecord:
        """The run."""

    @property
    def status(self) -> RunLog:
        """What is on record of it."""

    @property
    def over(self) -> bool:
        """Whether the run has ended and no process of it runs any more."""

    def desire(self, desired: DesiredState) -> None:
        """Change the desired state of the run."""

    def kill(self) -> None:
        """Kill all attempts now."""


class CalledRun:
    """
    An attempt that has called a run.

    Args:
        record: The stored record of the attempt.

    """

    world: CalledWorld
    """The world of the run."""

    def __init__(self, record: AttemptRecord) -> None:
        self.record = record

    @property
    def alive(self) -> bool:
        """Whether the run has not ended, or a process of it still runs."""
        return not self.world.over

    def terminate(self) -> None:
        """Cancel the run."""
        if self.world.run.desired not in CANCELLING:
            self.pass_on(DesiredState.CANCEL)

    def kill(self) -> None:
        """Kill all its processes now."""
        self.world.kill()

    def pass_on(self, desired: DesiredState) -> None:
        """Pass a state on to the run."""
        if self.alive and may_follow(self.world.run.desired, desired):
            self.world.desire(desired)

    def sighting(self) -> Sighting:
        """Return its sighting."""
        run, log = self.world.run, self.world.status
        return sighting_of(
            NestedRun(run.key.name, self.record.number, run.created, log, run.desired)
        )
