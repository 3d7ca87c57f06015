"""From a request to its record and back: `headrace.local.starts`."""

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.places import Places
from headrace.engine.task.actions import RunContext
from headrace.engine.task.items import ItemsLog
from headrace.engine.task.verdict import Start
from headrace.engine.task.work import start_attempt
from headrace.local.records import AttemptRecord, ItemsRecord
from headrace.local.starts import record_of, request_of
from support.builders import NOON, task, workflow

CONTEXT = RunContext("default", "etl-1", "uid", "etl", "2030-01-01T00:00:00Z")
FROM = {"forEach.from": ["x", "y", "z"]}


def test_another_runner_repeats_a_request() -> None:
    """With the same items, values of expressions and memory."""
    variable = EnvVar(name="X", value="${{ run.name }}")
    for_each = ForEach(from_="['x', 'y', 'z']", max_parallel=2)
    each = workflow(task("each", for_each=for_each, env=(variable,))).tasks["each"]
    start = start_attempt(each, Start(1, "768Mi", {"X": "$(Y)"}, FROM), CONTEXT, NOON)

    record = record_of(start, each, NOON)

    assert start == request_of(record, each, CONTEXT)


def test_a_later_attempt_has_the_items_of_the_first() -> None:
    """The engine names the places only."""
    each = workflow(task("each", for_each=ForEach(from_="['x', 'y', 'z']"))).tasks["each"]
    log = ItemsLog(3, succeeded=Places.of([0]), failed=Places.of([2]))
    start = start_attempt(each, Start(2, items=log), CONTEXT, NOON)

    first = AttemptRecord("each", 1, NOON, items=ItemsRecord(["x", "y", "z"], Places.first(3)))

    record = record_of(start, each, NOON, [first])

    assert record.items is not None
    assert (["x", "y", "z"], "1") == (record.items.items, str(record.items.todo))
