"""
Headrace as the chart installs it: helm's verbs, and what the API server says of rights.

Knows helm and kubectl. Knows no test.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.fixtures import Program
from tools.cluster.provider import Cluster

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "headrace"
REPOSITORY = "docker.io/headrace/controller"
IMAGE = f"{REPOSITORY}:0.1.0"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"

Right = tuple[str, str, str]  # verb, resource (with group and subresource), namespace


def load_image(cluster: Cluster) -> None:
    """Build the controller's image from this tree and put it where pods find it."""
    cluster.build_image(ROOT / "Dockerfile", ROOT, IMAGE)
    cluster.load_image(IMAGE)


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the chart; `home` is its namespace."""

    home: str
    kubectl: Program
    helm: Program
    name: str = "headrace"

    @property
    def account(self) -> str:
        """Who the controller is to the API server."""
        return f"system:serviceaccount:{self.home}:{self.name}"

    def install(self, *values: str, chart: Path = CHART) -> None:
        """Install or upgrade, and wait until the controller is ready."""
        image = f'image.repository="{REPOSITORY}"'
        sets = [word for value in (image, *values) for word in ("--set-json", value)]
        what = (self.name, str(chart), "--namespace", self.home)
        how = ("--reset-values", "--wait", "--timeout=180s")
        self.helm("upgrade", "--install", *what, *how, *sets)

    def test(self) -> str:
        """Run the chart's own test; return what helm prints."""
        return self.helm("test", self.name, "--namespace", self.home, "--logs")

    def uninstall(self) -> None:
        self.helm("uninstall", self.name, "--namespace", self.home, "--wait")

    def pods(self) -> Sequence[str]:
        """Return the names of the controller's pods that are not about to end."""
        words = ("get", "pods", "--namespace", self.home, "--output=json")
        selector = f"--selector=app.kubernetes.io/instance={self.name}"
        items = json.loads(self.kubectl(*words, selector))["items"]
        names = [each["metadata"] for each in items]
        return [each["name"] for each in names if "deletionTimestamp" not in each]

    def leads(self, pod: str) -> bool:
        """Ask a pod whether it leads."""
        path = f"/api/v1/namespaces/{self.home}/pods/{pod}:8080/proxy/metrics"
        return "\nheadrace_leading 1.0" in self.kubectl("get", "--raw", path)


def allowed(kubectl: Program, user: str, rights: Iterable[Right]) -> set[Right]:
    """Return those of the rights that the user has, by the API server's own judgement."""
    asked = list(rights)
    reviews = [_review(user, right) for right in asked]
    text = kubectl("create", "--output=json", "--filename=-", stdin=_list(reviews))
    answers = [json.loads(line) for line in _documents(text)]
    return {right for right, it in zip(asked, answers, strict=True) if it["status"]["allowed"]}


def _review(user: str, right: Right) -> dict[str, object]:
    verb, resource, namespace = right
    name, _, subresource = resource.partition("/")
    plural, _, group = name.partition(".")
    attributes = {"verb": verb, "resource": plural, "group": group, "subresource": subresource}
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": {**attributes, "namespace": namespace}},
    }


def _list(items: Sequence[dict[str, object]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _documents(text: str) -> Iterable[str]:
    """Give each of several JSON objects that kubectl printed one after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        yield from (json.dumps(each) for each in value.get("items", [value]))
        rest = rest[end:].strip()
