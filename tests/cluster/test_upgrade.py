"""
The life of an installation for the whole cluster: install, upgrade, uninstall, install again.

It has a cluster of its own, for CRDs and cluster roles can be there only once.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from cluster.fixtures import KEEP_VARIABLE, Program, chosen
from cluster.installation import CHART, RESTRICTED, Release, load_image
from cluster.looking import Looking
from cluster.story import SUCCEED, Story, task
from tools.cluster.commands import CommandFailedError, run
from tools.cluster.given import Given
from tools.cluster.instance import instance
from tools.cluster.provider import Cluster, choose
from tools.cluster.settings import Settings

pytestmark = pytest.mark.cluster

HOME = "headrace"
TEAM = "team"
KINDS = ("workflows", "workflowruns", "taskruns", "approvals", "backfills")
CRDS = tuple(f"{kind}.headrace.dev" for kind in KINDS)


@pytest.fixture
def empty_cluster() -> Iterator[Cluster]:
    """Return a cluster that nothing was installed on."""
    if isinstance(chosen(), Given):
        pytest.skip("the cluster that was given is perhaps not empty")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    it = choose(instance(f"upgrade{worker}"))
    it.up(Settings())
    yield it
    if not os.environ.get(KEEP_VARIABLE):
        it.down()


def program(name: str, it: Cluster) -> Program:
    variables: Mapping[str, str] = it.variables()

    def call(*words: str, stdin: str | None = None) -> str:
        return run(name, *words, stdin=stdin, environ=variables)

    return call


@pytest.fixture
def release(empty_cluster: Cluster) -> Release:
    """Return a release that is not installed yet; its namespaces take restricted pods only."""
    load_image(empty_cluster)
    empty_cluster.provide_image("busybox:1.37")
    kubectl, helm = (program(name, empty_cluster) for name in ("kubectl", "helm"))
    for namespace in (HOME, TEAM):
        kubectl("create", "namespace", namespace)
        kubectl("label", "namespace", namespace, RESTRICTED)
        kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", namespace)
    return Release(HOME, kubectl, helm)


@pytest.fixture
def team(release: Release, empty_cluster: Cluster) -> Story:
    """Return the namespace of the story."""
    return Story(TEAM, release.kubectl, Looking(str(empty_cluster.kubeconfig)))


@pytest.fixture
def older_chart(tmp_path: Path) -> Path:
    """Return the chart as if `spec.description` of a Workflow had not been thought of yet."""
    copy = tmp_path / "older" / "headrace"
    shutil.copytree(CHART, copy)  # the chart of CRDs becomes a folder instead of a link
    crd = copy / "charts" / "headrace-crds" / "templates" / "workflows.headrace.dev.yaml"
    older = yaml.safe_load(crd.read_text())
    for version in older["spec"]["versions"]:
        del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["description"]
    crd.write_text(yaml.safe_dump(older))
    return copy


def test_an_installation_is_upgraded_removed_and_made_again_around_peoples_objects(
    release: Release, team: Story, older_chart: Path
) -> None:
    """An upgrade brings new CRDs and reruns nothing; removal takes nothing of people's away."""
    release.install(chart=older_chart)
    team.workflow("nightly", task("one", SUCCEED))
    finished = team.ended("nightly-once")

    with pytest.raises(CommandFailedError, match="description"):
        team.kubectl("explain", "workflows.spec.description")
    release.install("replicas=2")
    assert "description" in team.kubectl("explain", "workflows.spec.description")
    assert finished == team.get("workflowrun", "nightly-once")

    assert_one_of_two_leads(release, team)
    assert_the_other_takes_over(release, team)
    assert_a_second_one_is_refused(release)

    release.uninstall()
    assert "" == everything_of(release)
    for crd in CRDS:
        release.kubectl("get", "crd", crd)
    assert finished == team.get("workflowrun", "nightly-once")
    assert {"one": "Succeeded"} == team.outcomes("nightly-once")
    # No finalizer holds on to what nobody looks after.
    team.kubectl("delete", "workflowrun", "second", "--timeout=60s")

    release.install()
    team.start("nightly", "third")
    team.ended("third")
    assert {"one": "Succeeded"} == team.outcomes("third")
    assert finished == team.get("workflowrun", "nightly-once")


def leaders(release: Release) -> list[str]:
    return [pod for pod in release.pods() if release.leads(pod)]


def assert_one_of_two_leads(release: Release, team: Story) -> None:
    """Two pods are ready, one of them leads, and a drain may take only one."""
    team.until("two pods", lambda: len(release.pods()) == 2)
    team.until("one leader", lambda: len(leaders(release)) == 1)
    words = ("get", "poddisruptionbudget", release.name, "--namespace", HOME)
    allowed = "--output=jsonpath={.status.disruptionsAllowed}"
    team.until("a budget of one", lambda: release.kubectl(*words, allowed) == "1")


def assert_the_other_takes_over(release: Release, team: Story) -> None:
    """When the leading pod is killed at once, another goes on with what people ask for."""
    (leader,) = leaders(release)
    release.kubectl("delete", "pod", leader, "--namespace", HOME, "--grace-period=0", "--force")
    team.start("nightly", "second")
    team.ended("second")
    assert {"one": "Succeeded"} == team.outcomes("second")


def assert_a_second_one_is_refused(release: Release) -> None:
    """See that helm refuses a second controller for all namespaces: it would do all work twice."""
    second = Release("default", release.kubectl, release.helm, "again")
    with pytest.raises(CommandFailedError, match=r'ClusterRole "headrace-.*cannot be imported'):
        second.install("crds.enabled=false")


def everything_of(release: Release) -> str:
    """Return the names of all that the release still has in the cluster, CRDs aside."""
    kinds = (
        "deployments,services,serviceaccounts,poddisruptionbudgets,roles,rolebindings,"
        "clusterroles,clusterrolebindings,mutatingadmissionpolicies,"
        "mutatingadmissionpolicybindings,validatingadmissionpolicies,"
        "validatingadmissionpolicybindings"
    )
    selector = f"--selector=app.kubernetes.io/instance={release.name}"
    words = ("get", kinds, "--all-namespaces", selector, "--output=name")
    return release.kubectl(*words).strip()
