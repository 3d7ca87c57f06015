"""Why something does not run, in sentences: `headrace.views.explain`."""

from typing import Any

import pytest

from headrace.views.explain import Finding, of_run, of_task, of_workflow
from headrace.views.run_tasks import all_tasks
from support.window import NOW, Object, ago, run, task, workflow

DEFINITION: Object = {
    "tasks": [
        {"name": "a"},
        {"name": "b", "dependsOn": ["a"]},
        {"name": "c", "dependsOn": ["b"]},
    ],
}


def sentences(item: Object, *real: Object, events: Any = None) -> list[str]:
    tasks = all_tasks(item, real, DEFINITION)
    found = of_run(item, tasks, DEFINITION, events or {}, NOW)
    return [finding.sentence(NOW) for finding in found]


def test_a_waiting_task_is_told_in_the_words_of_who_holds_it() -> None:
    """What waits behind it is one line."""
    words = "0/1 nodes are available: 1 Insufficient cpu."
    assert [
        "run r: Running (since 1m): 0/3 tasks have ended",
        (
            f"task a: Unschedulable (since 1m): {words} → make room, or correct what the task asks"
            " of a node"
        ),
        "tasks: WaitingForUpstream: b, c start after the tasks that they depend on",
    ] == sentences(run("r", progress="0/3"), task("r", "a", "Unschedulable", words))


def test_kubernetes_may_know_more() -> None:
    """What the controller has told already is not told again."""
    found = sentences(
        run("r"),
        task("r", "a", "Starting", "the volume is not mounted"),
        events={"a": ["the volume is not mounted", "secret not found"]},
    )
    assert [
        "task a: Starting (since 1m): the volume is not mounted",
        "task a: Event: secret not found",
    ] == found[1:3]


def test_a_question_names_the_command_that_answers() -> None:
    """Somebody can copy it."""
    (_, finding, _) = sentences(run("r"), task("r", "a", "WaitingForApproval", "Load?"))
    assert finding.endswith("Load? → headrace approve r --task a")


def test_a_retry_has_its_time() -> None:
    """And the last failure."""
    waits = task("r", "a", "WaitingForRetry", "exit code 3", nextAttemptTime="2030-01-31T12:00:05Z")
    assert (
        "the next attempt starts at 2030-01-31T12:00:05Z; exit code 3"
        in sentences(run("r"), waits)[1]
    )


def test_a_failure_is_told_with_those_that_it_left_out() -> None:
    """The run's own sentence comes first."""
    marks = [
        {"outcome": "Omitted", "reason": "UpstreamFailed", "message": "a failed", "tasks": "1"}
    ]
    failed = task("r", "a", "NonZeroExit", "ended with exit code 3")
    failed["status"]["conditions"][0]["status"] = "False"
    found = sentences(run("r", "Failed", "a failed: NonZeroExit", marks=marks), failed)
    assert found[0].startswith("run r: Failed (since 1m): a failed: NonZeroExit")
    assert "task a: NonZeroExit (since 1m): ended with exit code 3 → headrace logs r a" == found[1]
    assert "task b: UpstreamFailed: a failed" == found[2]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            run("r", "Paused", spec={"desiredState": "Pause"}),
            [
                "run r: Paused (since 1m) → headrace resume r",
                "run r: desiredState Pause: nothing new starts, and running tasks end on their own",
            ],
        ),
        (
            run("r", "WaitingForTurn", "run q comes first"),
            ["run r: WaitingForTurn (since 1m): run q comes first"],
        ),
        (run("r", "Succeeded"), ["run r: Succeeded (since 1m)"]),
    ],
)
def test_what_holds_the_run_is_told_first(item: Object, expected: list[str]) -> None:
    """Before any task."""
    assert expected == sentences(item)[: len(expected)]


