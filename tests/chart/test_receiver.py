"""The receiver of deliveries: `templates/receiver/`."""

from collections.abc import Mapping
from typing import Any

import pytest

from chart.everything import OBJECTS, RECEIVER
from chart.rendering import NAMESPACE, Manifest, Rendered, render
from chart.rights import RECEIVER as RIGHTS
from chart.test_names import wrong
from chart.test_pods import violations
from chart.test_rights import rights, table
from headrace.receiver.settings import Settings, read
from tools.cluster.commands import CommandFailedError

NAME = "headrace-receiver"
COMPONENT = "app.kubernetes.io/component"


def received(values: Mapping[str, Any] | None = None) -> Rendered:
    """Render the chart with all that there is of the receiver."""
    return render({**OBJECTS, **RECEIVER, **(values or {})})


def of_receiver(manifest: Manifest) -> bool:
    """Return whether an object belongs to the receiver."""
    return "receiver" == manifest["metadata"].get("labels", {}).get(COMPONENT)


def pod(rendered: Rendered) -> Manifest:
    """Return the receiver's pod template."""
    template: Manifest = rendered.one("Deployment", NAME)["spec"]["template"]
    return template


def test_without_being_asked_for_there_is_no_receiver() -> None:
    """Nobody is reachable from outside because of an upgrade."""
    values = {name: value for name, value in RECEIVER.items() if name != "receiver.enabled"}
    for each in render({**OBJECTS, **values}).manifests:
        assert not of_receiver(each)


def test_the_rest_of_the_chart_is_the_same_with_a_receiver() -> None:
    """The controller gains no right, and its pods are no other ones."""
    without = render(OBJECTS).manifests
    assert list(without) == [each for each in received().manifests if not of_receiver(each)]


def test_a_receiver_may_read_the_named_secrets_and_no_others() -> None:
    """In the listed namespaces, by a Role in each: exactly the rights of the table."""
    rendered = received()
    roles = [each for each in rendered.all("Role") if each["metadata"]["name"].endswith(NAME)]
    assert ["ingest", "reports"] == [each["metadata"]["namespace"] for each in roles]
    for role in roles:
        assert table(RIGHTS) == rights(role["rules"])
        for rule in role["rules"]:
            assert ("secrets" in rule["resources"]) is ("resourceNames" in rule)
    names = [role["rules"][-1]["resourceNames"] for role in roles]
    assert [["github-webhook", "billing"], ["billing"]] == names
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    bindings = [e for e in rendered.all("RoleBinding") if e["metadata"]["name"].endswith(NAME)]
    assert [[account]] * 2 == [each["subjects"] for each in bindings]
    assert NAME == pod(rendered)["spec"]["serviceAccountName"]
    for each in (*rendered.all("ClusterRoleBinding"), *rendered.all("RoleBinding")):
        bound = each["metadata"]["labels"][COMPONENT]
        assert (account in each["subjects"]) is (bound == "receiver")


def test_a_namespace_without_secrets_gives_no_right_to_any() -> None:
    """An empty list of names in a rule would mean all of them."""
    given = {"receiver.namespaces": [{"namespace": "ingest", "secrets": []}]}
    (role,) = (e for e in received(given).all("Role") if e["metadata"]["name"].endswith(NAME))
    assert "secrets" not in {resource for _, resource, _ in rights(role["rules"])}


def test_without_a_namespace_the_receiver_is_refused() -> None:
    """The message says what to give."""
    with pytest.raises(CommandFailedError, match=r"receiver\.namespaces: say whose workflows"):
        received({"receiver.namespaces": []})


def test_without_a_host_an_ingress_is_refused() -> None:
    """It would take whatever host is asked for."""
    with pytest.raises(CommandFailedError, match=r"receiver\.ingress\.host: name the host"):
        received({"receiver.ingress.host": ""})


