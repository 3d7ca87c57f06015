"""The values of expressions and leaves: `headrace.engine.definition.expressions.evaluate`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Scope,
    Template,
    Wants,
)

NOON = datetime(2030, 3, 31, 12, tzinfo=UTC)
SCOPE = Scope(
    params={"day": "mon", "days": 3, "dry": False, "rate": 1.5},
    run={"name": "etl-1", "logicalTime": NOON},
    tasks={
        "load": {
            "outcome": "Succeeded",
            "outputs": {"rows": 5, "files": ["a.csv", "b.txt"], "nothing": None},
            "items": {"total": 2, "succeeded": 2, "failed": 0},
        },
        "skipped-one": {"outcome": "Skipped", "outputs": {}},
    },
)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("params.days + 1", 4),
        ("params.rate * 2.0", 3.0),
        ("!params.dry && tasks.load.outputs.rows > 3", True),
        ("tasks['skipped-one'].outcome == 'Skipped'", True),
        ("tasks.load.outputs.files.filter(f, f.endsWith('.csv'))", ["a.csv"]),
        ("{'n': [1, 2.5, null, {'deep': 'é'}]}", {"n": [1, 2.5, None, {"deep": "é"}]}),
        ("run.logicalTime + duration('24h')", datetime(2030, 4, 1, 12, tzinfo=UTC)),
        ("(run.logicalTime - timestamp('2030-03-31T00:00:00Z')).getHours()", 12),
        ("run.logicalTime.getHours('Europe/Berlin')", 14),
        ("default(tasks.load.outputs.rows, 7)", 5),
        ("default(tasks.load.outputs.missing, 7)", 7),
        ("default(tasks.load.outputs.nothing, 7)", 7),
        ("default(tasks['skipped-one'].outputs.a.b.c, 'x')", "x"),
        ("default(tasks.load.outputs.rows, 1 / 0)", 5),
        ("default(run.intervalStart, run.logicalTime) == run.logicalTime", True),
        ("default(run.logicalTime, null) == timestamp('2030-03-31T12:00:00Z')", True),
        ("has(run.logicalTime)", True),
        ("[{'a': 1}, {}].map(x, default(x.a, 0))", [1, 0]),
        ("true || 1 / 0 > 1", True),
        ("9223372036854775807", 9223372036854775807),
        ("'\\u0000\\n'", "\x00\n"),
    ],
)
def test_values(source: str, value: Any) -> None:
    """The same twice."""
    assert value == evaluate(Expression(source), SCOPE)
    assert value == evaluate(Expression(source), SCOPE)


def test_items_of_a_fan_out() -> None:
    """An item is any value, and index counts from 0."""
    scope = Scope(item={"name": "eu"}, index=0)
    assert "eu-0" == evaluate(Expression("item.name + '-' + string(index)"), scope)


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        pytest.param(
            "1 + int(params.day)",
            8,
            "cannot convert string to int: 'mon'",
            id="a text that is no number",
        ),
        pytest.param(
            "tasks.load.outputs.rws + 1",
            19,
            "there is no 'rws'; there are files, nothing, rows",
            id="an output that did not come",
        ),
        pytest.param(
            "tasks['skipped-one'].outputs.rows > 1",
            29,
            "there is no 'rows'; there are no others",
            id="an output of a task without outputs",
        ),
        pytest.param("params.days / 0", 13, "divide by zero: 3, 0", id="a division"),
        pytest.param("[3, 2, 0].map(x, 6 / x)", 20, "divide by zero: 6, 0", id="within a macro"),
        pytest.param(
            "params.dry ? 1 : int('q')",
            21,
            "cannot convert string to int: 'q'",
            id="in the chosen branch only",
        ),
        pytest.param(
            "tasks.load.outputs.files.map(f, f + 1)",
            35,
            "+ does not take text and a whole number: 'a.csv', 1",
            id="types that only evaluating tells",
        ),
        pytest.param(
            "params.days ? 1 : 2",
            13,
            "the condition is neither true nor false: 3",
            id="a condition that is none",
        ),
        pytest.param(
            "params.day.substring(9)",
            21,
            "position 9 is not within 3 characters: 'mon', 9",
            id="a function of ours",
        ),
        pytest.param(
            "'x'.matches('(')",
            12,
            "invalid regular expression: missing ): (: 'x', '('",
            id="a pattern",
        ),
        pytest.param(
            "lists.range(10000).map(x, x)",
            23,
            "its macros go round more than 10,000 times",
            id="too many rounds",
        ),
        pytest.param("1e308 * 10.0", 1, "gives inf, which is no number of JSON", id="infinity"),
        pytest.param(
            "{1: 2}", 1, "gives a mapping with the key 1; keys are text", id="keys of numbers"
        ),
        pytest.param("[b'a']", 1, "gives bytes, which is no value of JSON", id="bytes"),
        pytest.param(
            "duration('1h')",
            1,
            "a duration is no value of a field; write string(…)",
            id="a duration",
        ),
        pytest.param("1 +", 4, "syntax: the end is not expected here", id="no expression"),
    ],
)
def test_what_gives_no_value(source: str, column: int, message: str) -> None:
    """With the part that is at fault, and the values that it was given."""
    assert Failure(source, column, message) == evaluate(Expression(source), SCOPE)


@pytest.mark.parametrize(
    ("wants", "source", "message"),
    [
        (Wants.BOOL, "params.days", "gives a whole number, 3; needed is true or false"),
        (Wants.LIST, "tasks.load.outputs.rows", "gives a whole number, 5; needed is a list"),
        (Wants.TIMESTAMP, "params.day", "gives text, 'mon'; needed is a timestamp"),
        (Wants.STRING, "null", "gives null, null; needed is text"),
    ],
)
def test_a_value_of_the_wrong_kind(wants: Wants, source: str, message: str) -> None:
    """What only evaluating tells is checked again."""
    assert Failure(source, 1, message) == evaluate(Expression(source, wants), SCOPE)


def test_results_are_bounded() -> None:
    """64 KiB as JSON."""
    scope = Scope(params={"text": "é" * 32_767})
    assert "é" * 32_767 == evaluate(Expression("params.text"), scope)
    found = evaluate(Expression("params.text + 'aaa'"), scope)
    assert isinstance(found, Failure)
    assert "gives 65,539 bytes as JSON; at most 65,536" == found.message


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        pytest.param("${{ params.days }}", 3, id="alone, it keeps its type"),
        pytest.param("${{ null }}", None, id="null too"),
        pytest.param("x${{ params.days }}", "x3", id="within a text, it becomes text"),
        pytest.param(
            "${{ params.dry }} ${{ params.rate }} ${{ 2.0 }} ${{ 1e300 }}",
            "false 1.5 2 1e+300",
            id="numbers as CEL writes them",
        ),
        pytest.param(
            "at ${{ run.logicalTime }}", "at 2030-03-31T12:00:00Z", id="a timestamp in UTC"
        ),
        pytest.param(
            "at ${{ run.logicalTime + duration('1500ms') }}",
            "at 2030-03-31T12:00:01.500Z",
            id="a fraction of a second",
        ),
        pytest.param(
            "${{ {'l': tasks.load.outputs.files} }} ",
            '{"l":["a.csv","b.txt"]} ',
            id="lists and mappings as JSON",
        ),
        pytest.param("${{ '${{ 1 }}' }}-", "${{ 1 }}-", id="a result is not read again"),
        pytest.param("plain", "plain", id="a text without expressions"),
    ],
)
def test_leaves(leaf: str, value: Any) -> None:
    """What stands around an expression stays as it is."""
    template = parse_leaf(leaf)
    assert isinstance(template, Template)
    assert value == evaluate(template, SCOPE)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("params.m.map(k, k)", [f"k{place}" for place in range(8)]),
        ("params.m.filter(k, k > 'k5')", ["k6", "k7"]),
        ("{'b': 1, 'c': 3, 'a': 2, 'd': 0}.map(k, k).join()", "abcd"),
        ('json(\'{"b": 1, "c": 3, "a": 2}\').map(k, k)', ["a", "b", "c"]),
        ("[params.m].map(m, m.map(k, m[k]))", [list(range(8))]),
        ("{3: 1, 1: 3, 2: 5}.map(k, k)", [1, 2, 3]),
        ("[3, 1, 2].map(x, x)", [3, 1, 2]),
        ("params.l.map(x, x)", [3, 1, 2]),
        ("params.m.exists_one(k, k == 'k3')", True),
        ("params.m.all(k, k.startsWith('k'))", True),
    ],
)
def test_macros_walk_over_sorted_keys(source: str, value: Any) -> None:
    """The library's own order is another one each time."""
    scope = Scope(params={"m": {f"k{place}": place for place in range(8)}, "l": [3, 1, 2]})
    assert value == evaluate(Expression(source), scope)


