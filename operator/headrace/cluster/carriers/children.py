"""
What the carriers of items share whose work is an object each: what is on record, and creation.

Knows TaskRuns and indexes. Knows no kind of object.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

from headrace.cluster.belonging import Place
from headrace.cluster.bounds import Kept
from headrace.cluster.creation import refusal
from headrace.cluster.flight import some_at_a_time
from headrace.cluster.kinds import TASK_RUNS
from headrace.cluster.specs import Specs
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.task.each import LARGEST, Given
from headrace.engine.task.observed import ObservedTask
from headrace.engine.task.obstacles import Busy, Denied, Obstacle
from headrace.kube.client import Client
from headrace.kube.errors import ApiError
from headrace.manifests.json_form import Json
from headrace.manifests.kube import OwnObject
from headrace.manifests.names import item_name

KEPT_BYTES: Final = 8 * LARGEST
"""The most memory for what is on record of items, of all TaskRuns."""

T = TypeVar("T")


class OnRecord(Generic[T]):
    """The work of items as TaskRuns have it on record: the cache keeps no such spec."""

    def __init__(self, client: Client, read: Callable[[Json], tuple[T, Given]]) -> None:
        """Read whole specs with this client."""
        self._specs = Specs(client)
        self._read = read
        self._known: Kept[str, tuple[T, Given]] = Kept(KEPT_BYTES)

    async def of(self, item: OwnObject) -> tuple[T, Given] | None:
        """Return the work of an item and the values of all; None: somebody else has written it."""
        meta = item.metadata
        known = self._known.get(meta.uid)
        if known is None:
            whole = await self._specs.whole(TASK_RUNS, meta)
            try:
                known = self._read(whole.spec)
            except ValueError:
                return None
            self._known.put(meta.uid, known, 1024 + len(str(known[1])))
        return known


def child_of(place: Place, number: int, index: int) -> str:
    """Return the name of the object of an item."""
    return item_name(place.key.name, place.run_uid, place.task, number, index)


def open_items(seen: ObservedTask) -> Places:
    """Return the items that had an object by the log and have not ended by it."""
    items, last, sighting = seen.log.items, seen.log.last, seen.sighting
    if items is None or last is None or not last.open:
        return NO_PLACES
    if sighting is None or sighting.number != last.number:
        return NO_PLACES
    return items.running & items.open


class Creation:
    """The creation of the objects of some items: one that is refused does not keep the others."""

    def __init__(self, clock: Callable[[], Any]) -> None:
        """Refuse at the time of this clock."""
        self._clock = clock
        self._denied: dict[int, Denied] = {}
        self._busy: Busy | None = None

    async def of(
        self, items: Places, make: Callable[[int], Awaitable[Obstacle | None]]
    ) -> Obstacle | None:
        """
        Create objects, a few at a time. If there is no room for one, the rest waits.

        Args:
            items: The items.
            make: Creates the object of one item.

        Returns:
            Why some were not created; None: all were.

        """
        await some_at_a_time([self._one(index, make) for index in items])
        if self._denied:
            first = self._denied[min(self._denied)]
            alike = [n for n, each in self._denied.items() if each.reason is first.reason]
            return Denied(first.reason, first.message, self._clock(), Places.of(alike))
        return self._busy

    async def _one(self, index: int, make: Callable[[int], Awaitable[Obstacle | None]]) -> None:
        if self._busy is not None:
            return
        try:
            obstacle = await make(index)
        except ApiError as error:
            obstacle = refusal(error, self._clock())
        if isinstance(obstacle, Denied):
            self._denied[index] = obstacle
        elif obstacle is not None:
            self._busy = obstacle
