"""The template `resource` on a real cluster: three kinds, rights, ends, and its example."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control import ROOT, Stage
from cluster.looking import Manifest
from cluster.story import Story
from tools.cluster.demo import provide_image

pytestmark = pytest.mark.cluster

FOLDER = ROOT / "task-images/resource"
CONTRACT = "headrace/task-contract:0.1.0"
GROUP = "training.example.com"
CRD = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: trainings.{GROUP}}}
spec:
  group: {GROUP}
  scope: Namespaced
  names: {{kind: Training, plural: trainings, singular: training}}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {{status: {{}}}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {{type: object, properties: {{epochs: {{type: integer}}}}}}
            status: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
"""A kind that nobody of Headrace knows; the test is its operator."""
ENDS = {"success": "status.state == 'DONE'", "failure": "status.state == 'BROKEN'"}


@pytest.fixture(scope="module")
def ready(shared_stage: Stage, story: Story) -> Story:
    """Return a namespace with the template, its image, a kind and the rights to it."""
    cluster = shared_stage.cluster
    provide_image(cluster, ROOT / "task-images/contract", CONTRACT)
    template = yaml.safe_load((FOLDER / "template.yaml").read_text())
    provide_image(cluster, FOLDER, template["spec"]["image"])
    cluster.provide_image("busybox:1.37")
    story.apply({**template, "kind": "TaskTemplate"}, yaml.safe_load(CRD))
    story.kubectl("wait", "--for=condition=Established", f"crd/trainings.{GROUP}")
    story.apply(*yaml.safe_load_all((FOLDER / "rights.yaml").read_text()))
    verbs = ["get", "create", "patch", "delete"]
    rules = [
        {"apiGroups": [GROUP], "resources": ["trainings"], "verbs": verbs},
        {"apiGroups": ["headrace.dev"], "resources": ["workflowruns", "pools"], "verbs": verbs},
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": rules}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "more"}
    subjects = [{"kind": "ServiceAccount", "name": "jobs"}]
    binding = {**role, "kind": "RoleBinding", "roleRef": ref, "subjects": subjects}
    del binding["rules"]
    named: Manifest = {"metadata": {"name": "more"}}
    story.apply({**role, **named}, {**binding, **named})
    return story


def task(name: str, manifest: Manifest, **given: Any) -> Manifest:
    """Return a task that applies an object."""
    values = {"manifest": manifest, "everySeconds": 1, **given}
    return {"name": name, "uses": "resource@v1", "serviceAccountName": "jobs", "with": values}


def training(**spec: Any) -> Manifest:
    """Return an object of the kind that nobody knows."""
    return {"apiVersion": f"{GROUP}/v1", "kind": "Training", "spec": spec}


def said(story: Story, task_run: str) -> str:
    """Return what the last attempt of a task wrote."""
    status = story.get("taskrun", task_run)["status"]
    assert [2] == [each["exitCode"] for each in status["attempts"]], "no further attempt"
    return story.kubectl("logs", status["attempts"][0]["podName"])


def test_objects_of_three_kinds_are_applied_awaited_and_deleted_with_their_run(
    ready: Story,
) -> None:
    """One kind of somebody else, two of ours; and what may not be says what is missing."""
    ready.workflow("inner", {"name": "work", "command": ["true"], "image": "busybox:1.37"})
    ready.ended("inner-once")
    ours = {"apiVersion": "headrace.dev/v1alpha1"}
    started = {**ours, "kind": "WorkflowRun", "spec": {"workflow": "inner"}}
    secret = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    ready.workflow(
        "kinds",
        task("train", training(epochs=3), outputs={"loss": "status.loss"}, **ENDS),
        task("run", started, successCondition="Succeeded"),
        task("pool", {**ours, "kind": "Pool", "spec": {"slots": 2}}),
        {**task("forbidden", secret), "allowFailure": True},
        {**task("misspelt", training(epoch=3), **ENDS), "allowFailure": True},
    )
    name = ready.until("the object is there", lambda: trained(ready))
    status = {"status": {"state": "DONE", "loss": 0.5}}
    patch = ("--subresource=status", "--type=merge", f"--patch={json.dumps(status)}")
    ready.kubectl("patch", "training", str(name), *patch)
    ready.ended("kinds-once")
    outcomes = dict.fromkeys(("train", "run", "pool"), "Succeeded")
    outcomes |= dict.fromkeys(("forbidden", "misspelt"), "Failed")
    assert outcomes == ready.outcomes("kinds-once")
    outputs = ready.get("taskrun", "kinds-once.train")["status"]["outputs"]
    assert (name, {"loss": 0.5}) == (outputs["name"], outputs["result"])
    rule = '{apiGroups: [""], resources: [configmaps], verbs: [get, create, patch, delete]}'
    assert f"a Role with the rule {rule}" in said(ready, "kinds-once.forbidden").replace('\\"', '"')
    assert "field not declared in schema" in said(ready, "kinds-once.misspelt")
    ready.kubectl("delete", "workflowrun", "kinds-once")
    ready.until("the object went with its run", lambda: trained(ready) is None)


def trained(story: Story) -> str | None:
    """Return the name of the object, if there is one."""
    found = story.kubectl("get", "trainings", "--output=name").split()
    return found[0].rpartition("/")[2] if found else None


def test_a_cancelled_run_deletes_the_object(ready: Story) -> None:
    ready.workflow("long", task("train", training(epochs=9), **ENDS))
    ready.until("the object is there", lambda: trained(ready))
    ready.steer("long-once", "Cancel")
    ready.ended("long-once")
    ready.until("the object is gone", lambda: trained(ready) is None)


def test_the_example_runs_in_a_pod_and_on_a_laptop(
    ready: Story, shared_stage: Stage, tmp_path: Path
) -> None:
    """There with its ServiceAccount, here with the kubeconfig."""
    (manifest,) = yaml.safe_load_all((FOLDER / "example.yaml").read_text())
    ready.workflow("a-job", *manifest["spec"]["tasks"])
    ready.ended("a-job-once")
    status = ready.get("taskrun", "a-job-once.count")["status"]
    assert {"pods": 1} == status["outputs"]["result"]
    config = tmp_path / "kubeconfig"
    config.write_text(Path(shared_stage.cluster.variables()["KUBECONFIG"]).read_text())
    environ = {**shared_stage.environ(), "KUBECONFIG": str(config)}
    context = ("config", "set-context", "--current", f"--namespace={ready.namespace}")
    subprocess.run(("kubectl", *context), env=environ, check=True)  # noqa: S603, S607
    words = ("-c", "from headrace.cli.main import main; main()", "run", FOLDER / "example.yaml")
    done = subprocess.run(  # noqa: S603 - a command of this repository
        (sys.executable, *words, "--runner", "process"),
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout.decode() + done.stderr.decode()
    jobs = ready.kubectl("get", "jobs", "--selector=resource.headrace.dev/task=count", "-oname")
    assert 2 == len(jobs.split())
