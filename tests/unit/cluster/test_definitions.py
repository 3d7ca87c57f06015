"""Workflows as they are asked for: `headrace.cluster.definitions`."""

import asyncio
import gc
from typing import Any

import pytest

from headrace.cluster.definitions import Definitions
from headrace.kube.errors import ApiError
from headrace.kube.objects import Meta
from headrace.kube.resources import Ref
from headrace.manifests.kube import WorkflowObject
from support.plumbing import no_templates


class SlowClient:
    """Answers when it is told to, with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer = asyncio.Event()
        self.error: ApiError | None = None

    async def get(self, ref: Ref, _into: type[WorkflowObject]) -> WorkflowObject:
        """Return the workflow of this moment: its generation is the number of the question."""
        self.asked += 1
        number = self.asked
        await self.answer.wait()
        if self.error is not None:
            raise self.error
        return WorkflowObject(Meta(ref.name, generation=number))


def definitions(client: Any) -> Definitions:
    """Return definitions that ask this client."""
    return Definitions(client, no_templates())


async def test_those_who_ask_meanwhile_share_the_next_answer() -> None:
    """An answer under way may be of before they asked; one more is enough for all of them."""
    client = SlowClient()
    reader = definitions(client)
    first = asyncio.ensure_future(reader.workflow("default", "etl"))
    await asyncio.sleep(0.01)
    others = [asyncio.ensure_future(reader.workflow("default", "etl")) for _ in range(100)]
    await asyncio.sleep(0.01)
    client.answer.set()
    found = [each.metadata.generation for each in await asyncio.gather(first, *others) if each]
    assert [1, *[2] * 100] == found


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    """A turn that is ended while it waits does not end the question."""
    client = SlowClient()
    reader = definitions(client)
    hasty, patient = (asyncio.ensure_future(reader.workflow("default", "etl")) for _ in range(2))
    await asyncio.sleep(0.01)
    hasty.cancel()
    client.answer.set()
    found = await patient
    assert found is not None
    assert 1 == client.asked


async def test_an_error_is_of_those_who_asked_and_not_of_those_after() -> None:
    """The next question is asked anew; a workflow that is not there is no error."""
    client = SlowClient()
    reader = definitions(client)
    client.answer.set()
    client.error = ApiError(500, "InternalError", "no")
    with pytest.raises(ApiError):
        await reader.workflow("default", "etl")
    client.error = ApiError(404, "NotFound", "no")
    assert await reader.workflow("default", "etl") is None
    client.error = None
    assert await reader.workflow("default", "etl") is not None


async def test_of_a_workflow_that_was_asked_for_nothing_stays() -> None:
    """Runs may name any number of workflows that are not there."""
    client = SlowClient()
    client.answer.set()
    reader = definitions(client)
    before = locks()
    for number in range(50):
        await reader.workflow("default", f"etl-{number}")
    assert before == locks()


def locks() -> int:
    """Return how many locks there are."""
    gc.collect()
    return sum(isinstance(each, asyncio.Lock) for each in gc.get_objects())
