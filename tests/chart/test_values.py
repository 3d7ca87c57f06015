"""What can be set, and what is refused: `values.yaml` and `values.schema.json`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from chart.rendering import CHART, render
from tools.cluster.commands import CommandFailedError

VALUES: Mapping[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: Mapping[str, Any] = json.loads((CHART / "values.schema.json").read_text())

# helm puts `global` beside the values of each chart that has a dependency.
HELMS_OWN = {"global", "crds.global"}


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Give the dotted name of each value; one that is empty is a leaf."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def described(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Give the dotted name of each value that the schema knows."""
    for name, inner in schema["properties"].items():
        if "properties" in inner:
            yield from described(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def closed(schema: Mapping[str, Any]) -> Iterator[bool]:
    """Tell of each object with named fields whether it refuses others."""
    if "properties" in schema:
        yield schema.get("additionalProperties") is False
        for inner in schema["properties"].values():
            yield from closed(inner)


def test_the_schema_knows_the_values_and_no_others() -> None:
    """Each value of values.yaml is in the schema, and nothing is that values.yaml does not show."""
    # Of these, values.yaml shows what is set; what else can be is Kubernetes' to say.
    kubernetes = (
        *("resources.", "podSecurityContext.", "securityContext."),
        *("receiver.resources.", "archive.resources."),
    )
    parts = ("requests", "limits", "claims")
    shown = {f"{path}resources.{it}" for path in ("", "receiver.", "archive.") for it in parts}
    shown |= {"podSecurityContext", "securityContext"}
    in_values = {name for name in leaves(VALUES) if not name.startswith(kubernetes)}
    assert in_values | shown == set(described(SCHEMA)) - HELMS_OWN


def test_every_object_of_the_schema_refuses_what_it_does_not_know() -> None:
    """A slip in a name is refused at any depth."""
    assert all(closed(SCHEMA))


def test_every_value_has_a_comment() -> None:
    """Each block of values.yaml starts with a line that says what it is for."""
    text = (CHART / "values.yaml").read_text()
    bare = [block for block in text.split("\n\n") if not block.startswith("#")]
    assert [] == bare


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"replica": 2}, "replica"),
        ({"replicas": "two"}, "replicas"),
        ({"replicas": -1}, "replicas"),
        ({"watchNamespace": ["a"]}, "watchNamespace"),
        ({"watchNamespaces": ["Team_A"]}, "watchNamespaces"),
        ({"watchNamespaces": ["a", "a"]}, "watchNamespaces"),
        ({"watchNamespaces": "a"}, "watchNamespaces"),
        ({"image.digest": "sha256:abc"}, "digest"),
        ({"image.pullPolicy": "Sometimes"}, "pullPolicy"),
        ({"image.registry": "example.com"}, "registry"),
        ({"image.repository": "example.com/controller:0.1.0"}, "repository"),
        ({"image.repository": f"example.com/controller@sha256:{'0' * 64}"}, "repository"),
        ({"commonLabels": {"team": 7}}, "commonLabels"),
        ({"extraEnv": [{"name": "POD_NAME", "value": "x"}]}, "extraEnv"),
        ({"extraEnv": [{"name": "WORD", "value": 7}]}, "extraEnv"),
        ({"extraEnv": {"WORD": "x"}}, "extraEnv"),
        ({"podDisruptionBudget.enabled": "yes"}, "podDisruptionBudget"),
        ({"podSecurityContext": True}, "podSecurityContext"),
        ({"revisionHistoryLimit": -1}, "revisionHistoryLimit"),
        ({"controller.logLevel": "trace"}, "logLevel"),
        ({"controller.workers": 0}, "workers"),
        ({"controller.qps": None}, "qps"),
        ({"resources.limit": {"memory": "1Gi"}}, "limit"),
        ({"crds.enable": False}, "enable"),
        ({"requestedBy.enabled": "yes"}, "requestedBy"),
        ({"service.port": 70000}, "port"),
        ({"serviceMonitor.interval": "often"}, "interval"),
        ({"serviceMonitor.scrapeTimeout": "5"}, "scrapeTimeout"),
        ({"serviceMonitor.namespace": "Monitoring"}, "namespace"),
        ({"serviceMonitor.relabelings": {}}, "relabelings"),
        ({"networkPolicy.apiServer.cidr": "10.0.0.1/32"}, "cidr"),
        ({"imagePullSecrets": ["registry"]}, "imagePullSecrets"),
        ({"fullnameOverride": "A" * 10}, "fullnameOverride"),
        ({"fullnameOverride": "1headrace"}, "fullnameOverride"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], word: str) -> None:
    """What is misspelt or out of bounds stops the installation, and the message names it."""
    with pytest.raises(CommandFailedError, match=f"schema(.|\n)*{word}"):
        render(values)
