"""One object with all that belongs to it: `headrace show`."""

import json

import pytest

from support.window import CommandStage, ago, approval, revision, run, task, workflow

TASKS = (
    {"name": "extract"},
    {"name": "load", "dependsOn": ["extract"]},
    {"name": "sample", "when": "params.sample"},
)


def table(lines: list[str], begins: str) -> list[list[str]]:
    """Return the words of the rows under a head."""
    (start,) = [place for place, line in enumerate(lines) if line.startswith(begins)]
    return [line.split(maxsplit=2) for line in lines[start + 1 :]]


async def test_a_run_is_shown_with_all_its_tasks(cluster: CommandStage) -> None:
    """Also those that have not started, or never will; in the order of the definition."""
    marks = [{"outcome": "Skipped", "reason": "Skipped", "tasks": "2"}]
    status = {"revision": "stock-1", "marks": marks, "progress": "1/3", "startTime": ago(hours=1)}
    cluster.put(run("a", **status))
    cluster.put(revision("stock-1", *TASKS))
    cluster.put(task("a", "extract", attemptCount=2))
    cluster.put(task("other", "extract"))
    shown = await cluster.call("show", "a")
    assert (0, "") == (shown.code, shown.err)
    assert "Progress:  1/3" in shown.lines
    assert [
        ["extract", "Running", "2"],
        ["load", "WaitingForUpstream", "waits for extract"],
        ["sample", "Skipped", "when is false: params.sample"],
    ] == table(shown.lines, "TASK")


async def test_without_the_definition_the_started_tasks_are_shown(cluster: CommandStage) -> None:
    """Somebody may lack the right to read ControllerRevisions, or have deleted this one."""
    cluster.put(run("a", revision="stock-1"))
    cluster.put(task("a", "extract"))
    assert [["extract", "Running"]] == table((await cluster.call("show", "a")).lines, "TASK")
    cluster.refuse["GET controllerrevisions"] = (
        403,
        {"reason": "Forbidden", "message": 'User "bob" cannot get resource'},
    )
    assert [["extract", "Running"]] == table((await cluster.call("show", "a")).lines, "TASK")


async def test_a_task_is_shown_with_its_attempts(cluster: CommandStage) -> None:
    """Each with its end and its pod."""
    attempts = [
        {"number": 1, "reason": "OOMKilled", "exitCode": 137, "podName": "p1"},
        {"number": 2, "podName": "p2"},
    ]
    cluster.put(task("a", "load", attemptCount=2, attempts=attempts))
    shown = await cluster.call("show", "a", "load")
    assert ["1", "OOMKilled", "137"] == shown.lines[-2].split()[:3]
    assert "p2" in shown.lines[-1]


async def test_a_workflow_is_found_by_its_name_alone(cluster: CommandStage) -> None:
    """If no run has this name. Its newest runs are there too."""
    spec = {"triggers": [{"schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}}]}
    cluster.put(workflow("stock", spec=spec, nextRunTime="2030-02-01T01:30:00Z"))
    cluster.put(run("stock-1", "Succeeded"))
    shown = await cluster.call("show", "stock")
    assert "Triggers:  30 2 * * * Europe/Berlin" in shown.lines
    assert "Next run:  2030-02-01T01:30:00Z" in shown.lines
    assert "stock-1" in shown.lines[-1]


async def test_a_webhook_and_its_deliveries_are_shown(cluster: CommandStage) -> None:
    """The workflow with where to deliver, the run with the id of its delivery."""
    webhook = {"scheme": "GitHub", "secretRef": {"name": "github"}}
    cluster.put(workflow("stock", spec={"triggers": [{"webhook": webhook}]}))
    sent = run("stock-w1", "Succeeded")
    spec = {**sent["spec"], "trigger": "Webhook", "delivery": {"id": "d-17"}}
    cluster.put({**sent, "spec": spec})
    shown = await cluster.call("show", "stock")
    assert "Triggers:  deliveries to /webhooks/shop/stock (GitHub)" in shown.lines
    shown = await cluster.call("show", "stock-w1")
    assert any(line.split() == ["Trigger:", "Webhook", "d-17"] for line in shown.lines)


@pytest.mark.parametrize("word", ["approval/a-ask-1", "approvals.headrace.dev/a-ask-1"])
async def test_a_kind_before_the_name_decides(cluster: CommandStage, word: str) -> None:
    """As kubectl writes it, too."""
    cluster.put(approval("a", "ask", message="Load\n42 rows?", approvers={"users": ["alice"]}))
    shown = await cluster.call("show", word)
    assert "Question:  Load" in shown.lines
    assert "           42 rows?" in shown.lines
    assert "Approvers: alice" in shown.lines


async def test_json_is_the_object_alone(cluster: CommandStage) -> None:
    """As `kubectl get -o json`: what a program reads from one, it reads from the other."""
    cluster.put(run("a", "Failed"))
    item = json.loads((await cluster.call("show", "a", "-o", "json")).out)
    assert ("WorkflowRun", "a") == (item["kind"], item["metadata"]["name"])
    shown = await cluster.call("show", "a", "-o", "name")
    assert ["workflowrun.headrace.dev/a"] == shown.lines


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nightl"], "there is no WorkflowRun 'nightl' in namespace shop; did you mean 'nightly'?"),
        (["zzz"], "there is no WorkflowRun 'zzz' in namespace shop; headrace list shows the names"),
        (
            ["workflow/stok"],
            "there is no Workflow 'stok' in namespace shop; did you mean 'stock'?",
        ),
        (["nightly", "lod"], "there is no task 'lod' in run nightly; did you mean 'load'?"),
        (
            ["nightly", "load"],
            "task load of run nightly has not started; headrace explain nightly load says why",
        ),
    ],
)
async def test_a_wrong_name_is_told_with_the_nearest(
    cluster: CommandStage, words: list[str], message: str
) -> None:
    """Exit code 3: a script can tell it from a cluster that is away."""
    cluster.put(workflow())
    cluster.put(run("nightly", revision="stock-1"))
    cluster.put(revision("stock-1", *TASKS))
    shown = await cluster.call("show", *words)
    assert (3, "", f"{message}\n") == (shown.code, shown.out, shown.err)


async def test_a_wrong_kind_is_wrong_input(cluster: CommandStage) -> None:
    """With the nearest one."""
    shown = await cluster.call("show", "workflw/stock")
    assert (2, "there is no kind 'workflw'; did you mean 'workflow'?\n") == (
        shown.code,
        shown.err,
    )
