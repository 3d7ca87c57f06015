"""The CRDs on a real API server: texts, columns, round trips, what may change."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cluster.control import ROOT, Stage
from cluster.fixtures import Program
from support.written import RICH, Manifest, rich, run, task, task_run, workflow
from tools.cluster.commands import CommandFailedError

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("crds")]


class Objects:
    """Headrace's objects in one namespace, by kubectl."""

    def __init__(self, kubectl: Program, namespace: str) -> None:
        """Work in a namespace."""
        self._kubectl = kubectl
        self._namespace = namespace

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl there."""
        return self._kubectl(*words, "--namespace", self._namespace, stdin=stdin)

    def create(self, manifest: Manifest, *words: str) -> Manifest:
        """Create an object; return it as the API server has it."""
        words = ("create", "-f", "-", "-o", "json", *words)
        return dict(json.loads(self.kubectl(*words, stdin=json.dumps(manifest))))

    def made(self, manifest: Manifest) -> str:
        """Create an object under a new name; return the name."""
        metadata = {"generateName": f"{manifest['metadata']['name']}-"}
        return str(self.create({**manifest, "metadata": metadata})["metadata"]["name"])

    def patch(self, kind: str, name: str, spec: Manifest) -> str:
        """Change a part of a spec; return what kubectl says, also if it is refused."""
        body = json.dumps({"spec": spec})
        try:
            return self.kubectl("patch", kind, name, "--type=merge", "--patch", body)
        except CommandFailedError as error:
            return str(error)


@pytest.fixture(scope="module")
def shared(shared_stage: Stage) -> Objects:
    """Return the objects of a namespace for tests that make objects of their own names."""
    return Objects(shared_stage.kubectl, shared_stage.namespace())


@pytest.fixture
def objects(kubectl: Program, namespace: str) -> Iterator[Objects]:
    """Return the objects of the test's own namespace, and remove those that are in none."""
    yield Objects(kubectl, namespace)
    for manifest in rich():
        if manifest["kind"] == "ClusterTaskTemplate":
            name = manifest["metadata"]["name"]
            kubectl("delete", "clustertasktemplate", name, "--ignore-not-found")


@pytest.mark.parametrize("words", [(), ("--server-side", "--force-conflicts")], ids=str)
def test_crds_can_be_applied_in_both_ways(kubectl: Program, words: tuple[str, ...]) -> None:
    """With an annotation of all that was applied, and with server-side apply."""
    done = kubectl("apply", "--dry-run=server", "-f", str(ROOT / "crds"), *words)
    assert 8 == len(done.splitlines())


EXPLAINED = [
    ("workflow", "Workflow is the definition of a pipeline"),
    ("workflow.spec.tasks.retry", "retry says how often and how fast a failed attempt is tried"),
    ("workflow.spec.tasks.retry.rules.action", "ENUM: Retry Fail Ignore"),
    ("workflow.spec.finally.env.valueFrom", "valueFrom takes the value from a Secret"),
    ("hrr.spec.desiredState", "Stop can only become Cancel"),
    ("workflow.spec.tasks.approval.approvers", "the people who may answer"),
    ("hra.spec.answer", "Set it once."),
    ("taskrun.status.attempts.exitCode", "exitCode is the exit code of the container."),
]


@pytest.mark.parametrize(("field", "text"), EXPLAINED)
def test_kubectl_explain_shows_the_texts(kubectl: Program, field: str, text: str) -> None:
    """Each field has one, and enumerations their values."""
    assert text in " ".join(kubectl("explain", field).split())


@pytest.mark.parametrize("manifest", rich(), ids=lambda manifest: manifest["metadata"]["name"])
def test_a_rich_object_comes_back_as_it_was_sent(objects: Objects, manifest: Manifest) -> None:
    """No field is pruned, none is changed; only the two chosen defaults are filled in."""
    running = {"desiredState": "Run"}
    filled = {"Workflow": {"suspend": False}, "WorkflowRun": running, "Backfill": running}
    want = {**filled.get(manifest["kind"], {}), **manifest["spec"]}
    assert want == objects.create(manifest)["spec"]


