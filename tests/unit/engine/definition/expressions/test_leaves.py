"""Leaves with `${{ }}`: `headrace.engine.definition.expressions.leaves`."""

import pytest

from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.types import Expression, Failure, Template


def at(column: int, source: str) -> Expression:
    return Expression(source, column=column)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", (), id="no text"),
        pytest.param("$HOME {{ x }} $$ }}", ("$HOME {{ x }} $$ }}",), id="nothing to evaluate"),
        pytest.param("${{ params.day }}", (at(5, "params.day"),), id="nothing but an expression"),
        pytest.param("${{x}}", (at(4, "x"),), id="no spaces"),
        pytest.param(" ${{ x }}", (" ", at(6, "x")), id="a space before it is text"),
        pytest.param(
            "s3://${{ a }}/${{ b }}.csv",
            ("s3://", at(10, "a"), "/", at(19, "b"), ".csv"),
            id="several in a text",
        ),
        pytest.param("${{ '}}' }}", (at(5, "'}}'"),), id="closing brackets in a text"),
        pytest.param('${{ "a\\"}}" }}', (at(5, '"a\\"}}"'),), id="a quote with a backslash"),
        pytest.param("${{ r'\\' }}", (at(5, "r'\\'"),), id="a raw text ends at a backslash"),
        pytest.param("${{ '''it's }}''' }}", (at(5, "'''it's }}'''"),), id="three quotes"),
        pytest.param(
            "${{ {'a': {'b': 1}} }}", (at(5, "{'a': {'b': 1}}"),), id="mappings in a mapping"
        ),
        pytest.param("${{ {'a': 1}}}", (at(5, "{'a': 1}"),), id="a mapping at the end"),
        pytest.param(
            "${{ x // '}}\n + 1 }}", (at(5, "x // '}}\n + 1"),), id="a comment ends with its line"
        ),
        pytest.param("$${{ x }}", ("$", at(6, "x")), id="two dollars are no way to write brackets"),
        pytest.param("${{ '${{' }}", (at(5, "'${{'"),), id="the brackets as text"),
    ],
)
def test_pieces_of_a_leaf(text: str, parts: tuple[str | Expression, ...]) -> None:
    """Columns count from the beginning of the leaf."""
    assert Template(parts) == parse_leaf(text)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        pytest.param(
            "to ${{ params.day",
            4,
            "${{ is not closed; close it with }}, and a text in it with its quote",
            id="not closed",
        ),
        pytest.param(
            "${{ x }} ${{ 'a }}'",
            10,
            "${{ is not closed; close it with }}, and a text in it with its quote",
            id="closed within a text only",
        ),
        pytest.param("a${{  }}", 2, "the expression is empty", id="nothing in it"),
    ],
)
def test_leaves_that_are_refused(text: str, column: int, message: str) -> None:
    """The column is that of the brackets."""
    found = parse_leaf(text)
    assert isinstance(found, Failure)
    assert (column, message) == (found.column, found.message)
