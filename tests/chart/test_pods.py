"""The pods that the chart makes: `templates/deployment.yaml` and `templates/tests/ready.yaml`."""

from collections.abc import Iterator
from typing import Any

import pytest

from chart.rendering import CHART, IMAGE, NAMESPACE, Manifest, call, render
from headrace.controller.settings import read
from tools.cluster.commands import CommandFailedError

REPOSITORY = IMAGE["image.repository"]

SETS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "two replicas": {"replicas": 2},
    "listed namespaces": {"watchNamespaces": ["ingest", "reports"]},
    "everything that can be set": {
        "affinity": {"nodeAffinity": {}},
        "extraEnv": [{"name": "KUBERNETES_SERVICE_HOST", "value": "203.0.113.7"}],
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "podAnnotations": {"team": "platform"},
        "podLabels": {"team": "platform"},
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"operator": "Exists"}],
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
        ],
    },
}
each_set = pytest.mark.parametrize("values", SETS.values(), ids=SETS.keys())

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def violations(pod: Manifest) -> Iterator[str]:
    """Tell what the restricted level refuses (kubernetes.io: Pod Security Standards)."""
    security = pod.get("securityContext", {})
    yield from (f"{key}: true" for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key))
    for volume in pod.get("volumes", ()):
        yield from (f"volume {kind}" for kind in volume.keys() - {"name"} - VOLUMES)
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        own = container.get("securityContext", {})
        merged = {**security, **own}
        if own.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if own.get("privileged"):
            yield "privileged"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield "capabilities"
        if merged.get("runAsNonRoot") is not True or merged.get("runAsUser") == 0:
            yield "root"
        if merged.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
            yield "seccompProfile"
        yield from (f"hostPort {p}" for p in container.get("ports", ()) if p.get("hostPort"))


@each_set
def test_every_pod_is_restricted_and_cannot_write_to_its_root(values: dict[str, Any]) -> None:
    """No value takes a pod out of the restricted level, but the two that speak of just that."""
    for name, pod in render(values).pods():
        assert [] == list(violations(pod)), name
        for container in pod["containers"]:
            assert True is container["securityContext"]["readOnlyRootFilesystem"]


def test_the_check_sees_what_the_restricted_level_refuses() -> None:
    """The check of the test above does find faults where there are some."""
    bad = {
        "hostNetwork": True,
        "volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}],
        "containers": [{"securityContext": {"privileged": True}, "ports": [{"hostPort": 80}]}],
    }
    want = [
        "hostNetwork: true",
        "volume hostPath",
        "allowPrivilegeEscalation",
        "privileged",
        "capabilities",
        "root",
        "seccompProfile",
        "hostPort {'hostPort': 80}",
    ]
    assert want == list(violations(bad))


@each_set
def test_every_container_says_what_it_needs(values: dict[str, Any]) -> None:
    """CPU and memory are requested, and memory is limited."""
    for _, pod in render(values).pods():
        for container in pod["containers"]:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


@each_set
def test_the_program_understands_its_command_line(values: dict[str, Any]) -> None:
    """The controller accepts the arguments, and they say what the values say."""
    settings = read(render(values).arguments)
    assert tuple(values.get("watchNamespaces", ())) == settings.namespaces
    assert NAMESPACE == settings.lease_namespace
    assert "headrace" == settings.lease_name


def test_the_values_are_the_programs_own_defaults() -> None:
    """Installing without values is the same as starting the program without flags."""
    told, default = read(render().arguments), read([])
    for name in ("port", "workers", "qps", "burst", "log_format", "log_level"):
        assert getattr(default, name) == getattr(told, name), name


def test_only_the_controller_gets_a_token() -> None:
    """The service account mounts no token by itself; the controller's pod asks for it."""
    rendered = render()
    assert False is rendered.one("ServiceAccount")["automountServiceAccountToken"]
    tokens = {name: pod["automountServiceAccountToken"] for name, pod in rendered.pods()}
    assert {"controller": True, "test": False} == tokens


