"""The generated reference, and that generated files are those in the repository."""

import re

import pytest

from headrace.api.schema import reference
from headrace.api.schema.json_schema import json_schema
from headrace.api.schema.kinds import KINDS
from headrace.api.v1alpha1 import labels
from headrace.api.v1alpha1.reasons import Reason
from scripts import generate

API = reference.pages()["api.md"]


def test_every_link_leads_somewhere() -> None:
    """Each type that a field has is a heading of the page, once."""
    headings = [text.lower() for text in re.findall(r"^###? (\w+)$", API, re.MULTILINE)]
    assert len(set(headings)) == len(headings)
    assert set(re.findall(r"\]\(#(\w+)\)", API)) <= set(headings)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_field_is_in_the_reference(kind: reference.Kind) -> None:
    """With its text, as `kubectl explain` shows it."""
    for model in kind.models:
        for name, field in json_schema(model)["properties"].items():
            row = f"| `{name}` |"
            assert row in API
            assert field["description"].replace("*", "\\*") in API


def test_rows_of_tables_have_as_many_cells_as_their_heads() -> None:
    """No text of a field breaks its table."""
    for page in reference.pages().values():
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert 1 == len(cells), table


def test_every_reason_has_a_text() -> None:
    """A reason without a text says nothing to whoever meets it."""
    page = reference.pages()["reasons.md"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert {str(reason) for reason in Reason} == rows.keys()


def test_every_label_has_a_text() -> None:
    """Labels and annotations are API."""
    page = reference.pages()["labels.md"]
    names = {value for name, value in vars(labels).items() if name.isupper() and "/" in value}
    assert names == set(re.findall(r"^\| `(\S+)` \|", page, re.MULTILINE))


def test_generated_files_are_up_to_date() -> None:
    """`make generate` was run after the last change of a type."""
    assert 0 == generate.main(["--check"])


def test_generated_files_do_not_depend_on_when_they_are_made() -> None:
    """The same types give the same files."""
    assert generate.files() == generate.files()


def test_a_chart_upgrades_crds_and_never_deletes_them() -> None:
    """Helm keeps what carries this annotation when the chart is uninstalled."""
    chart = "helm/headrace-crds/"
    charts = {path: text for path, text in generate.files().items() if path.startswith(chart)}
    assert len(KINDS) == len(charts)
    assert all("helm.sh/resource-policy: keep" in text for text in charts.values())
