"""Expressions evaluated in this process: quick, and without a bound on their time."""

from collections.abc import Sequence

from headrace.engine.definition.expressions.evaluate import evaluate
from headrace.engine.definition.expressions.types import Failure, Question, Value


async def evaluate_here(asked: Sequence[Question]) -> Sequence[Value | Failure]:
    """Answer questions, in their order."""
    return [evaluate(each.asked, each.scope) for each in asked]
