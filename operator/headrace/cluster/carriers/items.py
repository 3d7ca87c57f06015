"""
A program over items: ConfigMaps with the items, and one Indexed Job an attempt.

The Job of a later attempt is created suspended, learns the items that need not run, and goes on.
Each step may be repeated: the name is the lock, and a step over another version fails. Decides no
start.
"""

from collections.abc import Iterator
from typing import Any

from headrace.api.v1alpha1.items import ItemsSpec
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.cluster.belonging import Place, place_of
from headrace.cluster.bounds import forget_oldest
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.item_sightings import ItemSightings
from headrace.cluster.carriers.job_creation import JobMaker
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.second_look import ask_for_pods
from headrace.cluster.specs import Specs
from headrace.engine.definition.work import FanOut
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Denied, Obstacle
from headrace.kube.errors import ApiError, StaleError, already_exists, conflict, not_found
from headrace.kube.objects import Projection
from headrace.kube.resources import CONFIG_MAPS, JOBS, Ref
from headrace.manifests.indexed_job import (
    indexed_job,
    is_unprepared,
    knows_what_to_do,
    prepared,
    resumed,
)
from headrace.manifests.item_files import too_large
from headrace.manifests.item_maps import config_map, parts
from headrace.manifests.items_sighting import without_pods
from headrace.manifests.json_form import name_of, read
from headrace.manifests.kube import Job, OwnObject
from headrace.manifests.objects import owner

KEPT = 10_000
"""How many Jobs are remembered whose pods were asked for."""

_ITEMS = name_of(TaskRunSpec, "items")


class ItemsCarrier:
    """Keeps the promises of `Carrier` for programs over items."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._reach = reach
        self._client = reach.client
        self._maker = JobMaker(reach)
        self._sightings = ItemSightings(reach.caches, reach.clock)
        self._specs = Specs(reach.client)
        self._asked: dict[str, None] = {}  # Uids of Jobs; the oldest first.

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from Jobs and pods."""
        return self._sightings.of(item, logged)

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """
        Ask for pods that are unknown while their Job has ended: they have outputs and reasons.

        The carrier of single programs asks about Jobs that are missing.
        """
        if seen.sighting is None or seen.sighting.items is None:
            return seen
        place = place_of(item)
        for job, gone in self._sightings.jobs(item):
            new = job.metadata.uid not in self._asked
            if new and not gone and without_pods(job, self._sightings.facts(job, gone=False)):
                await ask_for_pods(self._client, self._reach.caches, place.key, [place.task])
                self._asked[job.metadata.uid] = None
                forget_oldest(self._asked, KEPT)
                seen = draw(item)
        return seen

    async def make(self, start: StartAttempt[FanOut], item: OwnObject) -> Obstacle | None:
        """Create an attempt's objects."""
        refusal = _unfit(start, self._reach) or await self._maker.identity(start)
        if refusal is not None:
            return refusal
        meta = item.metadata
        by = owner("TaskRun", meta.name, meta.uid)
        maps = await self._config_maps(start, item, by)
        made = await self._maker.make(indexed_job(start, by, maps), item)
        if isinstance(made, Denied):
            return made
        if is_unprepared(made):
            await self._prepare(start, made)
        return None

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Do nothing: the carrier of single programs ends a Job of any kind."""

    async def _config_maps(
        self, start: StartAttempt[FanOut], item: OwnObject, by: dict[str, Any]
    ) -> int:
        """Return how many ConfigMaps hold the items. The first attempt creates them."""
        if start.work.items is None:
            whole = await self._specs.whole(TASK_RUNS, item.metadata)
            return read(ItemsSpec, whole.spec.get(_ITEMS)).config_maps or 0
        made = 0
        for made, data in enumerate(parts(start), 1):
            try:
                manifest = config_map(start, by, made - 1, data)
                await self._client.create(CONFIG_MAPS, manifest, Projection)
            except ApiError as error:
                if not already_exists(error):  # The run's uid is in the name, so it is ours.
                    raise
        return made

    async def _prepare(self, start: StartAttempt[FanOut], job: Job) -> None:
        """
        Tell a suspended Job the items that need not run, and let it go on.

        Raises:
            StaleError: The Job has changed in the meantime. Look again.

        """
        ref = Ref(JOBS, job.metadata.namespace, job.metadata.name)
        try:
            if not knows_what_to_do(job, start.work):
                change = prepared(start.work, job.metadata.resource_version)
                job = await self._client.patch_status(ref, change, Job)
            change = resumed(job.metadata.resource_version, start.context.queue)
            job = await self._client.patch(ref, change, Job)
        except ApiError as error:
            if conflict(error) or not_found(error):
                raise StaleError(f"{ref} has changed") from error
            raise
        self._reach.caches.jobs.put(job)


def _unfit(start: StartAttempt[FanOut], reach: Reach) -> Denied | None:
    """Return why no attempt can run the items; None: one can."""
    problem = too_large(start.work.items or (), start.context.params)
    return Denied(Reason.INVALID_DEFINITION, problem, reach.clock()) if problem else None
