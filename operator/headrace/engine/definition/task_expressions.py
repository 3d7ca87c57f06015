"""
The expressions of one task: its `when`, and those in its `env`.

Knows where expressions may stand. Evaluates none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.definition.expressions.leaves import OPEN, parse_leaf
from headrace.engine.definition.expressions.types import Expression, Failure, Template, Wants
from headrace.engine.text import clip

SHOWN = 200
"""The most characters of an expression in a message."""


@dataclass(frozen=True, slots=True)
class TaskExpressions:
    """The expressions of a task."""

    when: Expression | None = None
    env: Mapping[str, Template] = field(default_factory=dict)
    """By the name of the variable."""
    fields: Mapping[str, Expression | Template] = field(default_factory=dict)
    """The expressions of other fields, by their path in the task: `wait.until`."""
    each: Mapping[str, Expression | Template] = field(default_factory=dict)
    """The expressions among these that read `item` or `index`: each item has a value of its own."""
    reads: frozenset[str] = frozenset()
    """The tasks whose results they read."""

    @property
    def skip_words(self) -> str:
        """Why a task is skipped."""
        return f"when is false: {clip(self.when.source, SHOWN)}" if self.when is not None else ""


NO_EXPRESSIONS = TaskExpressions()
NO_FIELDS: Mapping[str, Expression | Template | Failure] = {}


def words(failure: Failure) -> str:
    """Say where an expression went wrong and why. Of a long one, its beginning is shown."""
    return f"column {failure.column} of {clip(failure.source, SHOWN)!r}: {failure.message}"


def condition(source: str) -> Expression:
    """Return the expression in `when`."""
    return Expression(source, Wants.BOOL)


def leaf(variable: EnvVar) -> Template | Failure | None:
    """Return the expressions in a variable's value; None: it has none."""
    if variable.value is None or OPEN not in variable.value:
        return None
    return parse_leaf(variable.value)


def expressions_of(
    env: Sequence[EnvVar],
    when: str | None = None,
    fields: Mapping[str, Expression | Template | Failure] = NO_FIELDS,
) -> TaskExpressions:
    """
    Return the expressions of a task. They were checked before.

    Args:
        env: Its variables.
        when: Its condition.
        fields: Those of its other fields, by their path in the task.

    """
    leaves = {variable.name: leaf(variable) for variable in env}
    templates = {name: each for name, each in leaves.items() if isinstance(each, Template)}
    others = {path: each for path, each in fields.items() if not isinstance(each, Failure)}
    if when is None and not templates and not others:
        return NO_EXPRESSIONS
    from headrace.engine.definition.expressions.reading import (  # noqa: PLC0415 - slow to load, and often not needed
        reads,
        reads_the_item,
    )

    condition_ = condition(when) if when is not None else None
    every = (*templates.values(), *others.values(), *(() if condition_ is None else (condition_,)))
    each = {path: asked for path, asked in others.items() if reads_the_item(asked)}
    alike = {path: asked for path, asked in others.items() if path not in each}
    read = frozenset[str]().union(*map(reads, every))
    return TaskExpressions(condition_, templates, alike, each, read)
