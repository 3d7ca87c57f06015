"""
The failures of questions that were not evaluated to an end.

Knows limits. Does not know why an expression is costly.
"""

from headrace.engine.definition.expressions.types import LARGEST_LIST, Expression, Failure, Template
from headrace.evaluation.limits import Limits

Asked = Expression | Template


def too_much_time(asked: Asked, limits: Limits) -> Failure:
    """Return the answer to a question that used up its processor time."""
    return _failed(asked, f"takes more than {limits.processor_seconds * 1000:.0f} ms to evaluate")


def too_much_memory(asked: Asked, limits: Limits) -> Failure:
    """Return the answer to a question that needed too much memory."""
    return _failed(asked, f"needs more than {limits.memory_bytes // 2**20} MiB of memory")


def too_large(asked: Asked, size: int, limits: Limits) -> Failure:
    """Return the answer to a question whose values are too large to be read."""
    most = limits.question_bytes
    return _failed(asked, f"the values that it reads have {size:,} bytes; at most {most:,}")


def too_large_for_items(asked: Asked) -> Failure:
    """Return the answer to a question whose answers for all items are too large."""
    return _failed(asked, f"gives more than {LARGEST_LIST:,} bytes for all items")


def unreadable(asked: Asked, why: str) -> Failure:
    """Return the answer to a question whose values are none of an expression's."""
    return _failed(asked, f"a value that it reads cannot be read: {why}")


def died(asked: Asked, how: str) -> Failure:
    """Return the answer to a question that ends each process that evaluates it."""
    return _failed(asked, f"ended the process that evaluates it, twice ({how})")


def _failed(asked: Asked, message: str) -> Failure:
    """Name a leaf by its first expression."""
    parts = (asked,) if isinstance(asked, Expression) else asked.parts
    expressions = (part for part in parts if isinstance(part, Expression))
    first = next(expressions, Expression(""))
    return Failure(first.source, first.column, message)
