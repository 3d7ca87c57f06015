"""The functions of expressions: `headrace.engine.definition.expressions.functions`."""

from pathlib import Path
from typing import Any

import pytest

from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.functions.table import FUNCTIONS
from headrace.engine.definition.expressions.types import Expression, Failure, Scope

SCOPE = Scope(params={"long": "a" * 32_768})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'tacocat'.charAt(3)", "o"),
        ("'abc'.charAt(3)", ""),
        ("'hello mellow'.indexOf('ello')", 1),
        ("'hello mellow'.indexOf('ello', 2)", 7),
        ("'hello mellow'.indexOf('jello')", -1),
        ("'hello mellow'.lastIndexOf('ello')", 7),
        ("'hello mellow'.lastIndexOf('ello', 6)", 1),
        ("['hello', 'mellow'].join()", "hellomellow"),
        ("['hello', 'mellow'].join(' ')", "hello mellow"),
        ("'TacoCÆt'.lowerAscii()", "tacocÆt"),
        ("'tacoCÆt Xii'.upperAscii()", "TACOCÆT XII"),
        ("'hello hello'.replace('he', 'we')", "wello wello"),
        ("'hello hello'.replace('he', 'we', 1)", "wello hello"),
        ("'hello hello'.replace('he', 'we', 0)", "hello hello"),
        ("'ab'.replace('', '_')", "_a_b_"),
        ("'hello hello hello'.split(' ')", ["hello", "hello", "hello"]),
        ("'hello hello hello'.split(' ', 0)", []),
        ("'hello hello hello'.split(' ', 2)", ["hello", "hello hello"]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("'tacocat'.substring(4)", "cat"),
        ("'tacocat'.substring(0, 4)", "taco"),
        ("'  \\ttrim\\n    '.trim()", "trim"),
        ("'gums'.reverse()", "smug"),
        (
            "'%s has %d of %.2f%% (%x %X %o %b %e)'.format(['x', 3, 1.5, 255, 255, 8, 5, 1.0])",
            "x has 3 of 1.50% (ff FF 10 101 1.000000e+00)",
        ),
        ("'%s %s'.format([true, 2])", "true 2"),
        ("lists.range(3)", [0, 1, 2]),
        ("[1, [2, [3, 4]]].flatten()", [1, 2, [3, 4]]),
        ("[1, [2, [3, 4]]].flatten(2)", [1, 2, 3, 4]),
        ("[1, 2, 2, 1.0, 'a', 'a', true, 1].distinct()", [1, 2, "a", True]),
        ("[1, 2, 3, 4].slice(1, 3)", [2, 3]),
        ("[3, 2, 1].sort()", [1, 2, 3]),
        ("['b', 'a'].sort()", ["a", "b"]),
        ("[1, 2].reverse()", [2, 1]),
        ("sets.contains([1, 2.0, 'a'], [2, 'a'])", True),
        ("sets.contains([1], [true])", False),
        ("sets.equivalent([1, 1], [1.0])", True),
        ("sets.intersects([[1, {'a': 2}]], [[1, {'a': 2.0}]])", True),
        ("sets.intersects([1], [])", False),
        ("math.greatest(1, 3, 2)", 3),
        ("math.ceil(1.2)", 2.0),
        ("json('{\"a\": [1, 2.5, null, true]}').a", [1, 2.5, None, True]),
        ("hash('a')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ],
)
def test_values(source: str, value: Any) -> None:
    """The examples of CEL's extensions, and others."""
    assert value == evaluate(Expression(source), SCOPE)


@pytest.mark.parametrize(
    ("form", "zone", "text"),
    [
        ("%Y-%m-%d %H:%M:%S", "UTC", "2030-03-31 00:59:59"),
        ("%F %T %Z %z", "Europe/Berlin", "2030-03-31 01:59:59 CET +0100"),
        ("%A %a %B %b %e %j %u %w", "UTC", "Sunday Sun March Mar 31 090 7 0"),
        ("%G-W%V %y", "America/New_York", "2030-W13 30"),
        ("%I %p %f %s", "America/New_York", "08 PM 000000 1901149199"),
        ("100%% %%Y", "UTC", "100% %Y"),
        ("", "UTC", ""),
    ],
)
def test_texts_of_instants(form: str, zone: str, text: str) -> None:
    """In the zone that is named, also beside a change of its clocks."""
    instant = "timestamp('2030-03-31T00:59:59Z')"
    assert text == evaluate(Expression(f"strftime({instant}, '{form}', '{zone}')"), SCOPE)


def test_years_have_four_digits() -> None:
    """Python writes the year 7 otherwise on other systems."""
    source = "strftime(timestamp('0007-01-01T00:00:00Z'), '%Y %F %G', 'UTC')"
    assert "0007 0007-01-01 0007" == evaluate(Expression(source), SCOPE)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "'aaaa'.replace('a', params.long)",
            "the text would have 131,072 characters; at most 65,536",
            id="a text that grows",
        ),
        pytest.param(
            "params.long.replace('', 'aa')",
            "the text would have 98,306 characters; at most 65,536",
            id="a text that grows between its characters",
        ),
        pytest.param(
            "[params.long, params.long, params.long].join()",
            "the text would have 98,304 characters; at most 65,536",
            id="a text of many",
        ),
        pytest.param(
            "'%s%s%s'.format([params.long, params.long, params.long])",
            "the text would have 98,304 characters; at most 65,536",
            id="a format of many",
        ),
        pytest.param(
            "lists.range(10001)", "the list would have 10,001 items; at most 10,000", id="a range"
        ),
        pytest.param(
            "lists.range(99).map(x, lists.range(9999)).flatten()",
            "the list would have 10,001 items; at most 10,000",
            id="a list of lists",
        ),
        pytest.param(
            "'%9999999d'.format([1])", "'%99' is no clause of a format", id="a wide format"
        ),
        pytest.param("'%d'.format(['a'])", "%d cannot write 'a'", id="a format of another type"),
        pytest.param(
            "'%d'.format([])",
            "the format has more clauses than the list has values",
            id="too few values",
        ),
        pytest.param(
            "'%d'.format([1, 2])",
            "the format has fewer clauses than the list has values",
            id="too many values",
        ),
        pytest.param("[1, 'a'].sort()", "a list is sorted that holds only texts", id="a mixture"),
        pytest.param("[1].slice(0, 2)", "positions 0 to 2 are not within 1 items", id="a slice"),
        pytest.param("[1].join()", "item 0 of the list is no text", id="numbers that are joined"),
        pytest.param("json('{')", "the text is no JSON", id="text that is no JSON"),
        pytest.param("json('NaN')", "NaN is no number of JSON", id="a number that JSON has not"),
        pytest.param(
            "json('123456789012345678901')",
            "12345678901234567890 is too large: whole numbers have 64 bits",
            id="a number that is too large",
        ),
        pytest.param("json('\"\\\\ud800\"')", "the text is no JSON", id="half a character"),
        pytest.param(
            f"json('{'[' * 2000}')", "the JSON is nested too deeply", id="JSON that is too deep"
        ),
        pytest.param(
            "strftime(timestamp(0), '%Q', 'UTC')", "%Q is no clause of a format", id="a clause"
        ),
        pytest.param(
            "strftime(timestamp(0), '%', 'UTC')", "% is no clause of a format", id="a bare percent"
        ),
        pytest.param(
            "strftime(timestamp(0), '%Y', 'EST')", "is UTC-5 all year", id="an abbreviation"
        ),
        pytest.param(
            "strftime(timestamp(0), '%Y', '../etc/passwd')", "there is no zone", id="a path"
        ),
    ],
)
def test_what_gives_no_value(source: str, message: str) -> None:
    """Growth is refused before it happens."""
    found = evaluate(Expression(source), SCOPE)
    assert isinstance(found, Failure)
    assert message in found.message


def test_the_page_on_expressions_names_each_function() -> None:
    """Who adds one adds a line there."""
    page = Path(__file__).parents[5] / "docs" / "explanation" / "expressions.md"
    text = page.read_text()
    assert [] == [each.name for each in FUNCTIONS if f"`{each.name}" not in text]
