"""
Questions to people on a real API server: its policies decide who may answer.

The policies are those of the chart, for one namespace, whose controller is a ServiceAccount.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chart.rendering import MUTATING, render
from cluster.control import Stage
from cluster.fixtures import Program
from cluster.limited import ACCOUNT, limited_controller
from cluster.story import Story, condition
from tools.cluster.commands import CommandFailedError

pytestmark = pytest.mark.cluster

EDIT = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "edit-approvals"},
    "rules": [
        {
            "apiGroups": ["headrace.dev"],
            "resources": ["approvals"],
            "verbs": ["get", "list", "create", "update", "patch", "delete"],
        }
    ],
}
PEOPLE = ("alice", "bob", "carol")
BY_ALICE = {"users": ["alice"], "groups": ["on-call"]}
POLICIES = (
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
)


class Policies:
    """The policies of one namespace."""

    def __init__(self, story: Story, kubectl: Program) -> None:
        self._story = story
        self._kubectl = kubectl
        kinds = kubectl("api-resources", "--api-group=admissionregistration.k8s.io", "-o", "name")
        self.stamp = "mutatingadmissionpolicies" in kinds
        """Whether the cluster has mutating policies."""
        rendered = render(
            {"watchNamespaces": [story.namespace], "serviceAccount.name": ACCOUNT},
            namespace=story.namespace,
            apis=[MUTATING] if self.stamp else [],
        )
        self._manifests = [
            each
            for kind in POLICIES
            for each in rendered.all(kind)
            if each["metadata"]["name"].endswith("-approvals")
        ]

    def install(self) -> None:
        """Install them, and wait until the API server has taken them up."""
        body = {"apiVersion": "v1", "kind": "List", "items": self._manifests}
        self._kubectl("apply", "--filename=-", stdin=json.dumps(body))
        self._story.until("the policies", lambda: "none of the approvers" in self._tried())

    def remove(self) -> None:
        """Remove them, and wait until the API server has let go of them."""
        for each in self._manifests:
            words = (each["kind"], each["metadata"]["name"])
            self._kubectl("delete", *words, "--ignore-not-found")
        self._story.until("no policies", lambda: "created" in self._tried())

    def _tried(self) -> str:
        spec = {**question(approvers={"users": ["nobody"]}), "answer": {"choice": "approve"}}
        body = approval("trial", spec)
        account = f"--as=system:serviceaccount:{self._story.namespace}:{ACCOUNT}"
        words = ("create", "--dry-run=server", "--filename=-", account)
        try:
            return self._story.kubectl(*words, stdin=json.dumps(body))
        except CommandFailedError as error:
            return str(error)


def question(**fields: Any) -> dict[str, Any]:
    """Return the spec of an Approval."""
    own = {"run": "none", "task": "none", "attempt": 1, "message": "Go on?"}
    return {**own, "choices": ["approve", "reject"], **fields}


def approval(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    kind = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Approval"}
    return {**kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def story(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return a namespace with a controller, and people who may edit Approvals there."""
    namespace = shared_stage.namespace()
    controller = limited_controller(shared_stage, namespace, tmp_path_factory.mktemp("asks"))
    controller.start()
    story = shared_stage.story(namespace, controller)
    story.apply(EDIT)
    people = [f"--user={name}" for name in PEOPLE]
    story.kubectl("create", "rolebinding", "people", "--role=edit-approvals", *people)
    return story


@pytest.fixture(scope="module")
def policies(story: Story, kubectl: Program) -> Iterator[Policies]:
    """Return the policies, installed."""
    made = Policies(story, kubectl)
    made.install()
    yield made
    made.remove()


def asks(story: Story, name: str, **fields: Any) -> str:
    """Ask a question in a run of its own; return the name of the Approval."""
    asked = {"name": "ask", "approval": {"message": f"Go on with {name}?", **fields}}
    story.workflow(name, asked)
    return waiting(story, name)


def waiting(story: Story, name: str) -> str:
    """Wait until the question of a workflow's first run is open."""

    def look() -> list[str]:
        items = story.all("approval", f"headrace.dev/run={name}-once")
        found = [each for each in items if "completionTime" not in each.get("status", {})]
        return [each["metadata"]["name"] for each in found if each.get("status")]

    return str(story.until(f"the question of {name}", look)[0])


