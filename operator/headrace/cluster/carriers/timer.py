"""
A wait: the TaskRun itself is the attempt, with its end in the spec. Nothing else is created.

Knows the TaskRun of a wait. Knows no clock: the engine judges whether the instant has come.
"""

from collections.abc import Iterator

from headrace.cluster.belonging import Place, place_of
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import taken
from headrace.engine.definition.work import Timer
from headrace.engine.run.observed import RunKind
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Obstacle
from headrace.engine.task.timer import wait_sighting
from headrace.manifests.each_spec import items_facts
from headrace.manifests.kube import OwnObject
from headrace.manifests.work_spec import wait_until


class TimerCarrier:
    """Keeps the promises of `Carrier` for waits."""

    def __init__(self, reach: Reach) -> None:
        """Refuse at the time of this clock."""
        self._clock = reach.clock

    async def make(self, start: StartAttempt[Timer], item: OwnObject) -> Obstacle | None:  # noqa: ARG002 - the protocol's
        """Do nothing more: the TaskRun is there. One without an end is somebody else's."""
        if wait_until(item.spec) is None:
            return taken(f"TaskRun {item.metadata.name}", self._clock())
        return None

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:  # noqa: ARG002 - the protocol's
        """Show the wait of a task of a run. A TaskRun on its own has none."""
        until = None if items_facts(item.spec) else wait_until(item.spec)
        if until is not None and place_of(item).key.kind is RunKind.WORKFLOW_RUN:
            yield wait_sighting(item.metadata.creation_timestamp, until)

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:  # noqa: ARG002 - the protocol's
        """Return what is known: the TaskRun shows all."""
        return seen

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Do nothing: nothing runs."""
