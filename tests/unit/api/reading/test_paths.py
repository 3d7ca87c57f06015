"""Where a field is, as text: `headrace.api.reading.paths`."""

import pytest

from headrace.api.reading.paths import Step, path_of, within

PATHS: list[tuple[tuple[Step, ...], str]] = [
    ((), ""),
    (("spec",), "spec"),
    (
        ("spec", "tasks", 2, "retry", "rules", 0, "exitCodes", 1),
        "spec.tasks[2].retry.rules[0].exitCodes[1]",
    ),
    (("metadata", "labels", "example.com/team"), 'metadata.labels["example.com/team"]'),
    (("items", 0, "spec"), "items[0].spec"),
    (("spec", "1"), 'spec["1"]'),
]


@pytest.mark.parametrize(("steps", "want"), PATHS)
def test_a_path_is_written_as_kubernetes_does(steps: tuple[Step, ...], want: str) -> None:
    """Fields with dots, elements with brackets, odd keys in quotes."""
    assert want == path_of(steps)


MESSAGES = [
    pytest.param("default: is odd", "spec.default", "is odd", id="a field first"),
    pytest.param("enum[2]: is odd", "spec.enum[2]", "is odd", id="an element first"),
    pytest.param("default is odd", "spec.default", "default is odd", id="a field in a sentence"),
    pytest.param("it is odd", "spec", "it is odd", id="no field"),
    pytest.param("oddness: it is", "spec", "oddness: it is", id="a word that is no field"),
    pytest.param("spec: is odd", "spec", "is odd", id="the field itself"),
]


@pytest.mark.parametrize(("message", "path", "rest"), MESSAGES)
def test_a_message_may_begin_with_its_field(message: str, path: str, rest: str) -> None:
    """A validator of a whole type says which of its fields is at fault."""
    assert (path, rest) == within(("spec",), message, {"default", "enum"})