def test_mappings_come_in_the_order_of_their_keys() -> None:
    """So their text is the same each time."""
    leaf = parse_leaf("${{ params.m }}!")
    assert isinstance(leaf, Template)
    scope = Scope(params={"m": {"b": [{"d": 1, "c": 2}], "a": {}}})
    assert '{"a":{},"b":[{"c":2,"d":1}]}!' == evaluate(leaf, scope)


@pytest.mark.parametrize("text", ["a\x00b", "\ud83d"], ids=["null", "half a character"])
def test_texts_that_would_arrive_changed_are_refused(text: str) -> None:
    """The library cuts a text at a null character."""
    found = evaluate(Expression("params.t"), Scope(params={"t": [{text: 1}]}))
    assert isinstance(found, Failure)
    assert found.message.startswith("reads a text with a null character, or half of one")


@pytest.mark.parametrize(
    "source", ["'a\\u0000b'.reverse()", "'a\\u0000b'.split('')", "json('\"\\\\u0000\"')"]
)
def test_functions_give_no_null_characters(source: str) -> None:
    """Their results would be cut, too."""
    found = evaluate(Expression(source), SCOPE)
    assert isinstance(found, Failure)
    assert "a null character cannot be in" in found.message


def test_null_has_no_text() -> None:
    """An empty text in its place would surprise."""
    template = parse_leaf("x${{ null }}")
    assert isinstance(template, Template)
    want = Failure("null", 6, "gives null, which has no text; use default(…, '')")
    assert want == evaluate(template, SCOPE)


def test_texts_of_leaves_are_bounded() -> None:
    """Several results together too."""
    template = parse_leaf("${{ params.t }} ${{ params.t }}")
    assert isinstance(template, Template)
    found = evaluate(template, Scope(params={"t": "x" * 40_000}))
    assert isinstance(found, Failure)
    assert "the text would have 80,001 bytes; at most 65,536" == found.message
