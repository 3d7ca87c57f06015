"""Hostile expressions: each is refused when it is accepted, or ends within the limits."""

import time
from collections.abc import AsyncIterator
from typing import Final

import pytest

from headrace.engine.definition.expressions.check import check
from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.types import (
    Declared,
    Expression,
    Failure,
    Question,
    Scope,
    ScopeTypes,
    Template,
)
from headrace.evaluation.evaluator import Evaluator
from support.hostile import ENDED, REFUSED, SCOPE

TYPES: Final = ScopeTypes(params=dict.fromkeys(SCOPE.params, Declared.JSON))

LONG_SECONDS: Final = 5.0
"""Far more than the limits (0.25 s of processor time, twice a start of 0.2 s) on a busy machine."""


@pytest.fixture
async def evaluator() -> AsyncIterator[Evaluator]:
    """Return an evaluator whose worker ends with the test."""
    evaluator = Evaluator()
    yield evaluator
    await evaluator.close()


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_hostile_expressions_are_refused(source: str) -> None:
    """When the definition is accepted, in the process of the controller: at once."""
    begin = time.perf_counter()
    assert check(Expression(source), TYPES) is not None
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize("source", ENDED.values(), ids=ENDED)
async def test_hostile_expressions_end(evaluator: Evaluator, source: str) -> None:
    """With a value or a failure; and the next question is answered."""
    begin = time.perf_counter()
    question, next_one = (Question(Expression(each), SCOPE) for each in (source, "1 + 1"))
    first, second = await evaluator.evaluate([question, next_one])
    assert 2 == second
    assert time.perf_counter() - begin < LONG_SECONDS
    assert not isinstance(first, Failure) or first.message


@pytest.mark.parametrize(
    "source",
    [
        *("!" * 4000 + "true", "-" * 4001 + "1", " " * 4096, "\n" * 4095 + "1"),
        *("a?" * 1000 + "b" + ":c" * 1000, "true" + "&&true" * 680, "1" + "<1" * 2000),
        *("[" * 2000, "{" * 4000, "a(" * 2000, "a." * 2000, "`" * 4000, "\\" * 4000),
        *("[1].map(a," * 300 + "1" + ")" * 300, "has(" * 1000, "'''" * 1300, "r" * 4000 + "'"),
        *("{1:" * 1000, "x" * 4096, "9" * 4096, "0x" + "f" * 4000, "1e" + "9" * 4000, "//" * 2000),
        *("[" + "0," * 2040 + "0]", "{" + "'a':1," * 680 + "}", '"\\u0041' * 500),
    ],
)
def test_odd_sources_are_judged_at_once(source: str) -> None:
    """Whatever the judgement is."""
    begin = time.perf_counter()
    check(Expression(source), TYPES)
    assert time.perf_counter() - begin < 1


PIECES: Final = (
    *("'", '"', "`", "\\", "${{", "}}", "{{", "$", "$(id)", "`id`", "%s", "\n", "\r", "\t"),
    *("\x7f", "\x1b[31m", "é", "😀", "\u202e", "\ufeff", "\u2028", "; rm -rf /", "--", "#"),
    *("!!python/object", "<script>", "&amp;", "null", "true", "0x10", "1e9", "~", "- a: b"),
    *("|", ">", "../..", "\\u0041", "''' + '''", '"""', "}} ${{ params.text }}"),
)
"""Texts that go wrong where somebody reads a value again."""

STRINGS: Final = tuple(
    (first + second) * (1 + place % 3) for place, first in enumerate(PIECES) for second in PIECES
)[:1000]


async def test_hostile_strings_arrive_byte_for_byte(evaluator: Evaluator) -> None:
    """A thousand, as a leaf of their own and within a text: no value is read again."""
    alone, within = parse_leaf("${{ params.s }}"), parse_leaf("<${{ params.s }}|${{ params.s }}>")
    assert isinstance(alone, Template)
    assert isinstance(within, Template)
    assert 1000 == len(STRINGS)
    questions = [
        Question(leaf, Scope(params={"s": each})) for each in STRINGS for leaf in (alone, within)
    ]
    want = [text for each in STRINGS for text in (each, f"<{each}|{each}>")]
    assert want == await evaluator.evaluate(questions)
