"""What somebody wants of a run or workflow: `headrace pause` and its relatives."""

import json
import shlex

import pytest

from headrace.cluster.kinds import WORKFLOW_RUNS, WORKFLOWS
from support.window import CommandStage, run, workflow


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("pause", "Pause"),
        ("resume", "Run"),
        ("stop", "Stop"),
        ("cancel", "Cancel"),
        ("terminate", "Terminate"),
    ],
)
async def test_a_verb_sets_the_desired_state(cluster: CommandStage, verb: str, state: str) -> None:
    """And says what follows."""
    cluster.put(run("a", spec={"desiredState": "Pause"}))
    shown = await cluster.call(verb, "a")
    assert (0, "") == (shown.code, shown.err)
    assert shown.out.startswith("run a: ")
    assert state == cluster.read(WORKFLOW_RUNS, "a")["spec"]["desiredState"]


@pytest.mark.parametrize(("verb", "suspended"), [("pause", True), ("resume", False)])
async def test_a_workflow_is_suspended(
    cluster: CommandStage,
    verb: str,
    suspended: bool,  # noqa: FBT001 - a case
) -> None:
    """Its triggers, and nothing else. The kind must be named: a run may have the same name."""
    cluster.put(workflow("stock", spec={"suspend": not suspended}))
    shown = await cluster.call(verb, "workflow/stock")
    assert (0, "") == (shown.code, shown.err)
    assert suspended is cluster.read(WORKFLOWS, "stock")["spec"]["suspend"]


async def test_print_changes_nothing(cluster: CommandStage) -> None:
    """It is the kubectl command that does the same, in the same place."""
    cluster.put(run("a"))
    shown = await cluster.call("stop", "a", "--print", "--context", "here")
    words = shlex.split(shown.out)
    assert ["kubectl", "--context=here", "patch", "workflowrun", "a", "--namespace=shop"] == (
        words[:6]
    )
    assert {"spec": {"desiredState": "Stop"}} == json.loads(words[-1].partition("=")[2])
    assert "Run" == cluster.read(WORKFLOW_RUNS, "a")["spec"]["desiredState"]


async def test_the_changed_object_can_be_printed(cluster: CommandStage) -> None:
    """For a script that goes on with it."""
    cluster.put(run("a"))
    shown = await cluster.call("pause", "a", "-o", "json")
    assert "Pause" == json.loads(shown.out)["spec"]["desiredState"]


@pytest.mark.parametrize(
    ("item", "words", "message"),
    [
        (
            run("a", "Failed"),
            ["pause", "a"],
            "run a has ended: Failed; headrace start begins a new one",
        ),
        (
            run("a", spec={"desiredState": "Stop"}),
            ["resume", "a"],
            "run a is already being ended by Stop; it can only become Cancel or Terminate",
        ),
        (
            run("a", spec={"desiredState": "Terminate"}),
            ["cancel", "a"],
            "run a is already being ended by Terminate; this is final",
        ),
        (
            workflow("a"),
            ["stop", "workflow/a"],
            "stop is for runs, and not for a Workflow; name a run",
        ),
    ],
)
async def test_what_cannot_be_steered_is_told(
    cluster: CommandStage, item: dict[str, object], words: list[str], message: str
) -> None:
    """Before the API server is asked for what it would refuse."""
    cluster.put(item)
    shown = await cluster.call(*words)
    assert (2, "", f"{message}\n") == (shown.code, shown.out, shown.err)


async def test_stop_takes_no_workflow_by_its_name_alone(cluster: CommandStage) -> None:
    """It says that there is no such run."""
    cluster.put(workflow("stock"))
    assert 3 == (await cluster.call("stop", "stock")).code


async def test_a_missing_right_is_told(cluster: CommandStage) -> None:
    """Whoever may look may not steer yet."""
    cluster.put(run("a"))
    message = 'User "bob" cannot patch resource "workflowruns"'
    cluster.refuse["PATCH workflowruns"] = (403, {"reason": "Forbidden", "message": message})
    shown = await cluster.call("pause", "a")
    assert (4, f"{message}; ask who administers the cluster for this right\n") == (
        shown.code,
        shown.err,
    )
