"""Names that releases and namespaces may have, and what the chart makes of them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chart.everything import OBJECTS
from chart.rendering import Rendered, render
from chart.test_objects import WITHOUT_NAMESPACE
from tools.cluster.commands import CommandFailedError

ODD = ("2024", "007", "0x10", "1e3", "on", "no", "y", "null", "true", "12-30")
"""Names that Kubernetes accepts, and that are no text in YAML unless they are quoted."""
LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
"""RFC 1035, which Kubernetes asks of the name of a Service."""


def texts(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give what stands where Kubernetes wants a text, with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path} key", key
            yield from texts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, path)
    elif re.search(r"[nN]ames?(pace)?s?$|labels\.[^ ]*$|matchLabels\.[^ ]*$|values$|args$", path):
        yield path, value


def wrong(rendered: Rendered) -> list[tuple[str, Any]]:
    """Return the texts that YAML takes for something else."""
    objects = [e for e in rendered.manifests if e["kind"] != "CustomResourceDefinition"]
    every = [text for each in objects for text in texts(each, each["kind"])]
    return [(path, text) for path, text in every if not isinstance(text, str)]


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_looks_like_a_number_or_a_word_of_yaml_stays_a_text(name: str) -> None:
    """Of releases, namespaces, accounts, classes, labels: YAML takes none for a number or bool."""
    values = {
        "fullnameOverride": "blue",
        "nameOverride": name,
        "watchNamespaces": [name],
        "serviceAccount.name": name,
        "serviceMonitor.namespace": name,
        "priorityClassName": name,
        "commonLabels": {"a": name},
    }
    rendered = render({**OBJECTS, **values}, release=name, namespace=name)
    assert [] == wrong(rendered)
    assert name == rendered.one("Deployment")["metadata"]["namespace"]
    assert name == rendered.controller["metadata"]["labels"]["app.kubernetes.io/instance"]
    assert name == rendered.controller["spec"]["serviceAccountName"]


def test_the_check_sees_a_text_that_is_none() -> None:
    """The check of the test above does find faults where there are some."""
    bad = {"kind": "Role", "metadata": {"name": 7, "namespace": True, "labels": {"a": 1, 2: "b"}}}
    want = ["Role.metadata.name", "Role.metadata.namespace", "Role.metadata.labels.a"]
    assert {*want, "Role.metadata.labels key"} == {path for path, _ in wrong(Rendered((bad,)))}


@pytest.mark.parametrize(
    ("release", "want"),
    [
        ("headrace", "headrace"),
        ("blue", "blue-headrace"),
        ("my.headrace", "my-headrace"),
        ("a.b", "a-b-headrace"),
        ("l" * 53, "l" * 40),
        (f"{'l' * 37}---{'l' * 13}", "l" * 37),
    ],
)
def test_a_release_of_any_name_gives_names_that_kubernetes_accepts(release: str, want: str) -> None:
    """A dot becomes a hyphen, and 53 characters, helm's limit, leave room for every suffix."""
    rendered = render({**OBJECTS, "watchNamespaces": ["n" * 63]}, release=release)
    assert want == rendered.one("Service")["metadata"]["name"]
    assert re.fullmatch(LABEL, want)
    for each in rendered.manifests:
        limit = 253 if each["kind"] in WITHOUT_NAMESPACE or "Role" in each["kind"] else 63
        assert len(each["metadata"]["name"]) <= limit


@pytest.mark.parametrize("release", ["1headrace", "2024"])
def test_a_release_that_starts_with_a_digit_is_told_what_to_do(release: str) -> None:
    """A Service may not be called so; the message says why, and both ways out of it."""
    with pytest.raises(
        CommandFailedError, match=rf"{release} starts with a digit, .*Service.*fullnameOverride"
    ):
        render(release=release)
    named = render({"fullnameOverride": "headrace"}, release=release)
    assert "headrace" == named.one("Service")["metadata"]["name"]
