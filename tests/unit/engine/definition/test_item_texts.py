"""What the program of an item is given: `headrace.engine.definition.item_texts`."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.engine.definition.item_texts import (
    LARGEST,
    LARGEST_ITEM,
    item_text,
    least,
    sizes,
    task_text,
    texts,
    unfit,
)
from headrace.engine.definition.params import Value

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
ODD: list[Any] = [
    "",
    "héadrace 🌊",
    '"\n',
    7,
    -1.5,
    True,
    None,
    ["a", {"b": None}],
    {"z": 1, "a": 2},
]
PARAMS: dict[str, Value] = {"day": "2030-01-31", "n": 3, "quote": '"🌊"', "since": NOON}


@pytest.mark.parametrize(
    ("item", "want"),
    [("a b", "a b"), (7, "7"), (True, "true"), (None, "null"), ([1, "x"], '[1,"x"]'), (NOON, None)],
)
def test_an_item_is_as_plain_as_it_can_be(item: Any, want: str | None) -> None:
    """A program reads a text without quotes; lists and objects are JSON; a time is RFC 3339."""
    assert (want or "2030-01-31T12:00:00Z") == item_text(item)


def test_all_about_an_item_is_one_object() -> None:
    """Times are text in it, for JSON has none."""
    want = {"item": ["x"], "index": 4, "params": {**PARAMS, "since": "2030-01-31T12:00:00Z"}}
    assert want == json.loads(task_text(["x"], 4, PARAMS))


@pytest.mark.parametrize("params", [{}, PARAMS], ids=["no parameters", "parameters of all types"])
def test_sizes_are_those_of_the_texts(params: dict[str, Value]) -> None:
    """Although the parameters are measured once."""
    items = ODD * 150
    want = [sum(len(text.encode()) for text in pair) for pair in texts(items, params)]
    assert want == list(sizes(items, params))


def test_items_that_fit_are_no_problem() -> None:
    """To the last byte; a text comes plain, and once more in quotes."""
    frame = len(task_text("", 0, {}))
    most = "x" * ((LARGEST_ITEM - frame) // 2)
    assert unfit([most], {}) is None
    assert "the files of item 0 have" in str(unfit([most + "x"], {}))


def test_the_problem_names_the_item_and_the_cure() -> None:
    """Counted from 0, as HEADRACE_INDEX is."""
    problem = unfit(["a", "x" * LARGEST_ITEM], {})
    assert problem is not None
    assert problem.startswith("the files of item 1 have ")
    assert problem.endswith("give smaller items, such as addresses of data, or smaller parameters")


def test_the_least_size_is_none_of_a_larger_one() -> None:
    """A range is judged by it, since ten thousand numbers are quick to write."""
    numbers = range(-5, 5)
    assert 0 < least(len(numbers), PARAMS) < sum(sizes(numbers, PARAMS))


def test_parameters_count_for_each_item() -> None:
    """A thousand small items with ten kilobytes of parameters are more than eight megabytes."""
    problem = unfit(range(1000), {"text": "x" * 10_000})
    assert problem is not None
    assert problem.startswith("the files of 1,000 items have 10,0")
    assert f"at most {LARGEST:,}" in problem
