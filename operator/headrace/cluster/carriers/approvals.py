"""
A question to people for each item of a task, as an Approval each.

A name that our own Approval has is success; a name of somebody else's is refused. Decides no start,
and no answer.
"""

from collections.abc import Iterator
from dataclasses import replace

from headrace.api.v1alpha1.items import ItemWork
from headrace.cluster.belonging import Place, place_of
from headrace.cluster.carriers.asking import Asking
from headrace.cluster.carriers.carrier import Draw
from headrace.cluster.carriers.children import Creation, OnRecord, child_of, open_items
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.creation import taken
from headrace.cluster.kinds import APPROVALS
from headrace.engine.definition.work import Approvals
from headrace.engine.places import Places
from headrace.engine.task.actions import EndAttempt, StartAttempt
from headrace.engine.task.each import asked_for, own
from headrace.engine.task.item_children import AllItems, missing, together
from headrace.engine.task.observed import Ending, ObservedTask, SeenItems, Sighting
from headrace.engine.task.obstacles import Obstacle
from headrace.kube.resources import Ref
from headrace.manifests.approval import Approval, gone_ending, sight
from headrace.manifests.each_spec import (
    digest_on_record,
    items_without_programs,
    question_on_record,
)
from headrace.manifests.kube import OwnObject


class ApprovalsCarrier:
    """Keeps the promises of `Carrier` for questions over items."""

    def __init__(self, reach: Reach) -> None:
        """Work with these caches, client and clock."""
        self._caches = reach.caches
        self._clock = reach.clock
        self._asking = Asking(reach)
        self._on_record = OnRecord(reach.client, question_on_record)

    def show(self, item: OwnObject, logged: int) -> Iterator[Sighting]:
        """Show the attempts of a TaskRun, from the Approvals that it owns."""
        total = items_without_programs(item.spec, ItemWork.APPROVAL)
        if not total:
            return
        now = self._clock()
        attempts: dict[int, dict[int, Sighting]] = {max(1, logged): {}}
        for approval, index, gone in self._of(item, total):
            children = attempts.setdefault(approval.spec.attempt, {})
            children[index] = sight(approval, gone=gone, now=now)
        created = item.metadata.creation_timestamp
        digest = digest_on_record(item.spec)
        for number, children in attempts.items():
            begins = (child.created for child in children.values() if child.created is not None)
            began = created if number == 1 else min(begins, default=None)
            yield together(number, AllItems(total, began, digest), children, now)

    async def make_sure(self, item: OwnObject, seen: ObservedTask, draw: Draw) -> ObservedTask:
        """Ask about Approvals whose events may be late, and whether answers can be trusted."""
        if not items_without_programs(item.spec, ItemWork.APPROVAL) or seen.sighting is None:
            return seen
        gone: dict[int, Ending] = {}
        for index in self._doubtful(seen):
            name = child_of(place_of(item), seen.sighting.number, index)
            if await self._asking.ask_again(Ref(APPROVALS, item.metadata.namespace, name)) is None:
                gone[index] = gone_ending(self._clock())
        seen = draw(item)
        sighting = seen.sighting
        if sighting is None or sighting.items is None:
            return seen
        others = await self._not_trusted(item, seen, sighting.items)
        if not gone and not others:
            return seen
        items = replace(sighting.items, ended={**gone, **sighting.items.ended, **others})
        return replace(seen, sighting=replace(sighting, items=items))

    async def make(self, start: StartAttempt[Approvals], item: OwnObject) -> Obstacle | None:
        """Create the Approvals of the items that start, once the API server guards them."""
        meta, work, now = item.metadata, start.work, self._clock()
        known = (work.of, work.given) if work.given is not None else None
        if items_without_programs(item.spec, ItemWork.APPROVAL) and known is None:
            known = await self._on_record.of(item)
        if known is None or not items_without_programs(item.spec, ItemWork.APPROVAL):
            return taken(f"TaskRun {meta.name}", now)
        question, given = known

        async def one(index: int) -> Obstacle | None:
            asked = asked_for(question, own(given, index), now)
            single = StartAttempt(start.task, start.number, start.context, asked, start.timeouts)
            return await self._asking.make(single, item, index)

        return await Creation(self._clock).of(work.begin, one)

    async def end(self, place: Place, task_run_uid: str, end: EndAttempt) -> None:
        """Close the Approvals of an attempt's items: an answer from now on counts for nothing."""
        for approval in tuple(self._caches.approvals.by_index(task_run_uid)):
            index, number = approval.spec.item, approval.spec.attempt
            if index is None or number != end.number or approval.closed:
                continue
            if approval.metadata.name != child_of(place, number, index):
                continue
            if end.items is None or index in end.items:
                await self._asking.close(approval, place, index)

    def _of(self, item: OwnObject, total: int) -> Iterator[tuple[Approval, int, bool]]:
        """Yield the Approvals of items, and whether each is gone; the gone ones first."""
        approvals, uid, place = self._caches.approvals, item.metadata.uid, place_of(item)
        for gone, some in (
            (True, approvals.tombstones_by_index(uid)),
            (False, approvals.by_index(uid)),
        ):
            for approval in some:
                index, number = approval.spec.item, approval.spec.attempt
                if index is None or not 0 <= index < total:
                    continue
                if approval.metadata.name == child_of(place, number, index) and approval.recorded:
                    yield approval, index, gone

    def _doubtful(self, seen: ObservedTask) -> Places:
        """Return the items whose Approval is missing in the cache, or about to time out."""
        items = seen.sighting.items if seen.sighting is not None else None
        if items is None:
            return Places()
        now, open_ = self._clock(), open_items(seen)
        late = Places.of(index for index, end in items.expected.items() if end.at <= now)
        return missing(items, open_) | (late & open_)

    async def _not_trusted(
        self, item: OwnObject, seen: ObservedTask, items: SeenItems
    ) -> dict[int, Ending]:
        """Return the ends of open items with an answer that others may have given."""
        log = seen.log.items
        found: dict[int, Ending] = {}
        for approval, index, gone in self._of(item, items.total):
            is_new = log is None or index in log.open
            ending = items.ended.get(index)
            if not is_new or ending is None or ending.answer is None:
                continue
            if seen.sighting is None or approval.spec.attempt != seen.sighting.number:
                continue
            if not await self._asking.trusted(approval):
                shown = sight(approval, gone=gone, now=self._clock(), trusted=False)
                if shown.ending is not None:
                    found[index] = shown.ending
        return found
