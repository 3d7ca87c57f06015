"""What somebody may have meant: `headrace.api.reading.suggest`."""

import re

import pytest

from headrace.api.reading.suggest import misplaced, quoted, repaired
from headrace.api.schema.kinds import KINDS
from headrace.api.schema.openapi import Schema, structural
from headrace.api.schema.patterns import WORDS
from headrace.api.v1alpha1.base import QUANTITY

TASK_NAME = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
PARAM_NAME = r"^[a-zA-Z]([a-zA-Z0-9_]*)$"


def patterns(schema: Schema) -> set[str]:
    """Return all patterns in a schema."""
    found = {schema["pattern"]} if "pattern" in schema else set()
    inner = [*schema.get("properties", {}).values()]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return found.union(*map(patterns, inner)) if inner else found


def test_every_pattern_of_the_api_has_words() -> None:
    """Nobody is shown a regular expression."""
    used = {
        pattern
        for kind in KINDS
        for model in kind.models
        for pattern in patterns(structural(model))
    }
    assert used == set(WORDS) & used
    assert used


REPAIRS = [
    ("Load_Stock", TASK_NAME, "load-stock"),
    ("load stock ", TASK_NAME, "load-stock"),
    ("-load-", TASK_NAME, "load"),
    ("9to5", TASK_NAME, None),
    ("full-load", PARAM_NAME, "full_load"),
    ("4GB", QUANTITY, "4G"),
    ("512 mi", QUANTITY, "512Mi"),
    ("100kb", QUANTITY, "100k"),
    ("a lot", QUANTITY, None),
    ("-4Gi", QUANTITY, None),
    ("my image", r"^\S+$", None),
]


@pytest.mark.parametrize(("text", "pattern", "want"), REPAIRS)
def test_a_text_is_repaired_where_it_is_clear(text: str, pattern: str, want: str | None) -> None:
    """A suggestion always fits the pattern."""
    assert want == repaired(text, pattern)
    assert want is None or re.search(pattern, want)


def test_a_field_of_another_place_is_found_at_the_nearest() -> None:
    """The shortest path is the likeliest."""
    far = {"properties": {"list": {"items": {"properties": {"limit": {}}}}}}
    near = {"properties": {"retry": {"properties": {"limit": {}}}}}
    assert "did you mean 'list[].limit'?" == misplaced("limit", far)
    both = {"properties": {**far["properties"], **near["properties"]}}
    assert "did you mean 'retry.limit'?" == misplaced("limit", both)


def test_a_long_text_is_quoted_in_part() -> None:
    """A message stays a line."""
    assert len(quoted("x" * 10_000)) < 100
