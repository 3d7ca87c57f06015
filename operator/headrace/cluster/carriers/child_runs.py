"""
A run of a called workflow for each item of a task.

A name that our own run has is success; a name of somebody else's run is refused. Decides no start.
"""

from collections.abc import Iterator
from dataclasses import replace

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.items import ItemWork
from headrace.api.v1alpha1.run import DesiredState
from headrace.cluster.belonging import Place, owner_uid, place_of
from headrace.cluster.bounds import forget_oldest
from headrace.cluster.carriers.called_run import hand_down, nested
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.children import Creation, OnRecord, child_of, open_items
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import create, taken
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.engine.definition.work import ChildRuns
from headrace.engine.run.nested import sighting_of
from headrace.engine.task.actions import EndAttempt, PassOn, StartAttempt
from headrace.engine.task.each import called_for, own
from headrace.engine.task.item_children import AllItems, deleted, missing, together
from headrace.engine.task.observed import ObservedTask, Sighting
from headrace.engine.task.obstacles import Obstacle
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import Ref
from headrace.manifests.each_spec import call_on_record, digest_on_record, items_without_programs
from headrace.manifests.kube import OwnObject
from headrace.manifests.objects import called_run, owner

KEPT = 20_000
"""How many runs are remembered as last seen."""

Child = tuple[int, int]
"""An attempt, and an index."""


class ChildRunsCarrier:
    """Keeps the promises of `Carrier` for called workflows over items."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._reach = reach
        self._caches = reach.caches
        self._client = reach.client
        self._on_record = OnRecord(reach.client, call_on_record)
        self._shown: dict[str, tuple[str, bool, Sighting]] = {}  # By uid, with version and gone.

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from the runs that it owns."""
        total = items_without_programs(item.spec, ItemWork.WORKFLOW)
        if not total:
            return
        attempts: dict[int, dict[int, Sighting]] = {max(1, logged): {}}
        for (number, index), run, gone in self._of(item, total, logged):
            attempts.setdefault(number, {})[index] = self._sighting(run, number, gone=gone)
        created, now = item.metadata.creation_timestamp, self._reach.clock()
        digest = digest_on_record(item.spec)
        for number, children in attempts.items():
            begins = (child.created for child in children.values() if child.created is not None)
            began = created if number == 1 else min(begins, default=None)
            yield together(number, AllItems(total, began, digest), children, now)

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask about runs that should exist and are missing in the cache."""
        if not items_without_programs(item.spec, ItemWork.WORKFLOW):
            return seen
        place, gone = place_of(item), {}
        sighting = seen.sighting
        if sighting is None or sighting.items is None:
            return seen
        for index in missing(sighting.items, open_items(seen)):
            name = child_of(place, sighting.number, index)
            ref = Ref(WORKFLOW_RUNS, item.metadata.namespace, name)
            try:
                self._caches.runs.put(await self._client.get(ref, OwnObject))
            except ApiError as error:
                if not not_found(error):
                    raise
                gone[index] = deleted(name, self._reach.clock())
        seen = draw(item)
        sighting = seen.sighting
        if not gone or sighting is None or sighting.items is None:
            return seen
        items = replace(sighting.items, ended={**gone, **sighting.items.ended})
        return replace(seen, sighting=replace(sighting, items=items))

    async def make(self, start: StartAttempt[ChildRuns], item: OwnObject) -> Obstacle | None:
        """Create the runs of the items that start."""
        meta, context, work = item.metadata, start.context, start.work
        known = (work.of, work.given) if work.given is not None else None
        if items_without_programs(item.spec, ItemWork.WORKFLOW) and known is None:
            known = await self._on_record.of(item)
        if known is None or not items_without_programs(item.spec, ItemWork.WORKFLOW):
            return taken(f"TaskRun {meta.name}", self._reach.clock())
        call, given = known
        caller = self._caches.runs.get(context.namespace, context.run)
        asked = {} if caller is None else caller.metadata.annotations
        by = owner("TaskRun", meta.name, meta.uid)

        async def one(index: int) -> Obstacle | None:
            single = StartAttempt(
                *(start.task, start.number, context),
                called_for(call, own(given, index)),
                start.timeouts,
                priority=start.priority,
            )
            manifest = called_run(single, by, asked, index)
            found = await create(self._client, WORKFLOW_RUNS, manifest, OwnObject)
            if owner_uid(found.metadata) != meta.uid:
                return taken(f"WorkflowRun {found.metadata.name}", self._reach.clock())
            self._caches.runs.put(found)
            return None

        return await Creation(self._reach.clock).of(work.begin, one)

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Cancel the runs of an attempt's items."""
        cancel = PassOn(end.task, end.number, DesiredState.CANCEL, end.items)
        await self.pass_on(place, task_run_uid, cancel)

    async def pass_on(self, place: Place, task_run_uid: str, action: PassOn) -> None:
        """
        Pass a state on to the runs of an attempt's items.

        Raises:
            StaleError: A run has changed meanwhile. Look again.

        """
        number, items = action.number, action.items
        names = {child_of(place, number, index) for index in items or ()}
        for run in tuple(self._caches.runs.by_index(task_run_uid)):
            name, child = run.metadata.name, _labelled(run)
            if items is None and child is not None and child[0] == number:
                names = {child_of(place, *child)}
            if name in names:
                await hand_down(self._reach, run, action.desired)

    def _of(
        self, item: OwnObject, total: int, logged: int
    ) -> Iterator[tuple[Child, OwnObject, bool]]:
        """Yield the runs of a TaskRun's items, and whether each is gone; the gone ones first."""
        runs, uid, place = self._caches.runs, item.metadata.uid, place_of(item)
        for gone, some in ((True, runs.tombstones_by_index(uid)), (False, runs.by_index(uid))):
            for run in some:
                child = _labelled(run)
                if child is None or run.metadata.name != child_of(place, *child):
                    child = _named(run, place, total, logged)
                if child is not None and child[1] < total:
                    yield child, run, gone

    def _sighting(self, run: OwnObject, number: int, *, gone: bool) -> Sighting:
        """Return what a run shows; read again only after a change."""
        uid, version = run.metadata.uid, run.metadata.resource_version
        known = self._shown.get(uid)
        if known is None or known[:2] != (version, gone):
            shown = sighting_of(nested(run, number, self._reach.clock(), gone=gone))
            known = self._shown[uid] = version, gone, shown
            forget_oldest(self._shown, KEPT)
        return known[2]


def _labelled(run: OwnObject) -> Child | None:
    """Return the attempt and the index that the labels of a run name."""
    written = run.metadata.labels
    number, index = written.get(labels.ATTEMPT, ""), written.get(labels.INDEX, "")
    return (int(number), int(index)) if number.isdecimal() and index.isdecimal() else None


def _named(run: OwnObject, place: Place, total: int, logged: int) -> Child | None:
    """Return the attempt and the index by a run's name: somebody has changed its labels."""
    for number in range(1, logged + 2):
        for index in range(total):
            if run.metadata.name == child_of(place, number, index):
                return number, index
    return None
