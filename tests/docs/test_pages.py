"""The documentation holds together: links, diagrams, examples of YAML, the index."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel, TypeAdapter

from docs.blocks import ROOT, Block, blocks, pages
from headrace.api.v1alpha1.task import RunWhen, Task
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.cli.main import main as program

FLIGHTS = "examples/flights/workflow.yaml"
DAILY_FILES = "examples/daily-files/workflow.yaml"
INDEX = Path("docs", "README.md")
METRICS = "docs/reference/metrics.md"
ORDER = "docs/explanation/order.md"

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def every_page() -> list[Path]:
    """Return all pages of the repository, relative to it; not those of installed packages."""
    found = (page.relative_to(ROOT) for page in ROOT.rglob("*.md"))
    ours = (page for page in found if "node_modules" not in page.parts)
    return sorted(page for page in ours if not page.parts[0].startswith("."))


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield file and anchor of each link of a page that does not leave the repository."""
    for link in _LINK.finditer(_CODE.sub("", (ROOT / page).read_text())):
        target, _, anchor = link["target"].partition("#")
        if not re.match(r"[a-z]+:", target):
            yield (ROOT / page).parent / unquote(target) if target else ROOT / page, anchor


def manifests() -> list[Path]:
    """Return the manifests beside the pages, but for the one that is Argo CD's."""
    found = {path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.yaml")}
    return sorted(found - {Path("docs/how-to/argocd-health.yaml")})


def anchors(page: Path) -> set[str]:
    """Return what can be linked to in a page, as GitHub names its headings."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    found: set[str] = set()
    for heading in _HEADING.finditer(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"]).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = sum(1 for each in found if re.fullmatch(rf"{re.escape(name)}(-\d+)?", each))
        found.add(f"{name}-{number}" if number else name)
    return found


@pytest.mark.parametrize("page", every_page(), ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link inside the repository has a file at its end, and the heading that it names."""
    for target, anchor in links(page):
        assert target.exists(), f"{page}: nothing at {os.path.relpath(target, ROOT)}"
        if anchor:
            assert anchor in anchors(target), f"{page}: no heading #{anchor} in {target.name}"


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("README.md", FLIGHTS),
        ("examples/flights/README.md", FLIGHTS),
        ("examples/daily-files/README.md", DAILY_FILES),
    ],
)
def test_the_picture_of_an_example_is_what_headrace_graph_prints(page: str, file: str) -> None:
    """A reader who runs `headrace graph FILE --format mermaid` gets the diagram of the page."""
    drawn = CliRunner().invoke(program, ["graph", str(ROOT / file), "--format", "mermaid"])
    assert [drawn.output.strip()] == [
        each.text for each in blocks(Path(page)) if each.language == "mermaid"
    ]


def test_the_index_names_each_page_of_the_documentation() -> None:
    """No page of docs/ is reached by luck alone."""
    named = {target.resolve().relative_to(ROOT) for target, _ in links(INDEX)}
    lists = {page for page in named if page.name == "README.md"}
    deeper = {target.resolve().relative_to(ROOT) for each in lists for target, _ in links(each)}
    wanted = {page for page in every_page() if page.parts[0] == "docs"} - {INDEX}
    assert set() == wanted - named - deeper


def test_the_page_on_order_has_each_rule() -> None:
    """With the default first, in the order of the reference."""
    page = (ROOT / ORDER).read_text()
    rules = re.search(r"^## The rules$(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    assert rules is not None
    assert [*RunWhen] == re.findall(r"^\| `([A-Z]\w+)`", rules[1], re.MULTILINE)


def test_each_metric_that_a_page_speaks_of_exists() -> None:
    """An alarm on a metric of another name would never ring."""
    known = set(re.findall(r"^\| `(headrace_\w+)`", (ROOT / METRICS).read_text(), re.MULTILINE))
    spoken = {
        name
        for each in every_page()
        if each.parts[0] in ("docs", "README.md")
        for name in re.findall(r"\bheadrace_[a-z_]+\b", (ROOT / each).read_text())
    }
    assert spoken <= known


@pytest.mark.parametrize("manifest", manifests(), ids=str)
def test_a_manifest_of_the_documentation_is_valid(manifest: Path) -> None:
    """`headrace validate` has nothing to say against it."""
    checked = CliRunner().invoke(program, ["validate", str(ROOT / manifest)])
    assert 0 == checked.exit_code, checked.output


def yaml_blocks() -> list[Any]:
    """Return the blocks of YAML in all pages."""
    every = (block for page in pages() for block in blocks(page))
    return [pytest.param(each, id=each.place) for each in every if each.language == "yaml"]


@pytest.mark.parametrize("block", yaml_blocks())
def test_a_piece_of_yaml_is_a_piece_of_a_workflow(block: Block) -> None:
    """Each field in it exists and takes the value that it has there."""
    for name, value in yaml.safe_load(block.text).items():
        TypeAdapter(field_type(name, block)).validate_python(value)


def field_type(name: str, block: Block) -> Any:
    """Return the type of a field of a workflow or of a task."""
    models: tuple[type[BaseModel], ...] = (WorkflowSpec, Task)
    for model in models:
        for field in model.model_fields.values():
            if field.alias == name and field.annotation is not None:
                return field.annotation
    pytest.fail(f"{block.place}: neither a workflow nor a task has a field {name!r}")
