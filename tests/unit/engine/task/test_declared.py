"""The outputs that a task declares: `headrace.engine.task.declared`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.task import Output, OutputType
from headrace.engine.task.declared import FITS, check_declared


@pytest.mark.parametrize(
    ("kind", "fits", "misfits"),
    [
        ("String", ["", "a"], [1, None, True, ["a"]]),
        ("Integer", [0, -3, 2**60], [1.0, True, "1", None]),
        ("Boolean", [True, False], [0, "true", None]),
        ("Number", [0, 1.5, -2], [True, "1", None]),
        ("Timestamp", ["2030-01-01T00:00:00Z"], ["2030-01-01", 5, None, "", ["2030"]]),
        ("Json", [None, 1, "a", [1], {"a": {}}], []),
    ],
)
def test_an_output_has_the_declared_type(kind: str, fits: list[Any], misfits: list[Any]) -> None:
    """As JSON has types; nothing is converted."""
    declared = (Output(name="x", type=OutputType(kind)),)
    for value in fits:
        check_declared(declared, {"x": value, "more": 1})
    for value in misfits:
        with pytest.raises(ValueError, match=f"output 'x' is declared as {kind}, not "):
            check_declared(declared, {"x": value})


def test_each_type_is_in_the_table() -> None:
    """A new type of the API needs a check."""
    assert set(OutputType) == FITS.keys()


@pytest.mark.parametrize(
    ("written", "want"),
    [
        (None, "output 'rows' is declared and missing; write it"),
        ({}, "output 'rows' is declared and missing; write it"),
        ({"row": 3}, "output 'rows' is declared and missing; did you mean 'row'?"),
    ],
)
def test_a_missing_output_is_named(written: dict[str, Any] | None, want: str) -> None:
    """With the cure."""
    with pytest.raises(ValueError, match="declared") as refused:
        check_declared((Output(name="rows"),), written)
    assert want == str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """And a long value is cut."""
    declared = (Output(name="a"), Output(name="b", type=OutputType.INTEGER))
    with pytest.raises(ValueError, match="declared") as refused:
        check_declared(declared, {"b": "x" * 500})
    first, second = str(refused.value).split("; output")
    assert "output 'a' is declared and missing; write it" == first
    assert len(second) < 120
