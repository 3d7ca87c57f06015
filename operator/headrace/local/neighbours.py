"""
The other runs of a process, as one of its runs sees them.

Knows what runs share: a workflow's turns, the slots of the machine, and pools. Decides nothing.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from headrace.engine.definition.compile import Definition
from headrace.engine.room import Claim, Room
from headrace.engine.run.observed import RunKey, RunLog
from headrace.engine.siblings import SiblingRun
from headrace.local.records import RunRecord


class Neighbour(Protocol):
    """A run of this process."""

    @property
    def processes(self) -> int:
        """How many attempts of the run may still run a program."""


class Neighbours(Protocol):
    """The other runs of a process."""

    @property
    def pools(self) -> bool:
        """Whether pools limit the programs of this process."""

    def beside(self, run: RunRecord, definition: Definition, log: RunLog) -> tuple[SiblingRun, ...]:
        """Return the other runs of a run's workflow that have not ended, if it waits for them."""

    def programs(self, family: Collection[Neighbour]) -> int:
        """Return how many programs run in this process outside of a run and those it called."""

    def room(self, key: RunKey, uid: str) -> Room | None:
        """Return what pools have said to a run; None: this process has no pools."""

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace what a run asks of pools."""


class Alone:
    """A run that is alone, with those that it calls, as that of `headrace run`."""

    pools = False

    def beside(self, run: RunRecord, definition: Definition, log: RunLog) -> tuple[()]:  # noqa: ARG002 - the protocol's
        """Return none: who types a command wants its run now."""
        return ()

    def programs(self, family: Collection[Neighbour]) -> int:  # noqa: ARG002 - the protocol's
        """Return none."""
        return 0

    def room(self, key: RunKey, uid: str) -> None:
        """Return nothing: nobody waits for a pool."""

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Do nothing."""


ALONE = Alone()