def test_probes_ask_the_port_that_is_served() -> None:
    """Started and alive by /livez, ready by /readyz, on the port of the command line."""
    rendered = render()
    (container,) = rendered.controller["spec"]["containers"]
    (port,) = container["ports"]
    assert f"--port={port['containerPort']}" in rendered.arguments
    asked = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness")}
    asked["readiness"] = container["readinessProbe"]["httpGet"]
    paths = {name: probe["path"] for name, probe in asked.items()}
    assert {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"} == paths
    assert {port["name"]} == {probe["port"] for probe in asked.values()}


def test_an_upgrade_leaves_no_time_without_a_controller() -> None:
    """The new pod is ready before the old one ends, with one replica too."""
    update = render().one("Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert {"maxSurge": 1, "maxUnavailable": 0} == update


def test_several_replicas_are_spread_and_protected() -> None:
    """Two replicas prefer different nodes, and a drain leaves one; one replica needs neither."""
    two, one = render({"replicas": 2}), render()
    budget = two.one("PodDisruptionBudget")["spec"]
    assert 1 == budget["minAvailable"]
    # One that is not ready must not keep a node from being drained for ever.
    assert "AlwaysAllow" == budget["unhealthyPodEvictionPolicy"]
    (spread,) = two.controller["spec"]["topologySpreadConstraints"]
    assert "ScheduleAnyway" == spread["whenUnsatisfiable"]
    assert () == one.all("PodDisruptionBudget")
    assert "topologySpreadConstraints" not in one.controller["spec"]
    unprotected = render({"replicas": 2, "podDisruptionBudget.enabled": False})
    assert () == unprotected.all("PodDisruptionBudget")


def test_what_is_said_about_pods_reaches_the_controller() -> None:
    """Each value for the pod stands in the pod, and names of ours win over those given."""
    values = SETS["everything that can be set"]
    container = "kubectl.kubernetes.io/default-container"
    clash = {
        "podLabels": {"team": "platform", "app.kubernetes.io/name": "x"},
        "podAnnotations": {"team": "platform", container: "x"},
    }
    template = render({**values, **clash}).controller
    assert values["topologySpreadConstraints"] == template["spec"]["topologySpreadConstraints"]
    assert "platform" == template["metadata"]["labels"]["team"]
    assert "headrace" == template["metadata"]["labels"]["app.kubernetes.io/name"]
    assert {"team": "platform", container: "controller"} == template["metadata"]["annotations"]


def test_the_pod_of_the_test_runs_where_the_controller_runs() -> None:
    """A cluster that lets the controller in lets `helm test` in, by the same values."""
    values = SETS["everything that can be set"]
    placed = ("affinity", "imagePullSecrets", "nodeSelector", "priorityClassName", "tolerations")
    for name, pod in render(values).pods():
        assert {each: values[each] for each in placed} == {each: pod[each] for each in placed}, name
    for name, pod in render().pods():
        assert [] == [each for each in placed if each in pod], name


def test_variables_reach_the_controller_beside_its_own() -> None:
    """What is given comes after the name that it shows as holder of the Lease."""
    given = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
    (container,) = render({"extraEnv": [given]}).controller["spec"]["containers"]
    own, last = container["env"]
    assert ("POD_NAME", given) == (own["name"], last)


def test_another_user_can_be_left_to_the_cluster_to_choose() -> None:
    """Null takes a default out (OpenShift chooses users); what is given comes beside the rest."""
    values = {
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
        "securityContext": {"seLinuxOptions": {"level": "s0:c1,c2"}},
    }
    for name, pod in render(values).pods():
        seccomp = {"type": "RuntimeDefault"}
        assert {"runAsNonRoot": True, "seccompProfile": seccomp} == pod["securityContext"]
        assert [] == list(violations(pod)), name
        (container,) = pod["containers"]
        assert {"level": "s0:c1,c2"} == container["securityContext"]["seLinuxOptions"]
        assert True is container["securityContext"]["readOnlyRootFilesystem"]


def test_as_many_earlier_versions_are_kept_as_was_said() -> None:
    """The Deployment keeps what Kubernetes keeps by itself, or fewer."""
    assert 10 == render().one("Deployment")["spec"]["revisionHistoryLimit"]
    few = render({"revisionHistoryLimit": 2}).one("Deployment")
    assert 2 == few["spec"]["revisionHistoryLimit"]


def test_large_numbers_are_written_as_numbers() -> None:
    """A million is 1000000 and not 1e+06, which the program would refuse, from a file too."""
    values = {"controller": {"workers": 1000, "qps": 200, "burst": 1_000_000}}
    rendered = render({**values, "terminationGracePeriodSeconds": 1_000_000})
    assert 1_000_000 == read(rendered.arguments).burst
    assert 1_000_000 == rendered.controller["spec"]["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ({}, f"{REPOSITORY}:0.1.0"),
        ({"image.tag": "0.2.0"}, f"{REPOSITORY}:0.2.0"),
        (
            {"image.tag": "0.2.0", "image.digest": f"sha256:{'0' * 64}"},
            f"{REPOSITORY}@sha256:{'0' * 64}",
        ),
        ({"image.repository": "localhost:5000/mirror"}, "localhost:5000/mirror:0.1.0"),
    ],
    ids=["version", "tag", "digest wins", "mirror"],
)
def test_an_image_is_named_by_digest_else_by_tag_else_by_version(
    values: dict[str, str], want: str
) -> None:
    """All pods of the chart use the same image."""
    images = {c["image"] for _, pod in render(values).pods() for c in pod["containers"]}
    assert {want} == images


def test_an_image_is_never_guessed() -> None:
    """Who does not name the image that they built is told to, and where to read how."""
    with pytest.raises(
        CommandFailedError, match=r"image\.repository: name the image that you built, e\.g\. \S+ \("
    ):
        call("template", "headrace", CHART)


def test_a_service_account_that_is_not_made_is_never_guessed() -> None:
    """With serviceAccount.create=false a name must be given: rights are not bound to `default`."""
    with pytest.raises(CommandFailedError, match=r"serviceAccount\.name: name the ServiceAccount"):
        render({"serviceAccount.create": False})
    rendered = render({"serviceAccount.create": False, "serviceAccount.name": "ours"})
    assert () == rendered.all("ServiceAccount")
    assert "ours" == rendered.controller["spec"]["serviceAccountName"]
