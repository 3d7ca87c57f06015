"""What waits says why, in the words of whom it waits for; and goes on when the cause is gone."""

import json
from collections.abc import Callable

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.story import SUCCEED, Story, attempts, condition, task

pytestmark = pytest.mark.cluster

IMPATIENT = {"pendingSeconds": 8}
ROOM_FOR_ONE = {"count/jobs.batch": "1"}
NO_ROOM = {"pods": "0"}

Stories = Callable[[str], Story]


@pytest.fixture(scope="module")
def stories(shared_stage: Stage) -> Stories:
    """Return several namespaces under one controller."""
    made = {
        "plain": shared_stage.namespace(),
        "restricted": shared_stage.namespace("pod-security.kubernetes.io/enforce=restricted"),
        "few jobs": shared_stage.namespace(),
        "no pods": shared_stage.namespace(),
    }
    controller = shared_stage.controller("only", *made.values())
    controller.start()
    return lambda name: shared_stage.story(made[name], controller)


@pytest.fixture
def story(stories: Stories) -> Story:
    """Return the namespace where nothing is special."""
    return stories("plain")


def quota(limits: dict[str, str]) -> Manifest:
    """Return a ResourceQuota."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "limits"},
        "spec": {"hard": limits},
    }


def in_force(story: Story, *limits: str) -> None:
    """Wait until the API server counts by the quota."""

    def counts() -> bool:
        status = story.get("resourcequota", "limits").get("status", {})
        return set(limits) <= set(status.get("used", ()))

    story.until("a quota in force", counts)


def test_a_pod_that_no_node_takes_waits_with_the_schedulers_words(story: Story) -> None:
    """The task says Unschedulable and why; after pendingSeconds it fails and says that too."""
    story.workflow(
        "picky",
        task("train", SUCCEED, nodeSelector={"gpu": "h100"}, timeouts=IMPATIENT),
    )

    waiting = story.waits("picky-once.train", "Unschedulable")
    run = story.until("attention", lambda: _with_attention(story, "picky-once"))
    row = story.row("workflowrun", "picky-once")
    ended = story.ended("picky-once")

    assert "didn't match Pod's node affinity/selector" in condition(waiting)["message"]
    assert ["train", "Unschedulable"] == [
        run["status"]["attention"][0][field] for field in ("task", "reason")
    ]
    assert "train: Unschedulable" in row
    told = condition(ended)["message"]
    words = ("PendingTimeout", "pendingSeconds (8)", "Unschedulable", "affinity")
    assert all(word in told for word in words)
    assert ["PendingTimeout"] == _reasons(story, "picky-once.train")
    story.until("no pod", lambda: not story.running("picky-once"))


def test_an_image_that_does_not_exist_is_told_with_the_nodes_words(story: Story) -> None:
    """The task says ImagePullFailed and names the image; after pendingSeconds it fails."""
    image = "registry.invalid/no/such:1"
    story.workflow("absent", task("load", SUCCEED, image=image, timeouts={"pendingSeconds": 20}))

    waiting = story.waits("absent-once.load", "ImagePullFailed")
    ended = story.ended("absent-once")

    assert image in condition(waiting)["message"]
    assert ["PendingTimeout"] == _reasons(story, "absent-once.load")
    assert "ImagePullFailed" in condition(ended)["message"]


def test_an_image_name_that_cannot_be_read_fails_at_once(story: Story) -> None:
    """No retry can help, so none is made."""
    story.workflow("garbled", task("load", SUCCEED, image="Busybox:1.37", retry={"limit": 5}))

    ended = story.ended("garbled-once")

    assert ["InvalidImageName"] == _reasons(story, "garbled-once.load")
    assert "Busybox:1.37" in condition(ended)["message"]
    assert "InvalidImageName" in story.row("workflowrun", "garbled-once")


def test_a_missing_secret_is_told_and_waited_for(story: Story) -> None:
    """The task names the Secret that is missing, and runs when somebody makes it."""
    reference = {"secretKeyRef": {"name": "warehouse", "key": "password"}}
    story.workflow(
        "keyless", task("load", SUCCEED, env=[{"name": "PASSWORD", "valueFrom": reference}])
    )

    waiting = story.waits("keyless-once.load", "ContainerConfigError")
    story.kubectl("create", "secret", "generic", "warehouse", "--from-literal=password=sesame")
    ended = story.ended("keyless-once")

    assert 'secret "warehouse" not found' in condition(waiting)["message"]
    assert "True" == condition(ended)["status"]


def test_a_namespace_that_enforces_the_restricted_level_takes_every_pod(stories: Stories) -> None:
    """Task pods are restricted by default: no setting is needed."""
    story = stories("restricted")
    story.workflow("strict", task("one", SUCCEED), task("two", SUCCEED, dependsOn=["one"]))

    assert "True" == condition(story.ended("strict-once"))["status"]


def test_a_full_quota_is_told_and_waited_for(stories: Stories) -> None:
    """A quota on Jobs or on pods holds tasks back with its words; raised, it lets them go on."""
    jobs, pods = stories("few jobs"), stories("no pods")
    jobs.apply(quota(ROOM_FOR_ONE))
    pods.apply(quota(NO_ROOM))
    in_force(jobs, *ROOM_FOR_ONE)
    in_force(pods, *NO_ROOM)
    for story in (jobs, pods):
        story.workflow("crowd", task("one", SUCCEED), task("two", SUCCEED))

    _full(jobs, "exceeded quota: limits", "count/jobs.batch")
    _full(pods, "exceeded quota: limits", "pods")
    jobs.patch("resourcequota", "limits", {"spec": {"hard": {"count/jobs.batch": "10"}}})
    pods.patch("resourcequota", "limits", {"spec": {"hard": {"pods": "10"}}})

    for story in (jobs, pods):
        assert "True" == condition(story.ended("crowd-once"))["status"]


def test_a_service_account_must_be_released_for_workflows(story: Story) -> None:
    """Without the label the task fails at once, with the cure; with it the task runs."""
    story.kubectl("create", "serviceaccount", "mighty")
    story.workflow("borrowed", task("load", SUCCEED, serviceAccountName="mighty"), suspend=True)
    story.start("borrowed", "borrowed-1")

    refused = condition(story.ended("borrowed-1"))
    story.kubectl("label", "serviceaccount", "mighty", "headrace.dev/allow-workflows=true")
    story.start("borrowed", "borrowed-2")

    assert 'label headrace.dev/allow-workflows: "true"' in refused["message"]
    assert not story.of_run("job", "borrowed-1")
    assert "True" == condition(story.ended("borrowed-2"))["status"]
    pod = story.of_run("pod", "borrowed-2")[0]
    assert "mighty" == pod["spec"]["serviceAccountName"]


def test_a_run_waits_for_its_workflow_and_runs_when_it_comes(story: Story) -> None:
    """A run that was applied before its workflow says what it waits for, and then runs."""
    story.start("coming", "coming-1")

    waiting = story.waits("coming-1", "WorkflowNotFound", "workflowrun")
    story.workflow("coming", task("one", SUCCEED), suspend=True)

    assert "there is no Workflow 'coming'" in condition(waiting)["message"]
    assert "True" == condition(story.ended("coming-1"))["status"]


def _full(story: Story, *words: str) -> None:
    """Wait until the quota's words are told of the run."""

    def told() -> bool:
        told = json.dumps(story.get("workflowrun", "crowd-once"))
        return "QuotaExceeded" in told and all(word in told for word in words)

    story.until(f"QuotaExceeded with {words}", told)
    assert "QuotaExceeded" in story.row("workflowrun", "crowd-once")


def _with_attention(story: Story, run: str) -> Manifest:
    seen = story.get("workflowrun", run)
    return seen if seen["status"]["attention"] else {}


def _reasons(story: Story, task_run: str) -> list[str]:
    return [reason for reason, _ in attempts(story.get("taskrun", task_run))]


def test_a_volume_of_a_missing_secret_is_told_with_its_name(story: Story) -> None:
    """The kubelet says so in an Event only; the end repeats what it waited for."""
    story.workflow(
        "no-secret",
        task(
            "load",
            SUCCEED,
            volumes=[{"name": "login", "secret": {"secretName": "warehouse-files"}}],
            volumeMounts=[{"name": "login", "mountPath": "/login"}],
            timeouts={"pendingSeconds": 20},
        ),
    )

    waiting = story.waits("no-secret-once.load", "ContainerConfigError")
    ended = story.ended("no-secret-once")

    assert '"warehouse-files" not found' in condition(waiting)["message"]
    told = condition(ended)["message"]
    assert all(word in told for word in ("PendingTimeout", "ContainerConfigError", "warehouse"))