def test_applying_again_changes_nothing(objects: Objects) -> None:
    """GitOps tools apply all the time: the generation must stay."""
    name = rich()[0]["metadata"]["name"]
    for words in ((), ("--server-side", "--force-conflicts")):
        for _ in range(2):
            objects.kubectl("apply", "-f", str(RICH), *words)
    assert "1" == objects.kubectl("get", "hrw", name, "-o", "jsonpath={.metadata.generation}")
    assert not objects.kubectl("diff", "-f", str(RICH), "--server-side", "--force-conflicts")


HEADS = [
    (
        workflow,
        "workflows",
        "NAME READY SUSPENDED ACTIVE LAST RUN OUTCOME NEXT RUN AGE",
        "WAITING MESSAGE",
    ),
    (
        run,
        "workflowruns",
        "NAME WORKFLOW STATUS PROGRESS STARTED DURATION LOGICAL TIME AGE",
        "MESSAGE",
    ),
    (
        task_run,
        "taskruns",
        "NAME RUN TASK STATUS ATTEMPTS ITEMS STARTED DURATION AGE",
        "NODE MESSAGE",
    ),
]


@pytest.mark.parametrize(("build", "kind", "head", "wide"), HEADS)
def test_kubectl_get_has_the_columns(
    shared: Objects, build: Callable[[], Manifest], kind: str, head: str, wide: str
) -> None:
    """In the order of the design; more with `-o wide`."""
    name = shared.made(build())
    shown = shared.kubectl("get", kind, name).splitlines()[0]
    more = shared.kubectl("get", kind, name, "-o", "wide").splitlines()[0]
    assert (head.split(), [*head.split(), *wide.split()]) == (shown.split(), more.split())


def test_columns_are_read_from_the_status(objects: Objects) -> None:
    """Reason and message of the condition, progress, the node of the last attempt."""
    objects.create(task_run())
    condition = {
        "type": "Succeeded",
        "status": "Unknown",
        "reason": "WaitingForRetry",
        "message": "attempt 2 failed: exit code 3",
        "lastTransitionTime": "2026-11-22T01:30:00Z",
    }
    attempts = [{"number": number, "nodeName": f"node-{number}"} for number in (1, 2)]
    status = {"conditions": [condition], "attemptCount": 2, "attempts": attempts}
    body = json.dumps({"status": status})
    words = ("patch", "taskrun", "alone", "--subresource=status", "--type=merge", "--patch", body)
    objects.kubectl(*words)
    row = objects.kubectl("get", "hrt", "alone", "-o", "wide", "--no-headers")
    assert all(word in row for word in ("WaitingForRetry", " 2 ", "node-2", "exit code 3"))
    assert "node-1" not in row


def test_fields_can_be_selected_by(objects: Objects) -> None:
    """The TaskRuns of a run, the runs of a workflow, what is suspended."""
    objects.create(task_run("stock-1.extract", run="stock-1", task="extract"))
    objects.create(task_run("stock-2.extract", run="stock-2", task="extract"))
    objects.create(run("stock-1"))
    objects.create(workflow(suspend=True))
    for kind, selector, want in (
        ("hrt", "spec.run=stock-1", "taskrun.headrace.dev/stock-1.extract"),
        ("hrr", "spec.workflow=stock", "workflowrun.headrace.dev/stock-1"),
        ("hrw", "spec.suspend=true", "workflow.headrace.dev/stock"),
    ):
        found = objects.kubectl("get", kind, "--field-selector", selector, "-o", "name")
        assert want == found.strip()


def test_all_kinds_are_one_category(objects: Objects) -> None:
    """`kubectl get headrace` shows all that is Headrace's."""
    objects.create(workflow())
    objects.create(run())
    objects.create(task_run())
    assert 3 == len(objects.kubectl("get", "headrace", "-o", "name").splitlines())


CHANGES = [
    ("Run", "Pause", True),
    ("Pause", "Run", True),
    ("Run", "Stop", True),
    ("Pause", "Cancel", True),
    ("Stop", "Cancel", True),
    ("Stop", "Run", False),
    ("Stop", "Pause", False),
    ("Cancel", "Run", False),
    ("Cancel", "Stop", False),
    ("Run", "Terminate", True),
    ("Stop", "Terminate", True),
    ("Cancel", "Terminate", True),
    ("Terminate", "Cancel", False),
    ("Terminate", "Run", False),
]