def answer(story: Story, name: str, who: str, choice: str = "approve", **more: Any) -> str:
    """Let somebody answer; return what kubectl says, also if it is refused."""
    person, _, group = who.partition("@")
    speaker = [f"--as={person}", *([f"--as-group={group}"] if group else ())]
    body = {"spec": {"answer": {"choice": choice, **more}}}
    try:
        return story.kubectl(
            *("patch", "approval", name, "--type=merge", "--patch", json.dumps(body), *speaker)
        )
    except CommandFailedError as error:
        return str(error)


def signed(story: Story, name: str) -> str:
    """Return whose name an answer would have in which bob signs as alice."""
    body = json.dumps({"spec": {"answer": {"choice": "approve", "by": "alice"}}})
    words = ("patch", "approval", name, "--type=merge", "--patch", body, "--as=bob")
    return story.kubectl(*words, "--dry-run=server", "-o", "jsonpath={.spec.answer.by}")


def test_an_approver_may_answer_and_somebody_else_with_edit_may_not(
    story: Story, policies: Policies
) -> None:
    """The API server itself refuses bob, by name; alice's answer lets the run go on."""
    name = asks(story, "gate", approvers=BY_ALICE)
    own = {} if policies.stamp else {"by": "alice"}

    refused = answer(story, name, "bob", by="bob")
    assert "bob is none of the approvers of this question: users [alice]" in refused
    assert "is none of the approvers" in answer(story, name, "bob", by="alice")
    assert "patched" in answer(story, name, "alice", comment="fine", **own)

    assert "True" == condition(story.ended("gate-once"))["status"]
    outputs = story.get("taskrun", "gate-once.ask")["status"]["outputs"]
    assert {"choice": "approve", "by": "alice", "comment": "fine"} == outputs


def test_a_member_of_a_group_may_answer(story: Story, policies: Policies) -> None:
    """The groups are those that the API server knows of who asks."""
    name = asks(story, "groups", approvers={"groups": ["on-call"]})
    own = {} if policies.stamp else {"by": "carol"}
    assert "is none of the approvers" in answer(story, name, "carol@others", by="carol")
    assert "patched" in answer(story, name, "carol@on-call", **own)
    story.ended("groups-once")


def test_the_api_server_says_who_answered_and_when(story: Story, policies: Policies) -> None:
    """Whatever was written: a name of somebody else and a time of another day do not stay."""
    if not policies.stamp:
        pytest.skip("this cluster has no MutatingAdmissionPolicy: it came with Kubernetes 1.36")
    name = asks(story, "stamped")
    assert "patched" in answer(story, name, "bob", by="alice", time="2001-01-01T00:00:00Z")
    story.ended("stamped-once")
    item = story.get("approval", name)
    assert "bob" == item["spec"]["answer"]["by"]
    changed = [
        each["time"]
        for each in item["metadata"]["managedFields"]
        if "f:answer" in each["fieldsV1"].get("f:spec", {})
    ]
    assert [item["spec"]["answer"]["time"]] == changed


def test_a_question_and_its_answer_never_change(story: Story, policies: Policies) -> None:
    """Not by an approver either, and a choice that nobody offered is none."""
    name = asks(story, "fixed", approvers=BY_ALICE)
    own = {} if policies.stamp else {"by": "alice"}
    none = answer(story, name, "alice", choice="maybe", **own)
    assert "maybe is none of the choices; choose one of approve, reject" in none
    assert "patched" in answer(story, name, "alice", **own)
    again = answer(story, name, "alice", choice="reject", **own)
    assert "the question has its answer, which never changes" in again
    for change in ({"message": "Else?"}, {"approvers": {"users": ["bob"]}}, {"failOn": []}):
        body = json.dumps({"spec": change})
        with pytest.raises(CommandFailedError, match="a question never changes"):
            story.kubectl("patch", "approval", name, "--type=merge", "--patch", body, "--as=alice")
    story.ended("fixed-once")


