"""Jobs over items that wait in a queue of Kueue: `headrace.manifests.indexed_job`."""

from dataclasses import replace
from typing import Any

from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.for_each import ForEach
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.manifests.indexed_job import indexed_job, resumed
from support.builders import start, task, workflow


def attempt(number: int = 1, todo: int = 2) -> StartAttempt[Any]:
    """Return an attempt over some of two items, in a queue."""
    each = workflow(task("each", for_each=ForEach(items=["x", "y"]))).tasks["each"]
    first = start(each, queue="team-a")
    return replace(first, number=number, work=replace(first.work, todo=Places.first(todo)))


def test_the_first_attempt_waits_in_the_queue_from_its_creation() -> None:
    """Kueue lets it go."""
    made = indexed_job(attempt(), {}, 1)
    assert "team-a" == made["metadata"]["labels"][labels.QUEUE]
    assert made["spec"]["suspend"] is True


def test_a_later_attempt_joins_the_queue_when_it_knows_its_items() -> None:
    """Else Kueue could let it go before, and all items would run again."""
    made = indexed_job(attempt(2, todo=1), {}, 1)
    assert labels.QUEUE not in made["metadata"]["labels"]
    assert made["spec"]["suspend"] is True
    change = resumed("7", "team-a")
    assert {labels.QUEUE: "team-a"} == change["metadata"]["labels"]
    assert "spec" not in change


def test_without_a_queue_a_prepared_job_goes_on() -> None:
    """Nobody else would let it go."""
    assert {"suspend": False} == resumed("7")["spec"]