@pytest.mark.parametrize(("before", "after", "allowed"), CHANGES)
def test_a_run_is_steered_one_way(
    shared: Objects,
    before: str,
    after: str,
    allowed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Stop can become Cancel, and either can become Terminate, which is final."""
    name = shared.made(run(desiredState=before))
    told = shared.patch("workflowrun", name, {"desiredState": after})
    assert allowed is ("patched" in told), told
    assert allowed or "spec.desiredState: Invalid value: " in told


def test_taking_the_wish_away_is_no_way_back(shared: Objects) -> None:
    """Without desiredState the default would be Run again."""
    for state, why in (
        ("Cancel", "Cancel can only become Terminate; create a new run"),
        ("Terminate", "Terminate is final; create a new run"),
    ):
        name = shared.made(run(desiredState=state))
        assert why in shared.patch("workflowrun", name, {"desiredState": None})


FIXED: list[tuple[str, Any]] = [
    ("workflow", "other"),
    ("params", [{"name": "days", "value": 8}, {"name": "full", "value": True}]),
    ("params", [{"name": "days", "value": 7}, {"name": "full", "value": False}]),
    ("params", [{"name": "days", "value": "7"}, {"name": "full", "value": True}]),
    ("params", None),
    ("logicalTime", "2026-11-23T00:00:00Z"),
    ("logicalTime", None),
    ("interval", {"start": "2026-11-20T00:00:00Z", "end": "2026-11-22T00:00:00Z"}),
    ("trigger", "Manual"),
]


@pytest.mark.parametrize(("field", "value"), FIXED)
def test_nothing_else_of_a_run_can_be_changed(shared: Objects, field: str, value: Any) -> None:
    """What a run was asked to do is what it did, also by its value's type."""
    start, end = "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"
    params = [{"name": "days", "value": 7}, {"name": "full", "value": True}]
    interval = {"start": start, "end": end}
    name = shared.made(run(params=params, logicalTime=end, interval=interval, trigger="Schedule"))
    told = shared.patch("workflowrun", name, {field: value})
    assert f"spec.{field}: Invalid value: {field} cannot be changed; create a new run" in told


def test_a_run_may_not_gain_params_later(shared: Objects) -> None:
    """A field that was left out is as fixed as one that was given."""
    params = [{"name": "days", "value": 1}]
    told = shared.patch("workflowrun", shared.made(run()), {"params": params})
    assert "params cannot be changed; create a new run" in told


@pytest.mark.parametrize(
    "change",
    [
        {"image": "busybox:1.36"},
        {"args": ["x"]},
        {"affinity": {"nodeAffinity": {"unknown": [1, 3]}}},
        {"affinity": None},
    ],
    ids=str,
)
def test_a_task_run_cannot_be_changed(shared: Objects, change: Manifest) -> None:
    """Its attempts would not be attempts at the same thing."""
    name = shared.made(task_run(affinity={"nodeAffinity": {"unknown": [1, 2]}}))
    told = shared.patch("taskrun", name, change)
    assert "spec: Invalid value: a TaskRun's spec never changes; create a new TaskRun" in told


def test_a_workflow_can_be_changed(shared: Objects) -> None:
    """It is a definition; runs keep theirs."""
    name = shared.made(workflow())
    assert "patched" in shared.patch("workflow", name, {"tasks": [task("load")]})


def test_an_unknown_field_is_pruned_where_nobody_asked_for_strictness(shared: Objects) -> None:
    """Kubectl asks for it by itself; a program that does not finds the field gone."""
    sent = workflow(task(retries=3))
    words = ("--validate=ignore", "--dry-run=server")
    assert "retries" not in shared.create(sent, *words)["spec"]["tasks"][0]


def test_the_largest_workflow_is_taken(shared: Objects) -> None:
    """5,000 tasks with dependencies and variables are within the API server's budget for rules."""
    env = [{"name": "LEVEL", "value": "info"}]
    tasks = [task("t0"), *(task(f"t{n}", dependsOn=[f"t{n - 1}"], env=env) for n in range(1, 5000))]
    last = [task(f"last{n}") for n in range(100)]
    made = shared.create(workflow(*tasks, suspend=True, **{"finally": last}), "--dry-run=server")
    assert 5000 == len(made["spec"]["tasks"])
