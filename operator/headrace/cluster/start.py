"""
Starting and ending attempts: the TaskRun first, then the objects of its kind of work.

Knows that each task has one TaskRun, with a derived name. A carrier carries out the work.
"""

from collections.abc import Callable

from headrace.cluster.belonging import Place, place_of
from headrace.cluster.carriers.called_run import CalledRunCarrier
from headrace.cluster.carriers.child_runs import ChildRunsCarrier
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.table import Carriers
from headrace.cluster.creation import create, refusal, taken
from headrace.cluster.gather import task_log
from headrace.cluster.hooks import CacheUse
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.statuses import Status, StatusWriter
from headrace.engine.definition.work import Work
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import EndAttempt, PassOn, StartAttempt, TakeOver
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.obstacles import Obstacle
from headrace.kube.errors import ApiError
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import task_run
from headrace.manifests.task_status import task_status


class Starter:
    """Creates and deletes the objects of attempts."""

    def __init__(
        self, reach: Reach, carriers: Carriers, cache_asked: Callable[[CacheUse], None]
    ) -> None:
        """
        Write through these caches.

        Args:
            reach: The caches, the client and the clock.
            carriers: Each kind of work has one.
            cache_asked: Hears of each task with a cache that could start.

        """
        self._caches = reach.caches
        self._client = reach.client
        self._clock = reach.clock
        self._carriers = carriers
        self._statuses = StatusWriter(reach.client)
        self._cache_asked = cache_asked

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
                return self._taken(start)
            if start.begins_with is not None:
                await self._begin(item, start.begins_with)
            if start.cache is not None:
                self._cache_asked(CacheUse.RAN)
            return await self._carriers[type(start.work)].make(start, item)
        except ApiError as error:
            return refusal(error, self._clock())

    async def take_over(self, action: TakeOver) -> Obstacle | None:
        """
        Create the TaskRun of a task that an earlier run did, with its log.

        Returns: Why it cannot be done, now or ever; None if it is done.

        """
        try:
            item = await self._task_run(action)
            if item is None:
                return self._taken(action)
            await self._begin(item, action.log)
            if action.attempt is not None:
                self._cache_asked(CacheUse.REUSED)
        except ApiError as error:
            return refusal(error, self._clock())
        return None

    async def _begin(self, item: OwnObject, log: TaskLog) -> None:
        """Write the first log of a TaskRun. One that shows results already stays."""
        known, _ = task_log(item)
        if known.outcome is not None or known.items is not None or known.count:
            return
        now = self._clock()
        past = Past.of(item.status, item.metadata.creation_timestamp or now, now)
        put = Status(TASK_RUNS, self._caches.task_runs, task_status(log, past))
        await self._statuses.write(item, put)

    def _taken(self, start: StartAttempt[Work] | TakeOver) -> Obstacle:
        return taken(f"TaskRun {task_run(start)['metadata']['name']}", self._clock())

    async def change(self, place: Place, task_run_uid: str, action: EndAttempt | PassOn) -> None:
        """End an attempt, with any carrier; or pass a state on to the run that it has called."""
        for carrier in self._carriers.values():
            match action:
                case EndAttempt():
                    await carrier.end(place, task_run_uid, action)
                case PassOn():
                    if isinstance(carrier, CalledRunCarrier | ChildRunsCarrier):
                        await carrier.pass_on(place, task_run_uid, action)

    async def _task_run(self, start: StartAttempt[Work] | TakeOver) -> OwnObject | None:
        """Return the task's TaskRun, created if needed; None if the name is taken."""
        context = start.context
        place = Place(RunKey(context.namespace, context.run), context.run_uid, start.task)
        known = self._caches.task_run(place)
        if known is None:
            known = await create(self._client, TASK_RUNS, task_run(start), OwnObject)
            self._caches.task_runs.put(known)
        return known if place_of(known) == place else None
