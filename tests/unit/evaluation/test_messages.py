"""Questions and answers as bytes: `headrace.evaluation.messages`."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Template,
    Value,
    Wants,
)
from headrace.evaluation.messages import (
    framed,
    read_answer,
    read_question,
    write_answer,
    write_question,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
VALUES: tuple[Value, ...] = (
    None,
    True,
    2**63 - 1,
    1.0,
    "é\x00\ud83d",
    NOON,
    datetime(2030, 1, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
    [1, [NOON, {"a": None}]],
    {"m": {"t": "2030-01-01"}, "t": "2030-01-01T00:00:00Z", "": {}},
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_answers_arrive_as_they_were(value: Value) -> None:
    """With their types; a user's mapping never becomes an instant."""
    found = read_answer(write_answer(value))
    assert (value, type(value)) == (found, type(found))


def test_failures_arrive_as_they_were() -> None:
    """A list of the same values stays a list."""
    failure = Failure("a +", 4, "syntax")
    assert failure == read_answer(write_answer(failure))
    assert ["a +", 4, "syntax"] == read_answer(write_answer(["a +", 4, "syntax"]))


@pytest.mark.parametrize(
    "asked",
    [
        Expression("a", Wants.TIMESTAMP, 7),
        Template(("a", Expression("b", column=4), "c")),
    ],
    ids=["an expression", "a leaf"],
)
def test_questions_arrive_as_they_were(asked: Expression | Template) -> None:
    """With all names and values."""
    scope = Scope({"p": 1}, {"at": NOON}, {"t": {"outputs": {"x": [NOON]}}}, {"m": 1}, 0)
    assert Question(asked, scope) == read_question(write_question(Question(asked, scope)))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x"], ids=["object", "set", "bytes"])
def test_what_is_no_value_is_refused(value: object) -> None:
    """Before a worker is asked."""
    scope = Scope(params={"p": value})  # type: ignore[dict-item] # it must be refused
    with pytest.raises(ValueError, match="not JSON serializable"):
        write_question(Question(Expression("params.p"), scope))


def test_values_without_an_end_are_refused() -> None:
    """A mapping in itself is nested too deeply."""
    endless: dict[str, Value] = {}
    endless["self"] = endless
    with pytest.raises(ValueError, match="recursion"):
        write_question(Question(Expression("params.self"), Scope(params=endless)))


@pytest.mark.parametrize(
    "message",
    [b"", b"{}", b"1", b"[]", b'["a", "b", "c"]', b'[{"x": 1}]', b"[{}]", b'[{"t": 1}]', b"\xff"],
)
def test_what_is_no_answer_is_refused(message: bytes) -> None:
    """A worker that went wrong may write anything."""
    with pytest.raises(ValueError, match=r".*"):
        read_answer(message)


def test_the_length_stands_before_a_message() -> None:
    """Four bytes, the highest first."""
    assert b"\x00\x00\x01\x00" + b"x" * 256 == framed(b"x" * 256)
