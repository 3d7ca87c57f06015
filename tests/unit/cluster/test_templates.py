"""Workflows that use templates, from an API server to Jobs: `headrace.cluster.templates`."""

from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.caches import WorkflowKey
from headrace.cluster.kinds import (
    CLUSTER_TASK_TEMPLATES,
    TASK_TEMPLATES,
    WORKFLOW_RUNS,
    WORKFLOWS,
)
from headrace.engine.run.observed import RunKey
from headrace.engine.workflow.observed import ObservedWorkflow
from headrace.kube.resources import CONTROLLER_REVISIONS, JOBS, NAMESPACES, Ref, Resource
from headrace.manifests.kube import TemplateObject
from support.plumbing import manifest
from support.virtual_time import VirtualTimeLoop
from support.workflow_situations import KEY, WorkflowRig

EVENT_LOOP = VirtualTimeLoop

USING: dict[str, Any] = {"tasks": [{"name": "a", "uses": "page@v1", "with": {"url": "http://a"}}]}
PARAMS = [
    {"name": "url", "required": True},
    {"name": "token", "type": "Secret"},
]
TEMPLATE: dict[str, Any] = {"image": "page:1", "params": PARAMS}


class TemplateRig(WorkflowRig):
    """A cluster in which people make and change templates."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)

    async def template(
        self, spec: dict[str, Any], kind: Resource = TASK_TEMPLATES, namespace: str = "default"
    ) -> None:
        """Make the template `page.v1`, or change it."""
        where = namespace if kind.namespaced else ""
        known = self.server.storage.find(kind, (where, "page.v1"))
        if known is not None:
            ref = Ref(kind, where, "page.v1")
            await self.client.patch(ref, {"spec": spec}, TemplateObject)
        else:
            body = manifest(kind, "page.v1", spec, where)
            if not kind.namespaced:
                del body["metadata"]["namespace"]
            await self.client.create(kind, body, TemplateObject)
        self.tell()

    async def observed(self) -> ObservedWorkflow:
        """Return the workflow."""
        found = await self.workflows.observe(KEY)
        assert found is not None
        return found

    def images(self) -> list[str]:
        """Return the image of each Job, oldest first."""
        jobs = self.server.storage.all(JOBS)
        return [job["spec"]["template"]["spec"]["containers"][0]["image"] for job in jobs]


async def test_a_workflow_waits_for_its_template_and_goes_on_when_it_comes() -> None:
    """Nobody has to touch the workflow again, whatever is applied first."""
    rig = TemplateRig()
    await rig.make(WORKFLOWS, "w", USING)
    await rig.look()
    log = (await rig.observed()).log
    assert (False, Reason.TEMPLATE_NOT_READY) == (log.ready, log.reason)
    assert (
        "spec.tasks[0].uses: there is no template 'page@v1'; create the TaskTemplate 'page.v1'"
        " here, or a ClusterTaskTemplate of that name"
    ) == log.message
    rig.woken.clear()
    await rig.template(TEMPLATE)
    assert [KEY] == rig.woken
    await rig.look()
    await rig.look()
    assert (await rig.observed()).log.ready
    assert ["page:1"] == rig.images()


async def test_a_run_waits_for_a_template_too() -> None:
    """It is not refused for good: the template may be on its way."""
    rig = TemplateRig()
    await rig.make(WORKFLOWS, "w", {**USING, "suspend": True})
    await rig.make(WORKFLOW_RUNS, "by-hand", {"workflow": "w"})
    await rig.look()
    run = await rig.world.observe(RunKey("default", "by-hand"))
    assert run is not None
    assert (None, Reason.TEMPLATE_NOT_READY) == (run.log.finished, run.log.reason)
    rig.woken.clear()
    await rig.template(TEMPLATE, CLUSTER_TASK_TEMPLATES)
    assert {KEY, RunKey("default", "by-hand")} == set(rig.woken)
    await rig.look()
    await rig.look()
    assert ["page:1"] == rig.images()


async def test_a_run_keeps_the_template_that_it_started_with() -> None:
    """A later run has the changed one; the first one does not, also after a crash."""
    rig = TemplateRig()
    await rig.template(TEMPLATE)
    again = {"limit": 1, "backoff": {"seconds": 0}}
    await rig.make(WORKFLOWS, "w", {"tasks": [{**USING["tasks"][0], "retry": again}]})
    await rig.look()
    await rig.look()
    await rig.template({**TEMPLATE, "image": "page:2"})
    (job,) = rig.server.storage.all(JOBS)
    rig.pods.end(job, 1)
    rig.tell()
    for _ in range(3):
        await rig.look()
    assert ["page:1", "page:1"] == rig.images()
    await rig.make(WORKFLOW_RUNS, "next", {"workflow": "w"})
    for job in rig.server.storage.all(JOBS):
        rig.pods.end(job, 0)
    rig.tell()
    for _ in range(3):
        await rig.look()
    assert "page:2" in rig.images()
    assert 2 == len(rig.server.storage.all(CONTROLLER_REVISIONS))


async def test_a_template_of_the_namespace_comes_first() -> None:
    """A team can have a version of its own before the platform has it for all."""
    rig = TemplateRig()
    await rig.template({**TEMPLATE, "image": "for-all:1"}, CLUSTER_TASK_TEMPLATES)
    await rig.template({**TEMPLATE, "image": "ours:1"})
    await rig.client.create(NAMESPACES, {"metadata": {"name": "other"}}, dict)
    await rig.template({**TEMPLATE, "image": "theirs:1"}, namespace="other")
    await rig.make(WORKFLOWS, "w", USING)
    await rig.look()
    await rig.look()
    assert ["ours:1"] == rig.images()


async def test_a_change_of_another_template_wakes_nobody() -> None:
    """Templates of other namespaces are none of ours."""
    rig = TemplateRig()
    await rig.template(TEMPLATE)
    await rig.make(WORKFLOWS, "w", USING)
    await rig.look()
    rig.woken.clear()
    await rig.client.create(NAMESPACES, {"metadata": {"name": "other"}}, dict)
    await rig.template(TEMPLATE, namespace="other")
    assert [] == [key for key in rig.woken if isinstance(key, WorkflowKey)]


async def test_problems_of_a_template_are_told_on_the_workflow() -> None:
    """Whoever uses it sees why, and it goes on when the template is right again."""
    rig = TemplateRig()
    await rig.template({**TEMPLATE, "params": [{"name": "url", "required": True, "default": "a"}]})
    await rig.make(WORKFLOWS, "w", USING)
    await rig.look()
    log = (await rig.observed()).log
    assert Reason.TEMPLATE_NOT_READY == log.reason
    assert (
        "template 'page@v1' has problems of its own: spec.params[0].default: has no meaning for a"
        " required parameter; remove one of both"
    ) == log.message
    await rig.template(TEMPLATE)
    await rig.look()
    assert (await rig.observed()).log.ready


async def test_wrong_values_are_told_on_the_workflow() -> None:
    """With the field that somebody wrote, not with the variable that it becomes."""
    rig = TemplateRig()
    await rig.template(TEMPLATE)
    wrong = {"url": "${{ params.nobody }}"}
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "a", "uses": "page@v1", "with": wrong}]})
    await rig.look()
    log = (await rig.observed()).log
    assert Reason.INVALID_DEFINITION == log.reason
    assert log.message.startswith("spec.tasks[0].with.url: column 11 of 'params.nobody'")


async def test_secrets_are_mounted_as_files_and_nowhere_else() -> None:
    """The Job names the Secret and its key; the program gets the path of a file."""
    rig = TemplateRig()
    await rig.template(TEMPLATE)
    given = {"url": "http://a", "token": {"secretRef": {"name": "login", "key": "api"}}}
    await rig.make(WORKFLOWS, "w", {"tasks": [{"name": "a", "uses": "page@v1", "with": given}]})
    await rig.look()
    await rig.look()
    (job,) = rig.server.storage.all(JOBS)
    pod = job["spec"]["template"]["spec"]
    (volume,) = (each for each in pod["volumes"] if each["name"] == "with-secrets")
    items = [{"key": "api", "path": "token"}]
    assert [{"secret": {"name": "login", "items": items}}] == volume["projected"]["sources"]
    container = pod["containers"][0]
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "with-secrets")
    assert ("/headrace/with", True) == (mount["mountPath"], mount["readOnly"])
    own = {each["name"]: each for each in container["env"] if each["name"].startswith("WITH_")}
    assert {
        "WITH_url": {"name": "WITH_url", "value": "http://a"},
        "WITH_token_FILE": {"name": "WITH_token_FILE", "value": "/headrace/with/token"},
    } == own
