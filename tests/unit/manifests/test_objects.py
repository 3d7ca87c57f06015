"""Headrace's own objects as manifests: `headrace.manifests.objects`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.pod import EnvVar, Resources
from headrace.api.v1alpha1.run import Interval, RunSpec, TriggerKind
from headrace.api.v1alpha1.taskrun import TaskRunSpec
from headrace.engine.workflow.observed import NewRun
from headrace.manifests.objects import owner, revision, task_run, workflow_run
from support.builders import at, on, retries, start, task, workflow

WORKFLOW = {"name": "etl", "namespace": "default", "uid": "uid-w"}


def test_what_belongs_to_an_object_goes_with_it() -> None:
    """Without a right on anybody's finalizers."""
    assert {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Workflow",
        "name": "etl",
        "uid": "uid-w",
        "controller": True,
        "blockOwnerDeletion": False,
    } == owner("Workflow", "etl", "uid-w")


def test_a_task_run_has_the_task_as_it_runs() -> None:
    """With the defaults filled in; and it is read back as the same task."""
    defined = workflow(
        task(
            "extract",
            command=("python", "-m", "x"),
            retry=retries(2, on(2, then="Fail")),
            env=(EnvVar(name="A", value="1"),),
            resources=Resources(limits={"memory": "1Gi"}),
        )
    ).tasks["extract"]
    manifest = task_run(start(defined))
    spec = TaskRunSpec.model_validate(manifest["spec"])
    assert ("etl-1", "extract", "busybox:1.37") == (spec.run, spec.task, spec.image)
    for field in ("command", "retry", "env", "resources"):
        assert getattr(spec, field) == getattr(defined.work.body, field)


def test_a_task_run_says_whose_it_is() -> None:
    """Its run owns it, and labels find it."""
    metadata = task_run(start())["metadata"]
    assert ("etl-1.extract", "default") == (metadata["name"], metadata["namespace"])
    assert {
        "app.kubernetes.io/managed-by": "headrace",
        "headrace.dev/workflow": "etl",
        "headrace.dev/run": "etl-1",
        "headrace.dev/task": "extract",
    } == metadata["labels"]
    assert [owner("WorkflowRun", "etl-1", "uid-1")] == metadata["ownerReferences"]


def test_a_run_of_a_schedule_says_what_it_stands_for() -> None:
    """And it is a run that the API takes."""
    interval = Interval(start=at(-60), end=at(0))
    manifest = workflow_run(WORKFLOW, NewRun("etl-1", TriggerKind.SCHEDULE, at(0), interval))
    spec: Any = manifest["spec"]
    assert {
        "workflow": "etl",
        "trigger": "Schedule",
        "logicalTime": "2030-01-01T12:00:00Z",
        "interval": {"start": "2030-01-01T11:59:00Z", "end": "2030-01-01T12:00:00Z"},
    } == spec
    assert interval == RunSpec.model_validate(spec).interval


def test_a_run_made_by_hand_has_no_more_than_it_needs() -> None:
    """No times are made up."""
    spec = workflow_run(WORKFLOW, NewRun("etl-1", TriggerKind.MANUAL))["spec"]
    assert {"workflow": "etl", "trigger": "Manual"} == spec


def test_a_revision_keeps_a_definition_as_it_is() -> None:
    """Named by its content, numbered by its workflow's generation."""
    manifest = revision(WORKFLOW, {"tasks": []}, 7)
    assert ("apps/v1", "ControllerRevision", 7) == (
        *(manifest["apiVersion"], manifest["kind"], manifest["revision"]),
    )
    assert {"spec": {"tasks": []}} == manifest["data"]


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(workflow_run(WORKFLOW, NewRun("etl-1", TriggerKind.MANUAL)), id="a run"),
        pytest.param(revision(WORKFLOW, {"tasks": []}, 7), id="a revision"),
    ],
)
def test_a_deleted_workflow_takes_no_running_run_with_it(manifest: dict[str, Any]) -> None:
    """What a run needs to go on is not owned by its workflow; labels find it."""
    assert "ownerReferences" not in manifest["metadata"]
    assert "etl" == manifest["metadata"]["labels"]["headrace.dev/workflow"]


def test_suspending_is_no_new_definition() -> None:
    """Lifting a suspension changes what triggers do, and starts no run of `onApply`."""
    meta = {"name": "night", "namespace": "shop", "uid": "w1"}
    names = {
        revision(meta, {"tasks": [], "suspend": suspended}, 1)["metadata"]["name"]
        for suspended in (True, False)
    }

    assert 1 == len(names)


def test_a_triggered_run_says_who_asked_for_its_workflow() -> None:
    """The stamp on the workflow goes to its runs, and no other annotation does."""
    annotations = {"headrace.dev/requested-by": "ada", "argocd.argoproj.io/tracking-id": "x"}
    meta = {"name": "night", "namespace": "shop", "annotations": annotations}

    run = workflow_run(meta, NewRun("night-1", TriggerKind.SCHEDULE))

    assert {"headrace.dev/requested-by": "ada"} == run["metadata"]["annotations"]
