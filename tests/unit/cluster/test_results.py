"""The results that caches of tasks find among cached TaskRuns: `headrace.cluster.results`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.api.v1alpha1.task import TaskBody
from headrace.cluster.caches import Caches
from headrace.cluster.results import Results
from headrace.engine.task.cache import LOOKED_AT
from headrace.engine.task.cached import CacheEntry, CacheQuestion
from headrace.kube.objects import Meta, OwnerReference
from headrace.manifests.kube import OwnObject

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
QUESTION = CacheQuestion("shop", "etl", "train", TaskBody(image="busybox"))
ENTRY = CacheEntry("k", "9f86d081")


class Shop:
    """Caches with runs that did the same work, and the looks at their TaskRuns."""

    def __init__(self) -> None:
        self.caches = Caches(lambda _: None, lambda _: None)
        self._version = 0

    def run(self, name: str, workflow: str = "etl", **status: Any) -> None:
        """Add a run with a TaskRun that succeeded in the minute of its number."""
        minute = int(name.rpartition("-")[2])
        self.caches.runs.put(OwnObject(self._meta(name), {"workflow": workflow}))
        self.task_run(name, minute, **status)

    def task_run(self, run: str, minute: int, owner: str | None = None, **status: Any) -> None:
        """Add a TaskRun."""
        when = (NOON + timedelta(minutes=minute)).isoformat()
        ended = {"outcome": "Succeeded", "completionTime": when, "outputs": {"n": minute}}
        spec = {"run": run, "task": "train", "cacheHash": ENTRY.hash}
        meta = self._meta(f"{run}.train", minute, owner or f"uid-{run}", run)
        self.caches.task_runs.put(OwnObject(meta, spec, {**ended, **status}))

    def _meta(self, name: str, minute: int = 0, owner: str = "", run: str = "") -> Meta:
        self._version += 1
        owners = (OwnerReference(kind="WorkflowRun", name=run, uid=owner, controller=True),)
        return Meta(
            *(name, "shop", f"uid-{name}", str(self._version)),
            creation_timestamp=NOON + timedelta(minutes=minute),
            owner_references=owners if owner else (),
        )

    def found(self, question: CacheQuestion = QUESTION, entry: CacheEntry = ENTRY) -> list[str]:
        """Return the runs whose results are found."""
        return [result.run for result in Results(self.caches).find(question, entry)]


def test_the_newest_results_of_a_hash_are_found() -> None:
    """A bounded number: a year of runs may have the same one."""
    shop = Shop()
    for number in range(LOOKED_AT + 5):
        shop.run(f"etl-{number}")
    assert [f"etl-{number}" for number in range(LOOKED_AT + 4, 4, -1)] == shop.found()
    assert [] == shop.found(entry=CacheEntry("k", "other"))


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda shop: shop.run("etl-1", workflow="other"), id="another workflow"),
        pytest.param(lambda shop: shop.task_run("etl-1", 1), id="a run that is gone"),
        pytest.param(
            lambda shop: (shop.run("etl-1"), shop.task_run("etl-1", 2, owner="uid-x")),
            id="a TaskRun of an earlier run of the name",
        ),
        pytest.param(lambda shop: shop.run("etl-1", outcome="Failed"), id="a failure"),
        pytest.param(lambda shop: shop.run("etl-1", outcome=None), id="no outcome yet"),
        pytest.param(
            lambda shop: shop.run("etl-1", outcome="Succeeded", completionTime="soon"),
            id="a status that somebody else wrote",
        ),
    ],
)
def test_other_task_runs_have_no_result(add: Callable[[Shop], object]) -> None:
    """Anybody who may create TaskRuns can write a hash into one."""
    shop = Shop()
    add(shop)
    assert [] == shop.found()


def test_a_result_is_found_in_its_namespace_only() -> None:
    """Another team's workflow may have the same name."""
    shop = Shop()
    shop.run("etl-1")
    other = CacheQuestion("bank", "etl", "train", TaskBody(image="busybox"))
    assert (["etl-1"], []) == (shop.found(), shop.found(other))