@pytest.mark.usefixtures("policies")
def test_nobody_but_the_controller_asks(story: Story) -> None:
    """An Approval that somebody else makes, with or without an answer, is refused."""
    for spec in (question(), question(answer={"choice": "approve", "by": "bob"})):
        body = json.dumps(approval("forged", spec))
        with pytest.raises(CommandFailedError, match="only the controller of Headrace asks"):
            story.kubectl("create", "--filename=-", "--as=bob", stdin=body)


@pytest.mark.usefixtures("policies")
def test_a_closed_question_takes_no_answer(story: Story) -> None:
    """Its run was cancelled; the status says so, and whoever answers is told."""
    name = asks(story, "closed")
    story.steer("closed-once", "Cancel")
    story.ended("closed-once")
    item = story.get("approval", name)
    told = {each["type"]: each for each in item["status"]["conditions"]}
    assert ("False", "Cancelled") == (told["Answered"]["status"], told["Answered"]["reason"])
    assert "the question is closed" in answer(story, name, "bob", by="bob")


@pytest.mark.usefixtures("policies")
def test_a_question_that_the_controller_has_not_recorded_takes_no_answer(story: Story) -> None:
    """Else nobody could tell later whether the policies were there when it was asked."""
    account = f"--as=system:serviceaccount:{story.namespace}:{ACCOUNT}"
    body = json.dumps(approval("early", question()))
    story.kubectl("create", "--filename=-", account, stdin=body)
    assert "the question is not open yet" in answer(story, "early", "bob", by="bob")
    told = {"type": "Answered", "status": "Unknown", "reason": "WaitingForApproval", "message": ""}
    status = {"conditions": [{**told, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    patch = ("--subresource=status", "--type=merge", "--patch", json.dumps({"status": status}))
    story.kubectl("patch", "approval", "early", *patch)
    assert "patched" in answer(story, "early", "bob", by="bob")


def test_without_the_policies_a_question_with_approvers_is_not_asked(
    story: Story, policies: Policies
) -> None:
    """The TaskRun says what to install; with the policies there, the question comes."""
    policies.remove()
    try:
        asked = {"message": "Go on?", "approvers": BY_ALICE}
        story.workflow("unguarded", {"name": "ask", "approval": asked})
        waits = story.waits("unguarded-once.ask", "ApprovalNotGuarded")
        assert "install the admission policies of the chart" in condition(waits)["message"]
        assert [] == story.all("approval", "headrace.dev/run=unguarded-once")
    finally:
        policies.install()
    own = {} if policies.stamp else {"by": "alice"}
    assert "patched" in answer(story, waiting(story, "unguarded"), "alice", **own)
    assert "True" == condition(story.ended("unguarded-once"))["status"]


def test_an_answer_from_a_time_without_the_policies_does_not_count(
    story: Story, policies: Policies
) -> None:
    """Bob signs as alice, since nobody keeps him from it; the controller does not believe it."""
    name = asks(story, "robbed", approvers=BY_ALICE, message="Go on?")
    policies.remove()
    try:
        story.until("that nobody stamps answers", lambda: "alice" == signed(story, name))
        assert "patched" in answer(story, name, "bob", by="alice")
        waits = story.waits("robbed-once.ask", "ApprovalNotGuarded")
        first = waits["status"]["attempts"][0]
        assert "alice chose approve, and the API server did not keep" in first["message"]
        assert "outcome" not in waits["status"]
    finally:
        policies.install()
    again = waiting(story, "robbed")
    assert name != again
    own = {} if policies.stamp else {"by": "alice"}
    assert "patched" in answer(story, again, "alice", **own)
    assert "True" == condition(story.ended("robbed-once"))["status"]


def test_kubectl_shows_open_questions(story: Story) -> None:
    """The question, its choices, and that it waits; `-o wide` has the rest."""
    name = asks(story, "shown")
    head, row = story.kubectl("get", "approvals", name).splitlines()
    assert ["NAME", "RUN", "QUESTION", "CHOICES", "ANSWER", "BY", "STATUS", "AGE"] == head.split()
    assert all(word in row for word in ("Go on with shown?", "approve", "WaitingForApproval"))
    assert "patched" in answer(story, name, "bob", by="bob")
    story.ended("shown-once")
    story.until("Answered", lambda: "Answered" in story.row("approval", name))
