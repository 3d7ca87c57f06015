"""
The outputs of a workflow's runs: expressions over its tasks.

Knows names, types and what the expressions read. Evaluates none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from headrace.api.v1alpha1.task import Output, OutputType
from headrace.api.v1alpha1.workflow import RunOutput
from headrace.engine.definition.expressions.types import Expression, Wants

WANTS: Final[Mapping[OutputType | None, Wants]] = {
    OutputType.STRING: Wants.STRING,
    OutputType.BOOLEAN: Wants.BOOL,
    OutputType.TIMESTAMP: Wants.TIMESTAMP,
}
"""The types that the check of an expression can tell. Values of the others are checked later."""


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """The outputs that each run of a workflow gives."""

    expressions: Mapping[str, Expression] = field(default_factory=dict)
    """By name."""
    declared: tuple[Output, ...] = ()
    """The outputs with a type."""
    reads: frozenset[str] = frozenset()
    """The tasks whose results the expressions read."""


NO_OUTPUTS: Final = RunOutputs()


def expression_of(output: RunOutput) -> Expression:
    """Return the expression of an output."""
    return Expression(output.expression, WANTS.get(output.type, Wants.ANY))


def outputs_of(outputs: Sequence[RunOutput]) -> RunOutputs:
    """Return the outputs of a workflow's runs. Their expressions were checked before."""
    if not outputs:
        return NO_OUTPUTS
    from headrace.engine.definition.expressions.reading import reads  # noqa: PLC0415 - slow to load, and often not needed

    expressions = {output.name: expression_of(output) for output in outputs}
    return RunOutputs(
        expressions,
        tuple(Output(name=each.name, type=each.type) for each in outputs if each.type is not None),
        frozenset[str]().union(*map(reads, expressions.values())),
    )
