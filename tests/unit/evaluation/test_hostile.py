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

SCOPE: Final = Scope(
    params={
        "text": "a" * 32_768,
        "pattern": "(a+)+b",
        "many": list(range(10_000)),
        "some": list(range(1000)),
        "deep": [[[[[[[[[[]]]]]]]]]],
    }
)
TYPES: Final = ScopeTypes(params=dict.fromkeys(SCOPE.params, Declared.JSON))

LONG_SECONDS: Final = 5.0
"""Far more than the limits (0.25 s of processor time, twice a start of 0.2 s) on a busy machine."""

REFUSED = {
    "deep nesting of brackets": "(" * 40 + "1" + ")" * 40,
    "very deep nesting of brackets": "(" * 2000 + "1" + ")" * 2000,
    "deep nesting of lists": "[" * 40 + "]" * 40,
    "a long sum": "+".join(["params.text"] * 300),
    "a long chain of fields": "params" + ".a" * 2000,
    "a long chain of indexes": "params.many" + "[0]" * 1300,
    "doubling by bind": "cel.bind(a, 'xx', cel.bind(b, a + a, b + b))",
    "nested macros": "params.many.all(a, params.many.all(b, params.many.all(c, true)))",
    "nested macros over a long range": "lists.range(9999).map(a, lists.range(9999))"
    ".map(b, b.map(c, c))",
    "only opening brackets": "(" * 4000,
    "only quotes": "'" * 4001,
    "one quote": "'",
    "not CEL": "__import__('os').system('id')",
    "a template of another language": "{{ 7 * 7 }}",
    "an attribute of Python": "params.__class__.__mro__",
    "a message that is large": "google.protobuf.ListValue{values: [1.0]}",
    "a name of ours": "@fold(1)",
    "a null byte": "1\x00",
    "half a character": "'\ud800'",
    "a late syntax error": "1 + " * 1000 + ")",
}

ENDED = {
    "a large list in each round": "params.some.map(a, params.some)",
    "a large text in each round": "params.some.map(a, params.text + string(a))",
    "a quadratic macro": "params.many.map(a, a)",
    "more rounds than the library allows": "params.many.all(a, params.many.all(b, true))",
    "comparisons of large lists": "params.some.all(a, params.some.all(b, params.many == [a]))",
    "searches in large lists": "params.many.all(a, !(-1 in params.many))",
    "a pattern that others try for ever": "params.text.matches(params.pattern)",
    "patterns in each round": "params.some.all(a, !params.text.matches('(x+x+)+y'))",
    "a pattern of large counts": "'a'.matches('((a{1000}){1000}){1000}')",
    "a large pattern": "params.text.matches(params.text)",
    "doubling by replace": "'aa'.replace('a', params.text).replace('a', params.text)",
    "doubling by join": "[params.text, params.text].join(params.text)",
    "doubling by format": "'%s%s%s'.format([params.text, params.text, params.text])",
    "a text of many pieces": "params.text.split('').map(a, params.text.split(''))",
    "infinity": "params.some.map(a, 1e308 * double(a + 1))",
    "no number": "0.0 / 0.0",
    "the smallest number by -1": "(-9223372036854775807 - 1) / -1",
    "a division by zero": "1 % 0",
    "a wide clause": "strftime(timestamp(0), '%999999999Y', 'UTC')",
    "a path for a zone": "timestamp(0).getHours('../../../etc/passwd')",
    "the last instant": "timestamp('9999-12-31T23:59:59Z') + duration('9999999h')",
    "the last instant, in a zone": "strftime(timestamp('9999-12-31T23:59:59Z'), '', 'Asia/Tokyo')",
    "the first instant, in a zone": "strftime(timestamp('0001-01-01T00:00:00Z'), '', 'US/Pacific')",
    "deep JSON": "json([params.text.replace('a', '[')].join())",
    "wide JSON": "json('[' + params.text.replace('aaaa', '0,') + '0]').size()",
    "a number of many digits": "json(params.text.replace('a', '9'))",
    "an index from behind": "params.some[-1]",
    "a large index": "params.some[9223372036854775807]",
    "a text as an index": "params.some['a']",
    "large lists in a list": "lists.range(9000).map(a, [a, a]).flatten().distinct().sort()",
    "sets of large lists": "params.some.all(a, sets.equivalent(params.many, params.many))",
}


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


def strings() -> list[str]:
    """Return texts that go wrong where somebody reads a value again."""
    pieces = (
        *("'", '"', "`", "\\", "${{", "}}", "{{", "$", "$(id)", "`id`", "%s", "\n", "\r", "\t"),
        *("\x7f", "\x1b[31m", "é", "😀", "\u202e", "\ufeff", "\u2028", "; rm -rf /", "--", "#"),
        *("!!python/object", "<script>", "&amp;", "null", "true", "0x10", "1e9", "~", "- a: b"),
        *("|", ">", "../..", "\\u0041", "''' + '''", '"""', "}} ${{ params.text }}"),
    )
    return [
        (first + second) * (1 + place % 3)
        for place, first in enumerate(pieces)
        for second in pieces
    ][:1000]


async def test_hostile_strings_arrive_byte_for_byte(evaluator: Evaluator) -> None:
    """A thousand, as a leaf of their own and within a text: no value is read again."""
    alone, within = parse_leaf("${{ params.s }}"), parse_leaf("<${{ params.s }}|${{ params.s }}>")
    assert isinstance(alone, Template)
    assert isinstance(within, Template)
    hostile = strings()
    assert 1000 == len(hostile)
    questions = [
        Question(leaf, Scope(params={"s": each})) for each in hostile for leaf in (alone, within)
    ]
    want = [text for each in hostile for text in (each, f"<{each}|{each}>")]
    assert want == await evaluator.evaluate(questions)
