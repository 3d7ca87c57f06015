"""What is asked before an attempt is made: `headrace.cluster.start`."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody, TaskTimeouts
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.table import carriers
from headrace.cluster.hooks import CacheUse
from headrace.cluster.start import Starter
from headrace.engine.definition.work import Container
from headrace.engine.task.actions import RunContext, StartAttempt, TakeOver
from headrace.engine.task.cached import CacheEntry
from headrace.engine.task.observed import TaskLog
from headrace.kube.errors import ApiError
from headrace.kube.objects import Meta, OwnerReference
from headrace.manifests.kube import Job, OwnObject

OF_THE_RUN = OwnerReference(kind="WorkflowRun", name="night-1", uid="r1", controller=True)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def attempt(**body: Any) -> StartAttempt:
    """Return the first attempt of a task with these fields."""
    work = Container(TaskBody.model_validate({"image": "busybox", **body}))
    context = RunContext("shop", "night-1", "r1", "night", "2030-01-01T00:00:00Z")
    return StartAttempt("load", 1, context, work, TaskTimeouts())


def starter(client: AsyncMock, caches: Caches) -> Starter:
    """Return what makes the attempts of all kinds of work."""
    reach = Reach(caches, client, lambda: NOON, lambda _key, _seconds: None)
    return Starter(reach, carriers(reach), lambda _: None)


async def test_a_token_without_an_identity_is_refused_before_a_job_is_made() -> None:
    """A projected token would be one of the namespace's default ServiceAccount."""
    sources = [{"serviceAccountToken": {"path": "token"}}]
    volumes = [{"name": "token", "projected": {"sources": sources}}]
    client = AsyncMock()

    refused = await starter(client, Caches(lambda _: None, lambda _: None)).start(
        attempt(volumes=volumes), OwnObject(Meta("night-1-load"))
    )

    assert refused is not None
    assert Reason.ADMISSION_DENIED == refused.reason
    assert "volumes[0].projected" in refused.message
    assert "serviceAccountName" in refused.message
    assert [] == client.mock_calls


async def test_a_name_that_is_freed_in_between_is_tried_again_at_once() -> None:
    """Who had it is gone when it is looked up."""
    gone, taken = ApiError(404, "NotFound"), ApiError(409, "AlreadyExists")
    owner = OwnerReference(kind="TaskRun", uid="t1", controller=True)
    made = Job(Meta("night-1-load", "shop", "j1", "5", owner_references=(owner,)))
    client = AsyncMock()
    client.create.side_effect = [taken, made]
    client.get.side_effect = [gone]
    caches = Caches(lambda _: None, lambda _: None)

    refused = await starter(client, caches).start(
        attempt(), OwnObject(Meta("night-1-load", "shop", "t1"))
    )

    assert refused is None
    assert made == caches.jobs.get("shop", "night-1-load")


async def test_what_came_of_a_cache_is_counted_once_it_is_done() -> None:
    """The program runs, or an earlier result takes its place; a task without a cache is neither."""
    counted: list[CacheUse] = []
    owner = OwnerReference(kind="TaskRun", uid="t1", controller=True)
    client, caches = AsyncMock(), Caches(lambda _: None, lambda _: None)
    client.create.return_value = Job(
        Meta("night-1-load", "shop", "j1", "5", owner_references=(owner,))
    )
    reach = Reach(caches, client, lambda: NOON, lambda _key, _seconds: None)
    starts = Starter(reach, carriers(reach), counted.append)
    item = OwnObject(Meta("night-1-load", "shop", "t1"))

    await starts.start(attempt(), item)
    assert [] == counted
    cached = replace(attempt(), cache=CacheEntry("k", "9f86d081"))
    await starts.start(cached, item)
    assert [CacheUse.RAN] == counted
    client.create.return_value = OwnObject(
        Meta("night-1.load", "shop", "t2", "6", owner_references=(OF_THE_RUN,)),
        {"run": "night-1", "task": "load"},
    )
    client.patch_status.return_value = client.create.return_value
    await starts.take_over(TakeOver("load", cached.context, TaskLog(), cached))
    assert [CacheUse.RAN, CacheUse.REUSED] == counted
    await starts.take_over(TakeOver("load", cached.context, TaskLog(), cache_hash="9f86d081"))
    assert 2 == len(counted)  # A rerun takes over: no cache was asked.
