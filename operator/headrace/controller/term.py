"""
One term of leading: the turns of runs and workflows, and all that they remember.

A term that ended never starts again, because another controller may have worked meanwhile. The
next term starts with caches that were compared with the API server, and with nothing else.
This module does not know how a controller gains the Lease, or how the caches are filled.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import Caches, Key
from headrace.cluster.events import EventRecorder
from headrace.cluster.hooks import Hooks
from headrace.cluster.subjects.backfill import BackfillWorld
from headrace.cluster.subjects.pool import Pools
from headrace.cluster.subjects.pool_status import PoolStatuses
from headrace.cluster.subjects.run import ClusterWorld
from headrace.cluster.subjects.workflow import WorkflowWorld
from headrace.controller.metrics import Metrics
from headrace.controller.openings import Openings
from headrace.controller.roll_call import RollCall
from headrace.controller.settings import Settings
from headrace.controller.subjects import subjects
from headrace.evaluation.evaluator import Evaluator
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, StaleError, forbidden
from headrace.kube.informer import Informer
from headrace.loop.queue import WorkQueue
from headrace.loop.subject import turn

log = logging.getLogger(__name__)

REST_SECONDS = 0.5
"""How long events that nobody waits for may gather. Planned turns begin at the same moments, so at
most this much late: waking up costs more than most turns."""
WORDS = 900
"""The most characters of an error that an object shows."""


def now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


def _namespace(key: Key) -> str:
    return key.namespace


@dataclass(frozen=True, slots=True)
class House:
    """The parts of the controller that outlive a term."""

    settings: Settings
    client: Client
    metrics: Metrics
    evaluator: Evaluator
    caches: Caches
    roll: RollCall
    informers: Mapping[str, Sequence[Informer[Any]]]
    """The informers of each watched namespace."""
    opened: Callable[[str], None]
    """Called with each namespace that opens."""
    running: dict[Key, float]
    """When each current turn began."""


class Term:
    """Turns, from the gain of the Lease to its loss."""

    def __init__(self, house: House, random: Random) -> None:
        """Prepare; `run` starts. Until then, no namespace is open."""
        self._house = house
        self.queue: WorkQueue[Key] = WorkQueue(
            random,
            now,
            pacing=2.0,
            grain=REST_SECONDS,
            group_of=_namespace,
            observe=house.metrics.turn,
        )
        self.openings = Openings(house.informers, house.opened)
        caches, client = house.caches, house.client
        events = EventRecorder(client, now, house.settings.identity)
        evaluate = house.evaluator.evaluate
        hooks = Hooks(
            *(now, self.later, events, evaluate),
            hurry=self.queue.hurry,
            archive=house.settings.archive,
            job_created=house.metrics.job_created,
            cache_asked=house.metrics.cache_asked,
        )
        runs = ClusterWorld(caches, client, hooks)
        self.pictures = runs.pictures
        self.workflows = WorkflowWorld(
            *(caches, client, runs.definitions, events, now),
            archive=house.settings.archive,
            unarchived=house.metrics.unarchived.inc,
        )
        statuses = PoolStatuses(caches, client, now, self.queue.add)
        pools = Pools(caches, runs.pools, statuses, now)
        backfills = BackfillWorld(caches, client, runs.definitions, events, now)
        self._subjects = subjects(
            runs, self.workflows, pools, statuses, backfills, house.roll.forget
        )

    def later(self, key: Key, seconds: float) -> None:
        """Ask for a turn in so many seconds."""
        self.queue.add_at(key, asyncio.get_running_loop().time() + seconds)

    async def run(self) -> None:
        """
        Serve the queue until it is stopped or this method is cancelled. Then no turn runs any more.

        The namespaces open one by one, and each puts its keys into the queue.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                opening = [
                    tasks.create_task(self.openings.open(namespace))
                    for namespace in self.openings.informers
                ]
                await self.queue.serve(self._turn, self._house.settings.workers)
                for task in opening:
                    task.cancel()
        finally:
            self.queue.stop()

    async def _turn(self, key: Key) -> datetime | None:
        running, metrics = self._house.running, self._house.metrics
        running[key] = monotonic()
        try:
            return await turn(self._subjects[type(key)], key, now())
        except StaleError:
            metrics.stale.inc()
            raise
        except Exception as error:
            await self._complain(key, error)
            raise
        finally:
            del running[key]
            metrics.turn_over(key)

    async def _complain(self, key: Key, error: Exception) -> None:
        """Show on the object itself why its turn failed."""
        if forbidden(error):
            reason, message = Reason.FORBIDDEN, str(error)[:WORDS]
        elif isinstance(error, ClusterError):
            return  # Such an error passes: nothing is wrong with the object.
        else:
            reason = Reason.INTERNAL_ERROR
            message = f"the controller has a defect ({type(error).__name__}); see its log"
        with suppress(ClusterError):
            await self._subjects[type(key)].complain(key, reason, message)
