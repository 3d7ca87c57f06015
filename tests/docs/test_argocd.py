"""
The health checks that the how-to guide gives to Argo CD, on statuses as the engine writes them.

They run in Lua 5.1 with no more of its library than Argo CD lets them have by default.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaRuntime

from docs.blocks import ROOT, blocks
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.task import TaskBody
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import single_task
from headrace.engine.workflow.observed import ObservedWorkflow
from headrace.engine.workflow.supervise import supervise
from headrace.manifests.conditions import Past
from headrace.manifests.run_status import run_status
from headrace.manifests.task_status import task_status
from headrace.manifests.workflow_status import workflow_status
from support.builders import NOON, chain
from support.story import Story, alone

PAGE = Path("docs/how-to/argocd-and-flux.md")
FILE = ROOT / "docs/how-to/argocd-health.yaml"
PREFIX = "resource.customizations.health.headrace.dev_"
NOT_GIVEN = ("string", "math", "io", "debug", "dofile", "loadfile", "package", "require")
"""Parts of Lua's library that Argo CD keeps from health checks."""

Object = Mapping[str, Any]


def check() -> str:
    """Return the program of the page."""
    (program,) = (block.text for block in blocks(PAGE) if block.language == "lua")
    return program


def shown(thing: Object) -> tuple[str, str]:
    """Return what Argo CD shows of an object: health and message."""
    lua = LuaRuntime()
    for name in NOT_GIVEN:
        lua.execute(f"{name} = nil")
    stored = json.loads(json.dumps(thing), object_hook=_without_nulls)
    run = lua.execute(f"return function(obj)\n{check()}\nend")
    health = run(lua.table_from(stored, recursive=True))
    return health["status"], health["message"]


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if each is not None}


def thing(status: Object, generation: int = 1, **spec: Any) -> Object:
    """Return an object as the API server gives it."""
    return {"metadata": {"generation": generation}, "spec": spec, "status": status}


def workflow(problem: str = "", generation: int = 1, **spec: Any) -> Object:
    """Return a workflow after the controller's first look, with a spec that may be newer."""
    task = {"name": "only", "image": "busybox", "command": ["true"]}
    given = None if problem else WorkflowSpec.model_validate({"tasks": [task], **spec})
    seen = ObservedWorkflow(
        *("default", "stock", "w1", NOON, 1), given, problem, revision="stock-r1"
    )
    log = supervise(seen, NOON).status
    assert log is not None
    return thing(workflow_status(log, Past(NOON)), generation, **spec)


def run(*acts: Callable[[Story], None]) -> Object:
    """Return a run of one task after these events."""
    story = Story(chain("only"))
    story.tick()
    for act in acts:
        act(story)
    status = run_status(story.run.log, Past(NOON))
    return thing(status, story.run.generation, desiredState=story.run.desired.value)


def task_run(*acts: Callable[[Story], None]) -> Object:
    """Return a TaskRun on its own after these events."""
    story = alone(single_task("only", TaskBody(image="busybox:1.37")))
    story.tick()
    for act in acts:
        act(story)
    return thing(task_status(story.log("only"), Past(NOON)))


def succeed(story: Story) -> None:
    story.succeed("only")


def fail(story: Story) -> None:
    story.fail("only")


def pause(story: Story) -> None:
    story.steer(DesiredState.PAUSE)


def cancel(story: Story) -> None:
    story.steer(DesiredState.CANCEL)


def stall(story: Story) -> None:
    story.stall("only", Reason.IMAGE_PULL_FAILED, "no such image")
    story.pass_time(1)  # a run's status is written once a second


PROBLEM = "spec.tasks[0].dependsOn[0]: there is no task 'x'"
EXITED = "ended with exit code 1; retry.limit is 0"
UNSEEN = "the controller has not seen it yet"
CASES = {
    "a workflow that was just created": (thing({}), "Progressing", UNSEEN),
    "a valid workflow": (workflow(), "Healthy", "Ready"),
    "a workflow whose spec is newer than its status": (
        workflow(generation=2),
        "Progressing",
        UNSEEN,
    ),
    "a workflow that cannot run": (workflow(PROBLEM), "Degraded", PROBLEM),
    "a workflow that cannot run and is suspended": (
        workflow(PROBLEM, suspend=True),
        "Degraded",
        PROBLEM,
    ),
    "a suspended workflow": (
        workflow(suspend=True),
        "Suspended",
        "suspended: no trigger starts a run",
    ),
    "a run that goes on": (run(), "Progressing", "Running"),
    "a run that waits": (run(stall), "Progressing", "only: ImagePullFailed"),
    "a run that is paused": (run(pause), "Suspended", "desiredState is Pause"),
    "a run that succeeded": (run(succeed), "Healthy", "Succeeded"),
    "a run that was paused at its end": (run(pause, succeed), "Healthy", "Succeeded"),
    "a run that failed": (
        run(fail),
        "Degraded",
        f"only failed: NonZeroExit: {EXITED}",
    ),
    "a run that was cancelled": (
        run(cancel),
        "Degraded",
        "desiredState is Cancel; 1 cancelled (only)",
    ),
    "a task on its own that goes on": (task_run(), "Progressing", "Pending"),
    "a task on its own that succeeded": (task_run(succeed), "Healthy", "Succeeded"),
    "a task on its own that failed": (task_run(fail), "Degraded", EXITED),
}


@pytest.mark.parametrize(("given", "health", "message"), CASES.values(), ids=CASES)
def test_argo_cd_shows(given: Object, health: str, message: str) -> None:
    """What a person sees there is how it stands, in the words of its status."""
    assert (health, message) == shown(given)


def test_a_status_without_conditions_is_no_news() -> None:
    """Whatever writes half a status does not make an application healthy."""
    assert ("Progressing", UNSEEN) == shown(thing({"observedGeneration": 1}))


def test_the_file_has_the_check_of_the_page_for_each_kind() -> None:
    """Who takes the file has what is tested here."""
    manifest = yaml.safe_load(FILE.read_text())
    kinds = ("Workflow", "WorkflowRun", "TaskRun")
    assert {PREFIX + kind: check() + "\n" for kind in kinds} == manifest["data"]
    assert ("ConfigMap", "argocd-cm") == (manifest["kind"], manifest["metadata"]["name"])


def test_the_order_of_conditions_does_not_matter() -> None:
    """A list keyed by type has no order."""
    given = workflow(PROBLEM)
    turned = {**given["status"], "conditions": given["status"]["conditions"][::-1]}
    assert shown(given) == shown({**given, "status": turned})
