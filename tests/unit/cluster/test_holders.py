"""Who holds slots of a pool, and who is told when one is free: `headrace.cluster.holders`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.cluster.caches import Caches, Key
from headrace.cluster.holders import Holders
from headrace.engine.pool.observed import PoolKey
from headrace.kube.objects import Meta, OwnerReference
from headrace.manifests.kube import (
    ConditionView,
    ContainerState,
    ContainerStatus,
    Job,
    JobSpec,
    JobStatus,
    OwnObject,
    Pod,
    PodStatus,
    Running,
    Terminated,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
POOL = PoolKey("default", "db")
OWN = {labels.POOL: "db", labels.RUN: "r", labels.TASK: "a", labels.ATTEMPT: "1"}
ITEMS = JobSpec(completion_mode="Indexed", completions=9, parallelism=3)


def meta(name: str, version: int, slots: str | None = None, **more: Any) -> Meta:
    """Return the metadata of an object in the pool."""
    notes = {} if slots is None else {labels.POOL_SLOTS: slots}
    known = {"labels": OWN, "annotations": notes, "creation_timestamp": NOON}
    return Meta(name, "default", f"uid-{name}", str(version), **{**known, **more})


def job(version: int = 1, over: str = "", slots: str | None = None, **status: Any) -> Job:
    """Return a Job; `over` is how it ended."""
    conditions = (ConditionView(over, "True"),) if over else ()
    return Job(meta("j", version, slots), status=JobStatus(conditions, **status))


def pod(version: int = 1, **state: Any) -> Pod:
    """Return the pod of the Job."""
    owner = OwnerReference(kind="Job", name="j", uid="uid-j", controller=True)
    status = PodStatus(
        "Running", container_statuses=(ContainerStatus("main", ContainerState(**state)),)
    )
    return Pod(meta("j-x", version, owner_references=(owner,)), status=status)


RUNS = pod(2, running=Running(NOON))
DONE = pod(3, terminated=Terminated(0))


class Desk:
    """Caches, and who was asked to look."""

    def __init__(self, *, crowded: bool = True) -> None:
        self.now: list[Key] = []
        self.soon: list[Key] = []
        self.caches = Caches(self.now.append, lambda _: None, look_soon=self.soon.append)
        if crowded:
            self.caches.crowded.add(POOL)

    def held(self) -> int:
        """Return how many slots are held."""
        return sum(each.slots for each in Holders(self.caches, lambda: NOON).of(POOL))

    def forget(self) -> None:
        """Forget who was asked."""
        self.now.clear()
        self.soon.clear()


@pytest.mark.parametrize(
    ("jobs", "pods", "want"),
    [
        pytest.param([job()], [], 1, id="a Job without a pod may start one at any moment"),
        pytest.param([job()], [RUNS], 1, id="a Job and its pod are one attempt"),
        pytest.param([job()], [DONE], 0, id="the program has ended, and the Job not yet"),
        pytest.param([job(over="Complete")], [DONE], 0, id="the Job has ended"),
        pytest.param([job(over="Failed")], [RUNS], 1, id="a pod goes on after its Job gave up"),
        pytest.param([], [RUNS], 1, id="a pod is left of a Job that is gone"),
        pytest.param([job(slots="3")], [], 3, id="an attempt holds several slots"),
        pytest.param([job(slots="many")], [], 1, id="somebody garbled the slots"),
    ],
)
def test_what_runs_or_may_start_holds_slots(jobs: list[Job], pods: list[Pod], want: int) -> None:
    """Counted from what is there, each time."""
    desk = Desk()
    for each in jobs:
        desk.caches.jobs.put(each)
    for each in pods:
        desk.caches.pods.put(each)
    assert want == desk.held()


@pytest.mark.parametrize(
    ("ended", "want"),
    [
        pytest.param("", 6, id="three items of two slots each may run"),
        pytest.param("0-6", 4, id="two items are left"),
        pytest.param("0-8", 2, id="the Job has not ended"),
    ],
)
def test_a_job_over_items_holds_slots_for_those_that_may_run(ended: str, want: int) -> None:
    """Its last items give slots back."""
    desk = Desk()
    status = JobStatus(completed_indexes=ended)
    desk.caches.jobs.put(Job(meta("j", 1, "2"), ITEMS, status))
    assert want == desk.held()


def test_a_free_slot_wakes_its_pool_at_once_if_somebody_waits() -> None:
    """The end of a program is seen before that of its Job."""
    desk = Desk()
    desk.caches.jobs.put(job())
    desk.caches.pods.put(RUNS)
    desk.forget()
    desk.caches.pods.put(DONE)
    assert POOL in desk.now


def test_a_pool_that_nobody_waits_for_has_time() -> None:
    """Only its status changes."""
    desk = Desk(crowded=False)
    desk.caches.jobs.put(job())
    desk.caches.pods.put(RUNS)
    desk.forget()
    desk.caches.pods.put(DONE)
    assert (False, True) == (POOL in desk.now, POOL in desk.soon)


def test_the_end_of_a_job_frees_its_slots() -> None:
    """Its pod may have been deleted unseen."""
    desk = Desk()
    desk.caches.jobs.put(job())
    desk.forget()
    desk.caches.jobs.put(job(2, over="Failed"))
    assert POOL in desk.now
    assert 0 == desk.held()


def test_a_new_number_of_slots_wakes_the_pool() -> None:
    """Our own status of it does not."""
    desk = Desk()
    bare = Meta("db", "default", "uid-db", "1")
    desk.caches.pools.put(OwnObject(bare, {"slots": 1}))
    assert [POOL] == desk.now
    desk.forget()
    later = Meta("db", "default", "uid-db", "2")
    desk.caches.pools.put(OwnObject(later, {"slots": 1}, {"used": 1}))
    assert [] == desk.now
    last = Meta("db", "default", "uid-db", "3")
    desk.caches.pools.put(OwnObject(last, {"slots": 2}, {"used": 1}))
    assert [POOL] == desk.now
