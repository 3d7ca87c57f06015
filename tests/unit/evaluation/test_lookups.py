"""The look into caches, once their keys have values: `headrace.evaluation.lookups`."""

from collections.abc import Iterator

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import TaskBody
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.task.actions import Evaluate
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.obstacles import Busy
from headrace.evaluation.lookups import with_lookups
from support.builders import at

RESULT = CachedResult("etl-1", at(0))
BUSY = Busy(Reason.EVALUATING, "no answer", at(10))


def ask(task: str, *, looks: bool = True) -> Evaluate:
    """Return the request of a task with a cache."""
    return Evaluate(
        task, cache=CacheQuestion("default", "etl", task, TaskBody(image="a"), looks=looks)
    )


def find(question: CacheQuestion, entry: CacheEntry) -> Iterator[CachedResult]:
    """Find a result of each entry but those of one task."""
    assert entry.hash
    if question.task != "new":
        yield RESULT


def test_only_tasks_with_a_cache_and_a_key_are_looked_up() -> None:
    """The others are what they were, also those without an answer."""
    key = Evaluated(fields={CACHE_KEY: "k"})
    found = {"plain": key, "busy": BUSY, "keyless": Evaluated(), "old": key, "new": key, "own": key}
    requests = [
        *(Evaluate("plain"), ask("busy"), ask("keyless"), ask("old"), ask("new")),
        ask("own", looks=False),
    ]
    got = with_lookups(found, requests, find)
    assert (key, BUSY, Evaluated()) == (got["plain"], got["busy"], got["keyless"])
    caches = {name: got[name].cache for name in ("old", "new", "own")}  # type: ignore[union-attr] # all have values
    assert {"old": (RESULT,), "new": (), "own": ()} == {
        name: each.results for name, each in caches.items() if each is not None
    }
    assert 3 == len({each.entry.hash for each in caches.values() if each is not None})
