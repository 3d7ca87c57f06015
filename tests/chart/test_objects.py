"""The chart as a whole: names, labels, and the objects around the controller."""

import yaml

from chart.everything import OBJECTS
from chart.rendering import CHART, IMAGE, NAMESPACE, ROOT, call, render

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
    (image,) = (f"--set={name}={value}" for name, value in IMAGE.items())
    assert "0 chart(s) failed" in call("lint", "--strict", CHART, image)


def test_every_object_stands_in_the_releases_namespace_and_is_labelled() -> None:
    """Nothing lands in the namespace that kubectl happens to point at."""
    for each in render(OBJECTS).manifests:
        if each["kind"] == "CustomResourceDefinition":
            continue
        want = None if each["kind"] in WITHOUT_NAMESPACE else NAMESPACE
        assert want == each["metadata"].get("namespace"), each["kind"]
        assert each["metadata"]["labels"].keys() >= LABELS


def test_labels_and_annotations_for_all_objects_reach_all_but_the_crds() -> None:
    """What is said once stands on every object and on the pods; the chart's own labels win."""
    name = "app.kubernetes.io/name"
    common = {"team": "platform", name: "x"}
    annotations = {"owner": "ingest"}
    rendered = render({**OBJECTS, "commonLabels": common, "commonAnnotations": annotations})
    objects = [each for each in rendered.manifests if each["kind"] != "CustomResourceDefinition"]
    for each in (*objects, rendered.controller):
        metadata = each["metadata"]
        assert "platform" == metadata["labels"]["team"]
        assert "headrace" == metadata["labels"][name]
        assert "ingest" == metadata["annotations"]["owner"]
    assert "test" == rendered.one("Pod")["metadata"]["annotations"]["helm.sh/hook"]


def test_what_is_said_of_one_object_wins_over_what_is_said_of_all() -> None:
    """Of two values for one label the closer one holds, also when it is empty."""
    close = ("podLabels", "podAnnotations", "service.labels", "service.annotations")
    close += ("serviceAccount.annotations", "serviceMonitor.labels")
    common = {"commonLabels": {"a": "all"}, "commonAnnotations": {"a": "all"}}
    rendered = render({**OBJECTS, **common, **{name: {"a": ""} for name in close}})
    pod, service = rendered.controller["metadata"], rendered.one("Service")["metadata"]
    account = rendered.one("ServiceAccount")["metadata"]
    for metadata in (pod, service):
        assert ("", "") == (metadata["labels"]["a"], metadata["annotations"]["a"])
    assert ("all", "") == (account["labels"]["a"], account["annotations"]["a"])
    assert "" == rendered.one("ServiceMonitor")["metadata"]["labels"]["a"]


def test_the_monitor_can_stand_elsewhere_and_still_means_this_service() -> None:
    """In another namespace it looks for the Service in the release's; the rest is as given."""
    relabelings = [{"targetLabel": "cluster", "replacement": "blue"}]
    values = {"namespace": "monitoring", "scrapeTimeout": "5s", "relabelings": relabelings}
    given = {f"serviceMonitor.{name}": value for name, value in values.items()}
    there, here = (
        render({**OBJECTS, **given}).one("ServiceMonitor"),
        render(OBJECTS).one("ServiceMonitor"),
    )
    assert "monitoring" == there["metadata"]["namespace"]
    for monitor in (there, here):
        assert {"matchNames": [NAMESPACE]} == monitor["spec"]["namespaceSelector"]
    (endpoint,) = there["spec"]["endpoints"]
    assert ("5s", relabelings) == (endpoint["scrapeTimeout"], endpoint["relabelings"])
    assert {"port", "path", "interval"} == here["spec"]["endpoints"][0].keys()


def test_what_selects_the_controllers_pods_finds_them_and_nothing_else() -> None:
    """Service, budget, spread, network policy and monitor mean the same pods, not the test's."""
    rendered = render(OBJECTS)
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
    want = {"workflows", "workflowruns", "taskruns", "approvals", "pools", "backfills"}
    want |= {"tasktemplates", "clustertasktemplates"}
    assert want == {crd["spec"]["names"]["plural"] for crd in crds}
    for crd in crds:
        assert "keep" == crd["metadata"]["annotations"]["helm.sh/resource-policy"]
    assert () == render({"crds.enabled": False}).all("CustomResourceDefinition")


def test_the_charts_crds_are_those_of_the_repository() -> None:
    """What the chart installs is what is in crds/, with the annotation that keeps it."""
    for crd in render().all("CustomResourceDefinition"):
        alone = yaml.safe_load((ROOT / "crds" / f"{crd['metadata']['name']}.yaml").read_text())
        assert alone["spec"] == crd["spec"]
        assert alone["metadata"]["name"] == crd["metadata"]["name"]
