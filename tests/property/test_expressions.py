"""Random leaves and expressions: pieces come back, values do not change."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.definition.expressions import cel, tree_wire
from headrace.engine.definition.expressions.check import check
from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.leaves import parse_leaf
from headrace.engine.definition.expressions.reading import narrowed
from headrace.engine.definition.expressions.types import (
    Declared,
    Expression,
    Failure,
    Scope,
    ScopeTypes,
    Template,
)
from headrace.evaluation.messages import read_answer, write_answer

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis adds the zone
    lambda instant: instant.replace(fold=0)
)
VALUES = st.recursive(
    SCALARS | INSTANTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


def quoted(text: str) -> str:
    """Write a text as CEL reads it."""
    letters = (each if each.isalnum() or each in " {}$" else f"\\U{ord(each):08x}" for each in text)
    return f"'{''.join(letters)}'"


def in_order(value: Any) -> Any:
    """Return a value whose mappings are in the order of their keys."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


ATOMS = (
    TEXTS.map(quoted)
    | st.integers(-(2**63) + 1, 2**63 - 1).map(str)
    | st.sampled_from(
        ["true", "null", "1.5", "params.n", "params['s']", "tasks.load.outputs.rows", "run.name"]
    )
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions of expressions."""
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, OPERATORS, inner),
        st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.builds(lambda key, a: f"{{{quoted(key)}: {a}}}", TEXTS, inner),
        st.builds(lambda a, b: f"[{a}].map(x, {b})", inner, inner),
        st.builds(lambda a: f"default(params.none, {a})", inner),
        st.builds(lambda a: f"string({a})", inner),
    )


EXPRESSIONS = st.recursive(ATOMS, larger, max_leaves=6)
SCOPE = Scope(
    params={"n": 3, "s": "text"},
    run={"name": "r"},
    tasks={"load": {"outcome": "Succeeded", "outputs": {"rows": 5}}},
)
TYPES = ScopeTypes(
    params={"n": Declared.INTEGER, "s": Declared.STRING, "none": Declared.JSON},
    tasks={"load": {"rows": Declared.INTEGER}},
)
PLAIN = TEXTS.filter(lambda text: "$" not in text and "{" not in text)


@given(st.lists(st.tuples(PLAIN, EXPRESSIONS), max_size=4), PLAIN)
def test_leaves_come_apart_where_they_were_put_together(
    pairs: list[tuple[str, str]], end: str
) -> None:
    """Whatever stands in an expression's texts and mappings; its column is where it begins."""
    text = "".join(f"{before}${{{{ {source} }}}}" for before, source in pairs) + end
    leaf = parse_leaf(text)
    assert isinstance(leaf, Template)
    want = [piece for before, source in pairs for piece in (before, source)] + [end]
    got = [part if isinstance(part, str) else part.source for part in leaf.parts]
    assert [piece for piece in want if piece] == got
    for part in leaf.parts:
        if isinstance(part, Expression):
            assert text[part.column - 1 :].startswith(part.source)


@given(st.text())
def test_any_text_is_a_leaf_or_is_refused(text: str) -> None:
    """With a column within the text."""
    leaf = parse_leaf(text)
    if isinstance(leaf, Failure):
        assert 1 <= leaf.column <= len(text)


@given(EXPRESSIONS)
def test_the_same_inputs_give_the_same_value(source: str) -> None:
    """And a failure is within the expression."""
    first = evaluate(Expression(source), SCOPE)
    assert repr(first) == repr(evaluate(Expression(source), SCOPE))
    if isinstance(first, Failure):
        assert 1 <= first.column <= len(source) + 1


@given(EXPRESSIONS)
def test_what_is_not_read_makes_no_difference(source: str) -> None:
    """Only the names that an expression reads travel to the worker."""
    whole = evaluate(Expression(source), SCOPE)
    assert repr(whole) == repr(evaluate(Expression(source), narrowed(Expression(source), SCOPE)))


@given(st.text() | EXPRESSIONS)
def test_every_text_is_judged(source: str) -> None:
    """A refusal names a column within it, or just behind it."""
    found = check(Expression(source), TYPES)
    if found is not None:
        assert 1 <= found.column <= len(source) + 1


@given(EXPRESSIONS)
def test_trees_come_back_from_the_wire(source: str) -> None:
    """All kinds of nodes."""
    root = cel.parse(source).root
    assert root == tree_wire.read(tree_wire.write(root)).root


@given(JSON)
def test_values_pass_through_an_expression(value: Any) -> None:
    """Byte for byte, and with their types; mappings come in the order of their keys."""
    got = evaluate(Expression("params.v"), Scope(params={"v": value}))
    assert repr(in_order(value)) == repr(got)


@given(VALUES)
def test_values_pass_between_processes(value: Any) -> None:
    """Instants too; no mapping of a user's is taken for one."""
    assert repr(value) == repr(read_answer(write_answer(value)))
