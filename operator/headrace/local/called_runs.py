"""
An attempt on this machine that calls a run for each item: each has a world of its own.

Knows which items have a run. Decides nothing about tasks.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.work import ChildRun, ChildRuns
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.each import called_for, own
from headrace.engine.task.item_children import AllItems, together
from headrace.engine.task.observed import Sighting
from headrace.local.called_run import CalledRun, CalledWorld
from headrace.local.records import AttemptRecord


class CalledRuns:
    """
    An attempt that calls a run for each item.

    Args:
        record: The stored record of the attempt.
        worlds: The worlds of the runs that an earlier runner has called, by index.

    """

    def __init__(self, record: AttemptRecord, worlds: Mapping[int, CalledWorld]) -> None:
        assert record.each is not None  # noqa: S101 - its carrier stored it
        self.record = record
        self._each = record.each
        self._runs = {index: self._run(world) for index, world in worlds.items()}

    @property
    def alive(self) -> bool:
        """Whether a run has not ended, or a process of it still runs."""
        return any(run.alive for run in self._runs.values())

    def more(
        self,
        start: StartAttempt[ChildRuns],
        call: Callable[[StartAttempt[ChildRun], int], CalledWorld],
    ) -> None:
        """Call the runs of the items that start."""
        each = self._each
        template = ChildRun(start.work.of.workflow, each.params)
        for index in start.work.begin:
            if index not in self._runs:
                work = called_for(template, own(each.given, index))
                single = StartAttempt(start.task, start.number, start.context, work, start.timeouts)
                self._runs[index] = self._run(call(single, index))

    def terminate(self) -> None:
        """Cancel its runs."""
        self.end(None)

    def end(self, items: Places | None) -> None:
        """Cancel the runs of some items; None: of all."""
        for index, run in self._runs.items():
            if items is None or index in items:
                run.terminate()

    def kill(self) -> None:
        """Kill all processes of its runs now."""
        for run in self._runs.values():
            run.kill()

    def pass_on(self, desired: DesiredState, items: Places | None) -> None:
        """Pass a state on to the runs of some items."""
        for index in items or ():
            self._runs[index].pass_on(desired)

    def sighting(self) -> Sighting:
        """Return its sighting."""
        record, now = self.record, datetime.now(UTC)
        shown = {index: run.sighting() for index, run in self._runs.items()}
        all_ = AllItems(self._each.total, record.created, self._each.digest)
        return together(record.number, all_, shown, now)

    def _run(self, world: CalledWorld) -> CalledRun:
        run = CalledRun(self.record)
        run.world = world
        return run
