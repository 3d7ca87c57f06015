"""All tasks of a run, also those without a TaskRun: `headrace.views.run_tasks`."""

from typing import Any

import pytest

from headrace.views.objects import message, reason
from headrace.views.run_tasks import all_tasks
from support.window import Object, run, task

DEFINITION: Object = {
    "tasks": [
        {"name": "a"},
        {"name": "b", "dependsOn": ["a"]},
        {"name": "c", "dependsOn": ["a", "b"], "when": "params.sample"},
    ],
    "finally": [{"name": "tidy"}],
}


def states(item: Object, *real: Object) -> list[tuple[str, str]]:
    tasks = all_tasks(item, real, DEFINITION)
    assert ["a", "b", "c", "tidy"] == [each["spec"]["task"] for each in tasks]
    return [(reason(each), message(each)) for each in tasks]


def test_the_real_taskruns_come_as_they_are() -> None:
    """In the order of the definition, whatever the order of the list."""
    real = [task("r", "b", "Failed", "exit code 3"), task("r", "a", "Succeeded")]
    assert [("Succeeded", ""), ("Failed", "exit code 3")] == states(run("r"), *real)[:2]


def test_a_task_that_waits_names_the_open_tasks_upstream() -> None:
    """Those that have ended keep nobody waiting."""
    found = states(run("r"), task("r", "a", "Succeeded"), task("r", "b"))
    assert ("WaitingForUpstream", "waits for b") == found[2]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (
            {"marks": [{"reason": "Skipped", "tasks": "2"}]},
            ("Skipped", "when is false: params.sample"),
        ),
        (
            {"marks": [{"reason": "Omitted", "message": "a failed", "tasks": "1-2"}]},
            ("Omitted", "a failed"),
        ),
        (
            {"attention": [{"task": "c", "reason": "QuotaExceeded", "message": "no room"}]},
            ("QuotaExceeded", "no room"),
        ),
        ({"marks": [{"reason": "Skipped", "tasks": "nonsense"}]}, ("WaitingForUpstream", None)),
        ({"marks": [{"reason": "Skipped", "tasks": "0-9"}]}, ("Skipped", None)),
    ],
)
def test_the_run_knows_of_tasks_without_a_taskrun(
    status: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    """By its marks and its list of what needs attention."""
    found = states(run("r", **status))[2]
    assert expected[0] == found[0]
    assert expected[1] in (None, found[1])


def test_before_the_run_begins_all_tasks_wait_as_it_does() -> None:
    """With its words."""
    found = states(run("r", "WaitingForTurn", "run q comes first"))
    assert [("WaitingForTurn", "run q comes first")] * 4 == found


def test_what_has_not_begun_at_the_end_never_does() -> None:
    """The run's end is the reason."""
    assert ("Cancelled", "the run ended before the task") == states(run("r", "Cancelled"))[3]


def test_without_a_definition_the_oldest_taskrun_is_first() -> None:
    """As far as it can be told."""
    late = task("r", "late")
    late["metadata"]["creationTimestamp"] = "2030-02-01T00:00:00Z"
    tasks = all_tasks(run("r"), [late, task("r", "early")], None)
    assert ["early", "late"] == [each["spec"]["task"] for each in tasks]
