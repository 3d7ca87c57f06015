"""
The runs of one process: the one that was asked for, and those that tasks have called.

Knows who called whom, and gives each run its turns. Decides nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.definition.work import ChildRun
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import TaskLog
from headrace.local.called_run import CalledWorld
from headrace.local.records import RunRecord
from headrace.local.runs import call, called_name
from headrace.local.workplace import Workplace
from headrace.loop.runs import World, reconcile


class OwnWorld(CalledWorld, World, Protocol):
    """The world of one run of this process."""

    @property
    def processes(self) -> int:
        """How many attempts of the run may still run a program."""

    @property
    def attempts(self) -> Mapping[tuple[str, int], Any]:
        """The attempts of the run, by task and number."""

    def fill(self) -> None:
        """Start the items of the run that have a slot."""

    @property
    def task_logs(self) -> Mapping[str, TaskLog]:
        """What is on record of the run's tasks."""


Open = Callable[[RunRecord, Definition, "Calls"], OwnWorld]
"""Returns the world of a run that another one has called."""


class Calls:
    """
    The place of a run among the runs of this process.

    Args:
        record: The run.
        workplace: Where it runs.
        opens: Returns the world of a called run.
        caller: The place of the calling run; None: nobody called the run.

    """

    def __init__(
        self, record: RunRecord, workplace: Workplace, opens: Open, caller: "Calls | None"
    ) -> None:
        self._record = record
        self._workplace = workplace
        self._opens = opens
        self.is_called = caller is not None
        self.callers: tuple[str, ...] = ()
        """The workflows of the runs that the run is part of, outermost first."""
        self.changed = asyncio.Event()
        """Set when anything has happened to a run of this process."""
        self.worlds: list[OwnWorld] = []
        """The worlds of all runs of this process: the caller comes before the called ones."""
        if caller is not None:
            self.callers = (*caller.callers, caller.workflow)
            self.changed, self.worlds = caller.changed, caller.worlds

    @property
    def workflow(self) -> str:
        """The workflow of the run."""
        return self._record.workflow

    def call(self, start: StartAttempt[ChildRun], index: int | None = None) -> OwnWorld:
        """Create the run that an attempt calls, or one of its items, and its world."""
        place = self._workplace
        return self._open(call(place.folder, place.store, self._record, start, index))

    def find(self, task: str, number: int) -> OwnWorld:
        """
        Return the world of the run that an attempt has called with an earlier runner.

        Raises:
            FileNotFoundError: There is no such run.

        """
        store, name = self._workplace.store, called_name(self._record, task, number)
        if name not in store.called_by(self._record.key.name):
            raise FileNotFoundError(name)
        return self._open(store.run(name))

    def find_items(self, task: str, number: int, total: int) -> dict[int, OwnWorld]:
        """Return the worlds of the runs that items of an attempt have called before, by index."""
        store = self._workplace.store
        known = frozenset(store.called_by(self._record.key.name))
        names = {n: called_name(self._record, task, number, n) for n in range(total)}
        return {n: self._open(store.run(name)) for n, name in names.items() if name in known}

    def elsewhere(self, world: OwnWorld) -> int:
        """Return how many attempts of all runs but one may still run a program."""
        family = sum(each.processes for each in self.worlds if each is not world)
        return family + self._workplace.neighbours.programs(self.worlds)

    async def turn(self, now: datetime) -> datetime | None:
        """Give each run of this process a turn; return the time of the next look."""
        looks = [
            await reconcile(world.run.key, world, now)
            for world in tuple(self.worlds)
            if not world.over
        ]
        return min((look for look in looks if look is not None), default=None)

    def _open(self, record: RunRecord) -> OwnWorld:
        definition = compile_workflow(WorkflowSpec.model_validate_json(record.spec))
        return self._opens(record, definition, self)
