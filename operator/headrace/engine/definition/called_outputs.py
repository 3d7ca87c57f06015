"""
The outputs that calls of known workflows give: whether they are those that the caller reads.

Knows definitions side by side. Does not know where they come from, or runs.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from headrace.api.checks.similar import closest
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.task import OutputType
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.calls import Definitions, calls, path_of
from headrace.engine.definition.compile import Definition, TaskDefinition
from headrace.engine.definition.expression_problems import Called, expression_problems
from headrace.engine.definition.expressions.types import Declared
from headrace.engine.definition.run_outputs import RunOutputs
from headrace.engine.definition.work import Each
from headrace.engine.text import listed

SHOWN = 5

FITS: Final[frozenset[tuple[OutputType, OutputType]]] = frozenset(
    {
        (OutputType.INTEGER, OutputType.NUMBER),
        (OutputType.TIMESTAMP, OutputType.STRING),
    }
)
"""Pairs of a given type and another one that each of its values has too."""

UNKNOWN: Final = OutputType.JSON
"""The type of an output that is declared without one, and one that each value has."""


def output_problems(
    spec: WorkflowSpec, definition: Definition, known: Definitions
) -> Iterator[Problem]:
    """
    Yield what a workflow reads of its calls, or promises of them, and cannot get.

    Args:
        spec: The workflow.
        definition: Its definition.
        known: All known workflows of its namespace.

    """
    called: dict[str, Called] = {}
    for task, call in calls(definition):
        if call.workflow not in known:
            continue
        given = types_of(known[call.workflow].outputs)
        yield from _promised(task, path_of(definition, task), call.workflow, given)
        if isinstance(task.work, Each):
            continue  # Its outputs are a list of those.
        if not task.outputs:  # Its own were compared with what is read when they were accepted.
            outputs = {name: Declared(kind.value) for name, kind in given.items()}
            called[task.name] = Called(call.workflow, outputs)
    if called:
        yield from expression_problems(spec, definition.graph, called)


def types_of(outputs: RunOutputs) -> Mapping[str, OutputType]:
    """Return the outputs of a workflow's runs, each with its type."""
    types = {output.name: output.type for output in outputs.declared}
    return {name: types.get(name, UNKNOWN) for name in outputs.expressions}


def _promised(
    task: TaskDefinition, path: str, workflow: str, given: Mapping[str, OutputType]
) -> Iterator[Problem]:
    """Compare the outputs that a task declares with those of the workflow that it calls."""
    for index, output in enumerate(task.outputs):
        kind = given.get(output.name)
        at = f"{path}.outputs[{index}]"
        if kind is None:
            near = closest(output.name, given)
            there = f"there are {listed(sorted(given), SHOWN)}" if given else "there are none"
            cure = f"did you mean {near!r}?" if near is not None else there
            message = f"workflow {workflow!r} gives no output {output.name!r}; {cure}"
            yield Problem(f"{at}.name", message)
        elif not _fits(kind, output.type):
            message = f"workflow {workflow!r} gives {output.name!r} as {kind}; write type: {kind}"
            yield Problem(f"{at}.type", message)


def _fits(given: OutputType, promised: OutputType) -> bool:
    return given == promised or UNKNOWN in (given, promised) or (given, promised) in FITS
