"""
Starting and ending attempts: the TaskRun first, then the objects of its kind of work.

Knows that each task has one TaskRun, with a derived name. A carrier carries out the work.
"""

from headrace.cluster.belonging import Place, place_of
from headrace.cluster.carriers.called_run import CalledRunCarrier
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.table import Carriers
from headrace.cluster.creation import create, refusal, taken
from headrace.cluster.kinds import TASK_RUNS
from headrace.engine.definition.work import Work
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import EndAttempt, PassOn, StartAttempt
from headrace.engine.task.observed import Obstacle
from headrace.kube.errors import ApiError
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import task_run


class Starter:
    """Creates and deletes the objects of attempts."""

    def __init__(self, reach: Reach, carriers: Carriers) -> None:
        """Write through these caches. Each kind of work has its carrier."""
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
        self._carriers = carriers

    async def start(self, start: StartAttempt[Work], alone: OwnObject | None) -> Obstacle | None:
        """
        Create an attempt's objects, if they do not exist yet.

        Args:
            start: The attempt.
            alone: The TaskRun, if it is a run of its own.

        Returns: Why it cannot be done, now or ever; None if it is done.

        """
        try:
            item = alone or await self._task_run(start)
            if item is None:
                return taken(f"TaskRun {task_run(start)['metadata']['name']}", self._clock())
            return await self._carriers[type(start.work)].make(start, item)
        except ApiError as error:
            return refusal(error, self._clock())

    async def change(self, place: Place, task_run_uid: str, action: EndAttempt | PassOn) -> None:
        """End an attempt, with any carrier; or pass a state on to the run that it has called."""
        for carrier in self._carriers.values():
            match action:
                case EndAttempt(number=number):
                    await carrier.end(place, task_run_uid, number)
                case PassOn(number=number, desired=desired):
                    if isinstance(carrier, CalledRunCarrier):
                        await carrier.pass_on(place, task_run_uid, number, desired)

    async def _task_run(self, start: StartAttempt[Work]) -> OwnObject | None:
        """Return the task's TaskRun, created if needed; None if the name is taken."""
        context = start.context
        place = Place(RunKey(context.namespace, context.run), context.run_uid, start.task)
        known = self._caches.task_run(place)
        if known is None:
            known = await create(self._client, TASK_RUNS, task_run(start), OwnObject)
            self._caches.task_runs.put(known)
        return known if place_of(known) == place else None
