"""
The chart's manifests, as helm renders them without a cluster.

Knows helm's command line. Does not know what should be in the manifests.
"""

import functools
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.cluster import build
from tools.cluster.commands import run

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "headrace"
NAMESPACE = "headrace-system"
IMAGE = {"image.repository": "registry.example.com/headrace/controller"}
"""The one value that must be given."""
KUBERNETES = build.KUBERNETES
"""What helm takes the cluster for; left to itself, it goes by how it was built."""
MUTATING = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"

Manifest = Mapping[str, Any]


@functools.cache
def helm() -> Path:
    """
    Return helm 4, built if need be: helm 3 shows no notes without a cluster.

    Raises:
        ClusterError: It is not on this machine and cannot be built.

    """
    found = shutil.which("helm")
    if found and run(found, "version", "--short").startswith("v4"):
        return Path(found)
    return build.tool(build.HELM)


def call(*words: str | Path) -> str:
    """
    Call helm and return what it writes to standard output; no cluster is near.

    Raises:
        CommandFailedError: It refused; the message says why.

    """
    return run(helm(), *words, environ={"KUBECONFIG": os.devnull})


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one set of values gives."""

    manifests: tuple[Manifest, ...]

    def all(self, kind: str) -> tuple[Manifest, ...]:
        return tuple(each for each in self.manifests if each["kind"] == kind)

    def one(self, kind: str, name: str | None = None) -> Manifest:
        """Return the only object of that kind beside those of the archive, or the one of a name."""
        found = [
            each
            for each in self.all(kind)
            if (component(each) != "archive" if name is None else each["metadata"]["name"] == name)
        ]
        (only,) = found
        return only

    @property
    def controller(self) -> Manifest:
        """The pod template of the controller."""
        return self.template("controller")

    def template(self, program: str) -> Manifest:
        """Return the pod template of one of our programs."""
        (found,) = (
            each["spec"]["template"]
            for each in self.all("Deployment")
            if component(each) == program
        )
        template: Manifest = found
        return template

    @property
    def arguments(self) -> Sequence[str]:
        """The controller's command line."""
        (container,) = self.controller["spec"]["containers"]
        arguments: Sequence[str] = container["args"]
        return arguments

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """Give each pod spec in the chart with the name of who makes the pod."""
        for each in self.all("Deployment"):
            yield component(each), each["spec"]["template"]["spec"]
        yield "test", self.one("Pod")["spec"]


def component(item: Manifest) -> str:
    """Return which of our programs an object is of; empty: of none alone."""
    labels = item["metadata"].get("labels", {})
    return str(labels.get("app.kubernetes.io/component", ""))


@functools.cache
def _render(values: str, release: str, namespace: str, apis: tuple[str, ...]) -> Rendered:
    offered = [f"--api-versions={api}" for api in apis]
    where = ("--namespace", namespace, "--kube-version", KUBERNETES)
    text = call("template", release, CHART, *where, *_sets(json.loads(values)), *offered)
    return Rendered(tuple(each for each in yaml.safe_load_all(text) if each))


def _sets(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in {**IMAGE, **values}.items():
        yield f"--set-json={name}={json.dumps(value)}"


def render(
    values: Mapping[str, Any] | None = None,
    *,
    release: str = "headrace",
    namespace: str = NAMESPACE,
    apis: Sequence[str] = (MUTATING,),
) -> Rendered:
    """
    Render the chart.

    Args:
        values: By name, with dots: `{"rbac.create": False}`. The image need not be given.
        release: Its name.
        namespace: Where it is installed.
        apis: What the cluster has beyond what helm takes for granted.

    Raises:
        CommandFailedError: helm refused; the message says why.

    """
    return _render(json.dumps(values or {}), release, namespace, tuple(apis))


def notes(values: Mapping[str, Any] | None = None) -> str:
    """Return what a person reads after `helm install`."""
    words = ("install", "headrace", CHART, "--namespace", NAMESPACE, "--dry-run=client")
    told = call(*words, "--output=json", *_sets(values or {}))
    text: str = json.loads(told)["info"]["notes"]
    return text


def manifest_in(text: str) -> str:
    """Return the manifest that a here-document of a shell holds in the text."""
    found = re.search(r"<<'EOF'\n(.*?\n)EOF$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]
