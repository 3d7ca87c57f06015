"""Who is told that a run's turn may have come: `headrace.cluster.line` and `caches`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.cluster.caches import Caches, Key, WorkflowKey
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.kube.objects import Meta
from headrace.kube.store import Listing
from headrace.manifests.kube import OwnObject
from support.builders import spec, task

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
WORKFLOW = WorkflowKey("default", "w")
BEGAN = {"startTime": "2030-01-01T12:00:00Z"}
ENDED = {**BEGAN, "completionTime": "2030-01-01T12:00:00Z"}


def run(number: int, version: int, **status: Any) -> OwnObject:
    """Return the run that was made as the so-manieth."""
    created = NOON + timedelta(seconds=number)
    meta = Meta(f"r{number}", "default", f"u{number}", str(version), creation_timestamp=created)
    return OwnObject(meta, {"workflow": "w"}, status)


def definition(limit: int | None) -> Definition:
    """Return a workflow of which so many runs may go on at a time."""
    policy = ConcurrencyPolicy.QUEUE if limit else ConcurrencyPolicy.ALLOW
    return compile_workflow(spec(task("a"), concurrency=Concurrency(policy=policy, max_runs=limit)))


class Line:
    """Caches with one run that goes on and others that wait, and who was asked to look."""

    def __init__(self, runs: int = 50, limit: int | None = 1, began: int = 1) -> None:
        self.now: list[Key] = []
        self.soon: list[Key] = []
        self.caches = Caches(self.now.append, lambda _: None, look_soon=self.soon.append)
        listed = [run(n, n + 1, **(BEGAN if n < began else {})) for n in range(runs)]
        self.caches.runs.replace(Listing("", listed, 1000))
        seen = ObservedRun(RunKey("default", "r9"), "u9", NOON, definition(limit), workflow="w")
        self.caches.line.learn(seen)
        self.now.clear()
        self.soon.clear()

    def told(self, item: OwnObject) -> None:
        """Let the watch tell of a run."""
        self.caches.runs.put(item)

    @property
    def waking(self) -> list[str]:
        """The runs that were asked to look, in their order."""
        return [key.name for key in self.now if isinstance(key, RunKey)]


def test_a_new_run_asks_nobody_else_to_look_at_once() -> None:
    """It stands behind all that are there."""
    line = Line()
    line.told(run(99, 1001))
    assert ["r99"] == line.waking
    assert [WORKFLOW] == line.soon


def test_an_end_asks_the_one_that_comes_next() -> None:
    """All others would look in vain."""
    line = Line()
    line.told(run(0, 1001, **ENDED))
    assert ["r1"] == line.waking
    assert WORKFLOW in line.soon


def test_a_run_that_waited_leaves_its_place_to_the_next() -> None:
    """With two at a time and one going on, the second of those that wait may begin as well."""
    line = Line(limit=2)
    line.told(run(1, 1001, **ENDED))
    assert ["r2"] == line.waking


def test_a_run_that_begins_is_counted_anew_by_its_workflow() -> None:
    """It does not wait any more; nobody needs to know at once."""
    line = Line(limit=2)
    line.told(run(1, 1001, **BEGAN))
    assert WORKFLOW in line.soon
    assert WORKFLOW not in line.now


def test_a_deletion_frees_a_place() -> None:
    """At once when it is asked for, and no second time when it is done."""
    line = Line()
    first = line.caches.runs.get("default", "r0")
    assert first is not None
    dying = run(0, 1001, **BEGAN)
    meta = Meta(
        **{
            field: getattr(dying.metadata, field)
            for field in ("name", "namespace", "uid", "resource_version", "creation_timestamp")
        },
        deletion_timestamp=NOON,
    )
    line.told(OwnObject(meta, dying.spec, dying.status))
    assert "r1" in line.waking
    line.now.clear()
    line.caches.runs.remove(meta)
    assert "r1" not in line.waking


def test_where_no_run_said_how_many_may_go_on_all_that_wait_look() -> None:
    """Too many looks cost time; one too few would cost a run."""
    line = Line(runs=4, limit=None)
    line.told(run(0, 1001, **ENDED))
    assert ["r1", "r2", "r3"] == line.waking


def test_a_status_that_says_nothing_new_asks_nobody() -> None:
    """Counts change with each task."""
    line = Line()
    line.told(run(0, 1001, **BEGAN, progress="1/2"))
    assert [] == line.waking
    assert WORKFLOW not in line.soon


def test_a_list_of_ended_runs_asks_for_no_comparison_of_each_with_each() -> None:
    """Thousands may be kept; each names its workflow and itself, and no other."""
    now: list[Key] = []
    caches = Caches(now.append, lambda _: None, look_soon=lambda _: None)
    caches.runs.replace(Listing("", [run(n, n + 1, **ENDED) for n in range(100)], 1000))
    assert [RunKey("default", f"r{n}") for n in range(100)] == now


def test_nobody_is_told_where_nobody_leads() -> None:
    """And what is deleted there is forgotten: nobody would ever say that it may be."""
    now: list[Key] = []
    caches = Caches(now.append, lambda _: None, leads=lambda namespace: namespace != "default")
    first, second = run(0, 1, **BEGAN), run(1, 2)
    caches.runs.put(first)
    caches.runs.put(second)
    now.clear()
    caches.runs.remove(first.metadata, first)
    assert RunKey("default", "r1") not in now
    assert () == caches.runs.tombstones_by_index(RunKey("default", "r0"))