def test_a_run_that_no_controller_has_seen() -> None:
    """For ten seconds it is new; after that, somebody must look at the controller."""
    for created, words in (
        (ago(seconds=3), "Pending: it is new; the controller looks at it in a moment"),
        (
            ago(minutes=5),
            (
                "NotSeen (since 5m): no controller has looked at it → see that it runs, and looks"
                " after namespace shop"
            ),
        ),
    ):
        item = {**run("r"), "status": {}}
        item["metadata"] = {**item["metadata"], "creationTimestamp": created}
        assert [f"run r: {words}"] == sentences(item)


def test_a_newer_spec_that_no_controller_has_seen() -> None:
    """Somebody has steered the run, and nobody is there to do it."""
    item = run("r", observedGeneration=1)
    item["metadata"] = {**item["metadata"], "generation": 2}
    assert "no controller has looked at its newest change" in sentences(item)[0]


def test_a_run_of_thousands_is_told_in_twenty() -> None:
    """And how many are left out."""
    many = [task("r", f"t{number}", "ImagePullFailed") for number in range(50)]
    definition = {"tasks": [{"name": f"t{number}"} for number in range(50)]}
    found = of_run(run("r"), many, definition, {}, NOW)
    assert 22 == len(found)
    assert "and 30 more" == found[-1].message


def test_a_task_is_followed_to_what_holds_it() -> None:
    """Through all that wait in between."""
    item = run("r")
    tasks = all_tasks(item, [task("r", "a", "ImagePullFailed", "not found")], DEFINITION)
    found = of_task(item, tasks[2], tasks, DEFINITION, {})
    assert [
        ("task c", "waits for b"),
        ("task b", "waits for a"),
        ("task a", "not found"),
    ] == [(each.about, each.message) for each in found]


def told(item: Object, *runs: Object) -> list[str]:
    return [finding.sentence(NOW) for finding in of_workflow(item, runs, NOW)]


def test_a_workflow_tells_when_it_runs_next() -> None:
    """And what runs now."""
    item = workflow(nextRunTime="2030-01-31T13:30:00Z", lastRun="stock-1", lastOutcome="Failed")
    assert [
        "workflow stock: Ready (since 1m)",
        "workflow stock: NextRun: at 2030-01-31T13:30:00Z, in 1h30m",
        "run stock-2: Running (since 1m)",
        "workflow stock: LastRun: stock-1; the newest finished run ended with Failed",
    ] == told(item, run("stock-2"), run("stock-1", "Failed"))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            workflow(spec={"suspend": True}),
            (
                "workflow stock: Suspended: its triggers are off: spec.suspend is true → headrace"
                " resume workflow/stock"
            ),
        ),
        (
            workflow(spec={"triggers": [{"onApply": {}}]}),
            "workflow stock: NoSchedule: it has no schedule → headrace start stock",
        ),
        (
            workflow(spec={"triggers": [{"onApply": {}}, {"webhook": {"scheme": "GitHub"}}]}),
            (
                "workflow stock: TakesDeliveries: a delivery to /webhooks/shop/stock starts a"
                " run → if the sender is refused (401), the receiver's log says why"
            ),
        ),
        (
            workflow(),
            (
                "workflow stock: NoSchedule: it has no triggers, and has run once → headrace start"
                " stock"
            ),
        ),
        (
            workflow("stock", "InvalidDefinition", "spec.tasks[0]: no"),
            (
                "workflow stock: InvalidDefinition (since 1m): spec.tasks[0]: no → correct the"
                " workflow, and apply it again"
            ),
        ),
        (
            workflow(missedRuns=3),
            (
                "workflow stock: MissedSchedule: 3 ticks have started no run since the workflow was"
                " created → kubectl events --for workflow/stock -n shop"
            ),
        ),
    ],
)
def test_a_workflow_tells_why_it_starts_no_runs(item: Object, expected: str) -> None:
    """Whatever the cause."""
    assert expected in told(item)


def test_programs_get_the_same_as_fields() -> None:
    """Times as the API writes them."""
    finding = Finding("run r", "Paused", "wait", NOW, "headrace resume r")
    assert {
        "about": "run r",
        "reason": "Paused",
        "message": "wait",
        "since": "2030-01-31T12:00:00Z",
        "cure": "headrace resume r",
    } == finding.fields()
