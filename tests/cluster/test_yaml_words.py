"""kubectl and `headrace validate` read the same YAML as the same values."""

import json

import pytest

from cluster.fixtures import Program
from headrace.cli.compose import compose
from support.yaml_words import WORDS

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("crds")]

HEAD = "apiVersion: headrace.dev/v1alpha1\nkind: TaskRun\nmetadata: {name: words}\n"
STRUCTURES = [
    "spec: {a: &x {b: 1, c: 2}, d: {<<: *x, b: 3}, e: {<<: [*x, {b: 9, z: 1}]}}",
    "spec:\n  on: 1\n  1: a\n  1.5: b\n  'no': c\n",
    "spec:\n  a: |\n    one\n    two\n  b: >-\n    x\n    y\n  c: 'it''s'\n  d: \"\\u20ac\\n\"\n",
    "spec: {a: !!str 12, b: !!int '12', c: ! 12}",
    "spec:\n  a:\n  b: ~\n  c: ''\n",
]


def read_by_kubectl(kubectl: Program, text: str) -> object:
    """Return the spec of an object as kubectl would send it."""
    words = ("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-")
    return json.loads(kubectl(*words, stdin=text), parse_int=_number)["spec"]


def _number(digits: str) -> int | float:
    """Read a number of JSON as Go does: what is too large for 64 bits was a fraction."""
    number = int(digits)
    return number if number.bit_length() < 64 else float(number)


@pytest.mark.parametrize("text", [pytest.param(text, id=text[:20]) for text in STRUCTURES])
def test_structures_are_read_alike(kubectl: Program, text: str) -> None:
    """Aliases, merges, odd keys, block texts, tags, empty fields."""
    (document,) = compose((HEAD + text).encode())
    assert document.value["spec"] == read_by_kubectl(kubectl, HEAD + text)


def test_plain_words_are_read_alike(kubectl: Program) -> None:
    """The whole table of words, as kubectl reads it today."""
    text = HEAD + "spec:\n  words:\n" + "".join(f"  - {word}\n" for word in WORDS)
    spec = read_by_kubectl(kubectl, text)
    assert isinstance(spec, dict)
    found = dict(zip(WORDS, spec["words"], strict=True))
    assert json.loads(json.dumps(WORDS)) == found