def test_rights_of_the_receiver_can_be_left_to_somebody_else() -> None:
    """As those of the controller; an account too."""
    given = {"receiver.serviceAccount.create": False, "receiver.serviceAccount.name": "theirs"}
    rendered = received({**given, "rbac.create": False})
    assert () == rendered.all("Role")
    assert not any(of_receiver(account) for account in rendered.all("ServiceAccount"))
    assert "theirs" == pod(rendered)["spec"]["serviceAccountName"]
    with pytest.raises(CommandFailedError, match=r"receiver\.serviceAccount\.name"):
        received({**given, "receiver.serviceAccount.name": ""})


def test_the_pod_is_restricted_and_says_what_it_needs() -> None:
    """As that of the controller."""
    spec = pod(received())["spec"]
    assert [] == list(violations(spec))
    (container,) = spec["containers"]
    assert True is container["securityContext"]["readOnlyRootFilesystem"]
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]


def test_the_receiver_understands_its_command_line() -> None:
    """It is told the listed namespaces; else the values are the program's own defaults."""
    (container,) = pod(received())["spec"]["containers"]
    assert ["python", "-m", "headrace.receiver"] == container["command"]
    assert Settings(("ingest", "reports")) == read(container["args"])


def test_deliveries_and_probes_have_ports_of_their_own() -> None:
    """An Ingress leads to deliveries alone."""
    rendered = received()
    (container,) = pod(rendered)["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    default = Settings(("ingest",))
    assert {"deliveries": default.port, "http": default.probe_port} == ports
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert {"http"} == {probe["port"] for probe in probes}
    (rule,) = rendered.one("Ingress")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert "/webhooks/" == path["path"]
    want = {"name": NAME, "port": {"name": "deliveries"}}
    assert want == path["backend"]["service"]


def test_what_selects_the_receivers_pods_finds_them_and_nothing_else() -> None:
    """Service, budget, spread, policy and monitor mean the same pods, not the controller's."""
    rendered = received()
    template = pod(rendered)
    spread = template["spec"]["topologySpreadConstraints"][0]["labelSelector"]
    selectors = [
        rendered.one("Deployment", NAME)["spec"]["selector"]["matchLabels"],
        rendered.one("Service", NAME)["spec"]["selector"],
        rendered.one("PodDisruptionBudget", NAME)["spec"]["selector"]["matchLabels"],
        rendered.one("NetworkPolicy", NAME)["spec"]["podSelector"]["matchLabels"],
        spread["matchLabels"],
    ]
    other = rendered.one("Deployment", "headrace")["spec"]["template"]["metadata"]["labels"]
    for selector in selectors:
        assert selector.items() <= template["metadata"]["labels"].items()
        assert not selector.items() <= other.items()
    monitored = rendered.one("ServiceMonitor", NAME)["spec"]["selector"]["matchLabels"].items()
    assert monitored <= rendered.one("Service", NAME)["metadata"]["labels"].items()


def test_the_network_policy_lets_in_whom_the_values_name() -> None:
    """Deliveries from the Ingress controller, metrics to Prometheus; out to the API server."""
    spec = received().one("NetworkPolicy", NAME)["spec"]
    deliveries, metrics = spec["ingress"]
    assert ("deliveries", "http") == (deliveries["ports"][0]["port"], metrics["ports"][0]["port"])
    assert RECEIVER["receiver.deliveriesFrom"] == deliveries["from"]
    assert [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 6443}] == (
        spec["egress"][0]["ports"]
    )


@pytest.mark.parametrize("name", ["2024", "on", "1e3"])
def test_names_stay_texts(name: str) -> None:
    """Of namespaces, Secrets, accounts and hosts: YAML takes none for a number or bool."""
    given = {
        "fullnameOverride": "blue",
        "receiver.namespaces": [{"namespace": name, "secrets": [name]}],
        "receiver.serviceAccount.name": name,
        "receiver.ingress.tlsSecret": name,
        "receiver.ingress.className": name,
    }
    assert [] == wrong(received(given))
