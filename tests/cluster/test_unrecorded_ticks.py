"""A tick whose workflow cannot say that it started: an admission policy refuses the status."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, task
from cluster.test_schedules import hourly, runs_of
from tools.cluster.commands import CommandFailedError

pytestmark = pytest.mark.cluster

API = "admissionregistration.k8s.io/v1"
KINDS = ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy")
SAME = "oldObject.status.lastTickTime == object.status.lastTickTime"
NAME = "unsaid"
TURNS = 5


@pytest.fixture
def gag(story: Story) -> Iterator[Callable[[], None]]:
    """Keep the last tick from being written, until what this returns is called."""
    _suspended(story)
    policy = f"unsaid-{story.namespace}"

    def lift() -> None:
        for kind in KINDS:
            story.kubectl("delete", kind, policy, "--ignore-not-found")

    try:
        for manifest in _policy(policy, story.namespace):
            story.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
        story.until("a refusal", lambda: _refused(story))
        yield lift
    finally:
        lift()


def test_a_tick_starts_once_though_its_workflow_cannot_say_so(
    story: Story, gag: Callable[[], None]
) -> None:
    """Its run stays though none is to be kept, and goes when the tick is on record."""
    story.patch("workflow", NAME, {"spec": {"suspend": False}})
    name = story.until("a run", lambda: runs_of(story, NAME))[0]["metadata"]["name"]
    run = story.ended(name)

    for number in range(TURNS):
        story.kubectl("label", "workflow", NAME, f"turn={number}", "--overwrite")
        time.sleep(2.0)
        assert [run["metadata"]["uid"]] == [it["metadata"]["uid"] for it in runs_of(story, NAME)]
    gag()

    story.gone("workflowrun", name)
    status = story.get("workflow", NAME)["status"]
    assert (4, name) == (status["missedRuns"], status["lastRun"])


def _suspended(story: Story) -> None:
    """Make a workflow that has five ticks due when it is resumed, and starts the newest."""
    kept = {"successfulRuns": 0, "failedRuns": 0}
    triggers = [hourly("Latest")]
    story.workflow(NAME, task("one", SUCCEED), triggers=triggers, history=kept, suspend=True)
    story.put_back(NAME, hours=5)


def _refused(story: Story) -> bool:
    told = {"status": {"lastTickTime": "2026-01-01T00:00:00Z"}}
    try:
        story.patch("workflow", NAME, told, "--subresource=status", "--dry-run=server")
    except CommandFailedError:
        return True
    return False


def _policy(name: str, namespace: str) -> Iterator[Manifest]:
    rule = {
        "apiGroups": ["headrace.dev"],
        "apiVersions": ["v1alpha1"],
        "resources": ["workflows/status"],
        "operations": ["UPDATE"],
    }
    where = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    policy = {
        "matchConstraints": {"namespaceSelector": where, "resourceRules": [rule]},
        "matchConditions": [{"name": "one", "expression": f"object.metadata.name == '{NAME}'"}],
        "validations": [{"expression": SAME}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    for kind, spec in zip(KINDS, (binding, policy), strict=True):
        yield {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec}
