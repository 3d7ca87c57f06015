"""Values of expressions as variables of a program: `headrace.engine.task.values`."""

from datetime import UTC, datetime

import pytest

from headrace.api.v1alpha1.base import MAX_TEXT
from headrace.engine.definition.expressions.types import Failure, Value
from headrace.engine.task.observed import Evaluated
from headrace.engine.task.values import env_of, failure_of


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("a $(B) $$ ${{ c }}", "a $(B) $$ ${{ c }}"),
        ("", ""),
        (3, "3"),
        (2.5, "2.5"),
        (True, "true"),
        (["a", 1], '["a",1]'),
        ({"a": None}, '{"a":null}'),
        (datetime(2030, 1, 1, 12, tzinfo=UTC), "2030-01-01T12:00:00Z"),
    ],
)
def test_a_variable_has_the_text_of_a_value(value: Value, want: str) -> None:
    """Text as it is, anything else as JSON writes it."""
    known = Evaluated(env={"X": value})
    assert None is failure_of(known)
    assert {"X": want} == env_of(known)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (None, "env X: gives null"),
        ("a\0b", "env X: the value has a NUL character"),
        ("\ud800", "env X: the value has half of a character"),
        ("x" * (MAX_TEXT + 1), "env X: the value has 32,769 characters; at most 32,768"),
        (Failure("a.b", 3, "no such key: b"), "env X: column 3 of 'a.b': no such key: b"),
    ],
)
def test_what_no_program_can_get_is_said(value: Value | Failure, want: str) -> None:
    """With the name of the variable."""
    found = failure_of(Evaluated(env={"W": "", "X": value}))
    assert found is not None
    assert found.startswith(want)


def test_a_task_without_expressions_has_no_values() -> None:
    """Nothing was evaluated."""
    assert {} == env_of(None)


def test_a_long_expression_is_cut_and_its_message_stays() -> None:
    """A status has room for a sentence."""
    found = failure_of(Evaluated(env={"X": Failure("a" * 4000, 1, "no such key: b")}))
    assert found is not None
    assert found.endswith("no such key: b")
    assert len(found) < 300


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (datetime(2030, 1, 1, 12, tzinfo=UTC), None),
        (datetime(1000, 1, 1, tzinfo=UTC), None),
        (datetime(8999, 12, 31, 23, 59, 59, tzinfo=UTC), None),
        (datetime(8999, 12, 31, 23, 59, 59, 1, tzinfo=UTC), "wait.until: gives 8999-12-31T"),
        (datetime(999, 12, 31, tzinfo=UTC), "wait.until: gives 0999-12-31T00:00:00Z; give a time"),
        (datetime.max.replace(tzinfo=UTC), "wait.until: gives 9999-12-31T"),
        (Failure("a.b", 3, "no such key: b"), "wait.until: column 3 of 'a.b': no such key: b"),
    ],
)
def test_an_instant_is_one_that_a_task_run_can_hold(
    value: Value | Failure, want: str | None
) -> None:
    """Also when it is rounded up to the second; else the field is named."""
    found = failure_of(Evaluated(fields={"wait.until": value}))
    assert (want is None) == (found is None)
    assert (found or "").startswith(want or "")
