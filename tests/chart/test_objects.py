"""The chart as a whole: names, labels, and the objects around the controller."""

from typing import Any

import pytest
import yaml

from chart.rendering import CHART, NAMESPACE, ROOT, call, manifest_in, notes, render
from headrace.api.v1alpha1.parse import parse_workflow

ALL: dict[str, Any] = {
    "replicas": 2,
    "serviceMonitor.enabled": True,
    "networkPolicy.enabled": True,
    "reserveNamespace": True,
}
WITHOUT_NAMESPACE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
LABELS = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}


def test_helm_finds_nothing_to_complain_of() -> None:
    """`helm lint --strict` accepts the chart."""
    assert "0 chart(s) failed" in call("lint", "--strict", CHART)


def test_every_object_stands_in_the_releases_namespace_and_is_labelled() -> None:
    """Nothing lands in the namespace that kubectl happens to point at."""
    for each in render(ALL).manifests:
        if each["kind"] == "CustomResourceDefinition":
            continue
        want = None if each["kind"] in WITHOUT_NAMESPACE else NAMESPACE
        assert want == each["metadata"].get("namespace"), each["kind"]
        assert each["metadata"]["labels"].keys() >= LABELS


def test_a_release_name_of_any_length_gives_names_that_kubernetes_accepts() -> None:
    """A name of 53 characters, helm's limit, leaves room for every suffix."""
    long = "l" * 53
    rendered = render({**ALL, "watchNamespaces": ["n" * 63]}, release=long)
    for each in rendered.manifests:
        limit = 253 if each["kind"] in WITHOUT_NAMESPACE or "Role" in each["kind"] else 63
        assert len(each["metadata"]["name"]) <= limit


def test_what_selects_the_controllers_pods_finds_them_and_nothing_else() -> None:
    """Service, budget, spread, network policy and monitor mean the same pods, not the test's."""
    rendered = render(ALL)
    labels = rendered.controller["metadata"]["labels"].items()
    selectors = [
        rendered.one("Deployment")["spec"]["selector"]["matchLabels"],
        rendered.one("Service")["spec"]["selector"],
        rendered.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        rendered.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        rendered.controller["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels
        assert not selector.items() <= rendered.one("Pod")["metadata"]["labels"].items()
    monitored = rendered.one("ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    assert monitored <= rendered.one("Service")["metadata"]["labels"].items()


def test_the_network_policy_lets_metrics_in_and_the_api_server_be_reached() -> None:
    """With peers and addresses given, nobody else is let in and nothing else can be reached."""
    values = {
        "networkPolicy.enabled": True,
        "networkPolicy.metricsFrom": [{"namespaceSelector": {"matchLabels": {"team": "watch"}}}],
        "networkPolicy.apiServer": {"cidrs": ["203.0.113.7/32"], "ports": [6443]},
    }
    spec = render(values).one("NetworkPolicy")["spec"]
    assert ["Ingress", "Egress"] == spec["policyTypes"]
    (let_in,), (let_out,) = spec["ingress"], spec["egress"]
    assert [{"protocol": "TCP", "port": "http"}] == let_in["ports"]
    test, given = let_in["from"]
    assert "test" == test["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
    assert values["networkPolicy.metricsFrom"] == [given]
    assert [{"protocol": "TCP", "port": 6443}] == let_out["ports"]
    assert [{"ipBlock": {"cidr": "203.0.113.7/32"}}] == let_out["to"]


def test_the_crds_are_kept_and_can_be_left_to_somebody_else() -> None:
    """Uninstalling keeps every CRD; with crds.enabled=false the chart has none."""
    crds = render().all("CustomResourceDefinition")
    assert {"workflows", "workflowruns", "taskruns"} == {c["spec"]["names"]["plural"] for c in crds}
    for crd in crds:
        assert "keep" == crd["metadata"]["annotations"]["helm.sh/resource-policy"]
    assert () == render({"crds.enabled": False}).all("CustomResourceDefinition")


def test_the_charts_crds_are_those_of_the_repository() -> None:
    """What the chart installs is what is in crds/, with the annotation that keeps it."""
    for crd in render().all("CustomResourceDefinition"):
        alone = yaml.safe_load((ROOT / "crds" / f"{crd['metadata']['name']}.yaml").read_text())
        assert alone["spec"] == crd["spec"]
        assert alone["metadata"]["name"] == crd["metadata"]["name"]


@pytest.mark.parametrize(
    ("values", "namespace"),
    [({}, "default"), ({"watchNamespaces": ["ingest", "reports"]}, "ingest")],
    ids=["cluster", "listed"],
)
def test_the_notes_show_commands_that_work_here(values: dict[str, Any], namespace: str) -> None:
    """Three commands: the second applies a Workflow that is right, where Headrace looks."""
    text = notes(values)
    assert 3 == text.count("   kubectl --namespace ")
    assert f"kubectl --namespace {NAMESPACE} rollout status deployment/headrace" in text
    assert f"kubectl --namespace {namespace} apply" in text
    spec = parse_workflow(yaml.safe_load(manifest_in(text)))
    assert ["hello", "world"] == [task.name for task in spec.tasks]
