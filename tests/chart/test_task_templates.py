"""The ready-made templates of the chart: `task-templates.yaml`."""

from typing import Any

import pytest
import yaml

from chart.rendering import CHART, KUBERNETES, NAMESPACE, ROOT, call

SERVED = "headrace.dev/v1alpha1/ClusterTaskTemplate"
REGISTRY = {"templates.registry": "registry.example.com/headrace"}


def templates(values: dict[str, str], *, served: bool = True) -> dict[str, Any]:
    """Return the templates that the chart gives, by name."""
    sets = [f"--set={name}={value}" for name, value in {"image.repository": "r", **values}.items()]
    known = ("--api-versions", SERVED) if served else ()
    where = ("--namespace", NAMESPACE, "--kube-version", KUBERNETES)
    text = call("template", "headrace", CHART, *where, *sets, *known)
    found = [each for each in yaml.safe_load_all(text) if each]
    return {each["metadata"]["name"]: each for each in found if "TaskTemplate" in each["kind"]}


def test_no_template_is_installed_whose_image_nobody_has_named() -> None:
    """Its tasks could not start."""
    assert {} == templates({})


def test_each_template_of_the_repository_is_installed_with_its_image() -> None:
    """From the registry that was named, with the chart's version."""
    found = templates(REGISTRY)
    files = sorted((ROOT / "task-images").glob("*/template.yaml"))
    assert files
    for file in files:
        written = yaml.safe_load(file.read_text())
        name = written["metadata"]["name"]
        image = f"registry.example.com/headrace/task-{name.partition('.')[0]}:0.1.0"
        assert {**written["spec"], "image": image} == found[name]["spec"]


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({**REGISTRY, "templates.tag": "b2"}, "registry.example.com/headrace/task-http:b2"),
        ({"templates.images.http.repository": "a/b"}, "a/b:0.1.0"),
        (
            {**REGISTRY, "templates.images.http.digest": f"sha256:{'0' * 64}"},
            f"registry.example.com/headrace/task-http@sha256:{'0' * 64}",
        ),
    ],
)
def test_images_can_be_named_one_by_one(values: dict[str, str], image: str) -> None:
    """A digest pins an image."""
    assert image == templates(values)["http.v1"]["spec"]["image"]


def test_the_installation_that_brings_the_crds_brings_no_template() -> None:
    """Helm asks the API server for each kind beforehand."""
    assert {} == templates(REGISTRY, served=False)
