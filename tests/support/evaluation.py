"""Expressions evaluated in this process: quick, and without a bound on their time."""

from collections.abc import Sequence

from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.reading import narrowed
from headrace.engine.definition.expressions.types import (
    Expression,
    Failure,
    Question,
    Scope,
    Template,
    Value,
)


async def evaluate_here(asked: Sequence[Question]) -> Sequence[Value | Failure]:
    """Answer questions, in their order."""
    return [value_of(each.asked, each.scope) for each in asked]


def value_of(asked: Expression | Template, scope: Scope) -> Value | Failure:
    """Return the value of an expression or a leaf, which gets only what it reads."""
    return evaluate(asked, narrowed(asked, scope))
