"""What `docs/how-to/install.md`, `explanation/security.md` and the README say of the chart."""

import re
from itertools import pairwise
from typing import Any

import pytest

from chart.rendering import CHART, KUBERNETES, ROOT, call, render
from chart.rights import CONTROLLER, EVERYWHERE, LEASE

GUIDE = (ROOT / "docs" / "how-to" / "install.md").read_text()
README = (ROOT / "README.md").read_text()
SECURITY = (ROOT / "docs" / "explanation" / "security.md").read_text()


def commands() -> list[str]:
    """Return the helm commands about the chart of guide and README, each on one line."""
    found = re.findall(r"```sh\n(.*?)```", f"{GUIDE}\n{README}", re.DOTALL)
    lines = "".join(found).replace("\\\n", " ").splitlines()
    return [line for line in lines if re.match(r"helm (install|upgrade) ", line)]


def sets(line: str) -> list[str]:
    """Return what the command sets; one that reuses values has those of the first install too."""
    if "--reset-then-reuse-values" in line:
        line = f"{commands()[0]} {line}"
    return [f"--set={value}" for word, value in pairwise(line.split()) if word == "--set"]


def test_the_table_of_rights_is_the_chart_s() -> None:
    """The guide shows exactly the rights that the chart grants."""
    table: dict[tuple[str, str], str] = {}
    _, _, after = GUIDE.partition("| API group | resource | verbs | for |")
    controller = after.partition("\n\n")[0]  # Other programs have tables of their own below.
    for row in re.findall(
        r"^\| ([a-z0-9.]+) \| ([a-z/, ]+) \| ([a-z ]+) \| .+\|$", controller, re.MULTILINE
    ):
        group, resources, verbs = row
        for resource in resources.split(", "):
            table["" if group == "core" else group, resource] = verbs
    assert {**CONTROLLER, **EVERYWHERE, **LEASE} == table


@pytest.mark.parametrize("line", commands())
def test_each_helm_command_of_the_guide_is_accepted(line: str) -> None:
    """Chart and values of the command exist, and none is missing: helm renders them."""
    words = line.split()
    folder = next(word for word in words if word.startswith("./helm/"))
    namespace = words[words.index("--namespace") + 1]
    where = ("--namespace", namespace, "--kube-version", KUBERNETES)
    assert "kind: " in call("template", words[2], ROOT / folder, *where, *sets(line))


def test_each_value_that_the_guide_names_exists() -> None:
    """Each name in the table of values is one that can be set."""
    names = re.findall(r"`([a-z][A-Za-z]+(?:\.[A-Za-z]+)+|[a-z]+[A-Z][A-Za-z]+|replicas)`", GUIDE)
    values = (CHART / "values.yaml").read_text()
    for name in {name for name in names if "dev" not in name and "yaml" not in name}:
        for part in name.split("."):
            assert re.search(rf"^ *{part}:", values, re.MULTILINE), name


def test_each_test_that_the_threat_model_names_exists() -> None:
    """A claim about security names the test that holds it."""
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)`", SECURITY))
    assert named
    assert [] == [name for name in named if not (ROOT / name).exists()]
    for number in ("42", "46", "47"):
        assert list((ROOT / "tests" / "broken").glob(f"{number}-*.yaml"))


def test_the_memory_of_the_guide_fits_into_what_is_requested() -> None:
    """What the controller takes when idle is less than what the chart asks for."""
    (told,) = re.findall(r"takes some (\d+) MiB", GUIDE)
    container: dict[str, Any] = render().controller["spec"]["containers"][0]
    assert int(told) < int(container["resources"]["requests"]["memory"].removesuffix("Mi"))
