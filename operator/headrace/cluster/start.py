"""
Starting and ending attempts: the TaskRun first, then what its kind of work needs.

Knows that each task has one TaskRun, by a derived name. How work is carried out is the carrier's.
"""

from headrace.cluster.belonging import Place, place_of
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.table import Carriers
from headrace.cluster.creation import create, refusal, taken
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import Obstacle
from headrace.kube.errors import ApiError
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import task_run


class Starter:
    """Makes and removes the objects of attempts."""

    def __init__(self, reach: Reach, carriers: Carriers) -> None:
        """Write through these caches; each kind of work has its carrier."""
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
        self._carriers = carriers

    async def start(self, start: StartAttempt, alone: OwnObject | None) -> Obstacle | None:
        """
        Make an attempt's objects, if they are not there yet.

        Args:
            start: The attempt.
            alone: The TaskRun, if it is a run of its own.

        Returns:
            Why it cannot be done now or ever; None if it is done.

        """
        try:
            item = alone or await self._task_run(start)
            if item is None:
                return taken(f"TaskRun {task_run(start)['metadata']['name']}", self._clock())
            return await self._carriers[type(start.work)].make(start, item)
        except ApiError as error:
            return refusal(error, self._clock())

    async def end(self, place: Place, task_run_uid: str, number: int) -> None:
        """End an attempt, whatever carries it."""
        for carrier in self._carriers.values():
            await carrier.end(place, task_run_uid, number)

    async def _task_run(self, start: StartAttempt) -> OwnObject | None:
        """Return the task's TaskRun, made if need be; None if the name is somebody else's."""
        context = start.context
        place = Place(RunKey(context.namespace, context.run), context.run_uid, start.task)
        known = self._caches.task_run(place)
        if known is None:
            known = await create(self._client, TASK_RUNS, task_run(start), OwnObject)
            self._caches.task_runs.put(known)
        return known if place_of(known) == place else None
