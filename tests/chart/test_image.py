"""What the controller's image is made of, without building it: `Dockerfile` and `locks/`."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from chart.rendering import CHART, ROOT, render

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LOCKS = ("image.txt", "build.txt")


def test_all_say_the_same_version() -> None:
    """Package, image, chart and the chart of CRDs carry one version."""
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    crds = yaml.safe_load((ROOT / "helm" / "headrace-crds" / "Chart.yaml").read_text())
    chart: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
    (dependency,) = chart["dependencies"]
    said = {
        "image": re.findall(r"^ARG VERSION=(.+)$", DOCKERFILE, re.MULTILINE),
        "chart": [chart["version"], chart["appVersion"]],
        "crds": [crds["version"], crds["appVersion"], dependency["version"]],
    }
    for what, versions in said.items():
        assert {package} == set(versions), what


def test_the_image_runs_as_the_user_that_the_chart_asks_for() -> None:
    """The image's user is a number, so that the kubelet can tell that it is not root."""
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) == render().controller["spec"]["securityContext"]["runAsUser"]


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_enters_the_image_without_a_hash(lock: str) -> None:
    """Each package is pinned to a version and to hashes, and no registry is named."""
    text = (ROOT / "locks" / lock).read_text()
    packages = [part for part in re.split(r"\n(?=\S)", text) if not part.startswith("#")]
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9._-]+==\S+", package), package
        assert "--hash=sha256:" in package
    assert "://" not in text


def test_every_download_in_the_dockerfile_is_checked_by_hash() -> None:
    """`pip install` takes hashes, or what this build has just made."""
    commands = re.findall(r"pip\S* (?:--python \S+ )?install ([^&\n]*)", DOCKERFILE)
    assert commands
    for words in commands:
        assert "--require-hashes" in words or "--no-index" in words
