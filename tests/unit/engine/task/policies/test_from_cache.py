"""The policy `from_cache` in the chain."""

from typing import Any

import pytest

from headrace.api.v1alpha1.cache import CacheMode
from headrace.engine.definition.ways import CACHE_KEY
from headrace.engine.task.cached import CachedResult, CacheEntry, Lookup
from headrace.engine.task.chain import judge
from headrace.engine.task.observed import Evaluated, ObservedTask
from headrace.engine.task.verdict import Reuse, TaskView, Turn
from support.builders import at, cached, failed, log, retries, task, workflow
from support.views import CANCEL, GO, MET, OPEN, PAUSE, STOP, answer

TASKS = workflow(
    task("up"),
    cached("any", "up", retry=retries(1, seconds=0)),
    cached("fresh", "up", age=100),
    task("plain", "up"),
).tasks
ENTRY = CacheEntry("k", "9f86d081")


def known(*ages: float, now: float = 1000) -> Evaluated:
    """Return what a cache has: results of such ages, in seconds."""
    results = tuple(CachedResult(f"etl-{n}", at(now - age)) for n, age in enumerate(ages))
    return Evaluated(fields={CACHE_KEY: "k"}, cache=Lookup(ENTRY, results))


def view(name: str, course: Any = GO, **more: Any) -> TaskView:
    """Return what is to be judged; upstream is done."""
    turn = Turn(at(1000), "uid-1", course, cache=more.pop("cache", CacheMode.USE))
    return TaskView(turn, TASKS[name], **{"upstream": MET, **more})


@pytest.mark.parametrize(
    ("want", "judged"),
    [
        pytest.param("ask values", view("any"), id="nobody has looked into the cache yet"),
        pytest.param("start 1", view("any", evaluated=known()), id="the cache has nothing"),
        pytest.param("reuse etl-0", view("any", evaluated=known(9**9)), id="any age will do"),
        pytest.param("reuse etl-1", view("any", evaluated=known(50, 20, 30)), id="the youngest"),
        pytest.param("reuse etl-0", view("fresh", evaluated=known(100)), id="just young enough"),
        pytest.param("start 1", view("fresh", evaluated=known(100.001)), id="just too old"),
        pytest.param("reuse etl-1", view("fresh", evaluated=known(500, 99)), id="one is not old"),
        pytest.param("reuse etl-0", view("fresh", evaluated=known(-5)), id="another clock"),
        pytest.param("start 1", view("plain"), id="a task without a cache asks nothing"),
        pytest.param(
            "start 1", view("any", cache=CacheMode.OFF), id="the run has no use for caches"
        ),
        pytest.param(
            "wait WaitingForUpstream",
            view("any", upstream=OPEN, evaluated=known(1)),
            id="a task upstream goes on",
        ),
        pytest.param("wait Paused", view("any", PAUSE, evaluated=known(1)), id="the run is paused"),
        pytest.param(
            "Cancelled RunStopped", view("any", STOP, evaluated=known(1)), id="the run stops"
        ),
        pytest.param(
            "reuse etl-0",
            view("any", seen=ObservedTask(), evaluated=known(1)),
            id="a crash came after the TaskRun was created",
        ),
        pytest.param(
            "Cancelled Cancelled",
            view("any", CANCEL, seen=ObservedTask(), evaluated=known(1)),
            id="the run was cancelled after such a crash",
        ),
        pytest.param(
            "start 2",
            view("any", log=log(failed()), seen=ObservedTask(log(failed())), evaluated=known(1)),
            id="a retry does the work",
        ),
    ],
)
def test_an_earlier_result_is_used_if_it_counts(want: str, judged: TaskView) -> None:
    """Instead of the first attempt, and after all that would keep it from starting."""
    assert want == answer(judged)


def test_the_attempt_that_is_not_made_is_known() -> None:
    """The TaskRun says what would have run, and where later runs find the result."""
    verdict = judge(view("any", evaluated=known(1)))
    assert isinstance(verdict, Reuse)
    assert (1, ENTRY) == (verdict.start.number, verdict.start.cache)
