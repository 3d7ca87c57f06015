"""Which workflows there are: `headrace.controller.roll_call`."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

from headrace.cluster.kinds import WORKFLOWS
from headrace.controller.handlers import WorkflowChange
from headrace.controller.roll_call import RollCall
from headrace.kube.client import Client
from headrace.kube.informer import AUDIT_SECONDS
from headrace.kube.resources import NAMESPACES, Ref
from headrace.kube.sender import Settings
from headrace.manifests.kube import OwnObject
from support.api_server import ApiServer
from support.api_transport import MemoryTransport
from support.plumbing import manifest
from support.virtual_time import VirtualTimeLoop, seeded

EVENT_LOOP = VirtualTimeLoop


class Roll:
    """Workflows on a server, and what the roll call tells of them."""

    def __init__(self, *namespaces: str) -> None:
        self.way = MemoryTransport(ApiServer())
        self.client = Client(self.way, Settings(), seeded(7))
        self.told: list[tuple[str, bool]] = []
        self.roll = RollCall(self.client, namespaces, self.hear)

    def hear(self, told: WorkflowChange) -> None:
        """Note what is told, as the runtime does."""
        self.roll.note(told)
        self.told.append((f"{told.namespace}/{told.name}", told.gone))

    async def make(self, namespace: str, name: str) -> None:
        """Create a workflow of which nobody tells."""
        spec = {"tasks": [{"name": "t", "image": "busybox"}]}
        body = manifest(WORKFLOWS, name, spec, namespace)
        await self.client.create(WORKFLOWS, body, OwnObject)


async def furnished(*namespaces: str) -> Roll:
    """Return the namespaces a and b with a workflow each, both known."""
    house = Roll(*namespaces)
    for name in ("a", "b"):
        await house.client.create(NAMESPACES, {"metadata": {"name": name}}, OwnObject)
        await house.make(name, "w")
    await house.roll.call()
    house.told.clear()
    return house


async def test_where_nothing_was_missed_nothing_is_told() -> None:
    """However often the roll is called."""
    house = await furnished()
    await house.roll.call()
    assert [] == house.told


async def test_what_was_missed_is_told() -> None:
    """One is gone, one is new, one has changed."""
    house = await furnished()
    await house.client.delete(Ref(WORKFLOWS, "a", "w"))
    await house.make("a", "new")
    changed = {"spec": {"suspend": True}}
    await house.client.patch(Ref(WORKFLOWS, "b", "w"), changed, OwnObject)
    await house.roll.call()
    assert [("a/new", False), ("a/w", True), ("b/w", False)] == sorted(house.told)


async def test_what_is_told_while_the_list_is_read_is_not_told_again() -> None:
    """Neither one that is new since, nor one that is gone since, nor one that has changed since."""
    house = await furnished()
    real = house.client.pages

    def pages(*words: Any, **more: Any) -> Any:
        listing = real(*words, **more)

        async def late() -> AsyncIterator[Any]:
            async for page in listing:
                house.roll.note(WorkflowChange("a", "new", "9", ("u", 1), gone=False))
                house.roll.note(WorkflowChange("a", "w", "9", ("", 0), gone=True))
                house.roll.note(WorkflowChange("b", "w", "9", ("u", 7), gone=False))
                yield page

        return late()

    house.client.pages = pages  # type: ignore[method-assign] # something happens meanwhile
    await house.roll.call()
    assert [] == house.told


async def test_only_the_namespaces_that_are_watched_are_asked_about() -> None:
    """Elsewhere there may be no right to ask."""
    house = await furnished("b")
    await house.make("a", "new")
    await house.make("b", "new")
    await house.roll.call()
    assert [("b/new", False)] == house.told


async def test_the_roll_is_called_now_and_then() -> None:
    """Also after the API server could not be reached, and at once when somebody asks for it."""
    house = await furnished()
    calling = asyncio.create_task(house.roll.run())
    house.way.faults.lose_request(times=math.inf)
    await asyncio.sleep(2 * AUDIT_SECONDS)
    house.way.faults.mend()
    await house.make("a", "new")
    await asyncio.sleep(2 * AUDIT_SECONDS)
    assert [("a/new", False)] == house.told
    await house.make("a", "newer")
    house.roll.ask()
    await asyncio.sleep(1)
    assert ("a/newer", False) == house.told[-1]
    calling.cancel()
