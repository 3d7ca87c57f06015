"""
The workflows that a workflow follows: whether its triggers fit them.

Knows definitions side by side. Does not know where they come from, or runs.
"""

from collections.abc import Iterator, Mapping

from headrace.api.checks.similar import did_you_mean
from headrace.api.reading.problem import Problem
from headrace.api.v1alpha1.trigger import Trigger, WorkflowTrigger
from headrace.engine.definition.circle import way_back
from headrace.engine.definition.compile import Definition

Name = tuple[str, str]
"""Namespace and name of a workflow."""

Definitions = Mapping[Name, Definition]


def follows_itself(name: Name, definition: Definition) -> Iterator[Problem]:
    """Yield the triggers by which a workflow follows itself."""
    for index, other in _workflows(definition.triggers):
        if _followed(name, other) == name:
            yield Problem(
                f"spec.triggers[{index}].workflow.name",
                "the workflow follows itself, so its runs would never end; name another workflow",
            )


def follow_problems(name: Name, definition: Definition, known: Definitions) -> Iterator[Problem]:
    """
    Yield what is wrong with the triggers that name known workflows.

    Args:
        name: The workflow.
        definition: Its definition.
        known: All known workflows.

    """
    way = way_back(name, lambda each: _upstreams(each, known))
    for index, other in _workflows(definition.triggers):
        path, followed = f"spec.triggers[{index}].workflow", _followed(name, other)
        if len(way) > 2 and followed == way[1]:  # noqa: PLR2004 - more than itself
            words = " -> ".join(_words(name, each) for each in way)
            yield Problem(
                f"{path}.name",
                f"workflows follow each other in a circle: {words}; remove a trigger",
            )
        if followed in known:
            yield from _outputs(path, other, known[followed])
            yield from _export(path, name, followed, known[followed])


def _workflows(triggers: tuple[Trigger, ...]) -> Iterator[tuple[int, WorkflowTrigger]]:
    for index, trigger in enumerate(triggers):
        if trigger.workflow is not None:
            yield index, trigger.workflow


def _followed(name: Name, other: WorkflowTrigger) -> Name:
    return other.namespace or name[0], other.name


def _upstreams(name: Name, known: Definitions) -> list[Name]:
    definition = known.get(name)
    others = () if definition is None else _workflows(definition.triggers)
    return [_followed(name, other) for _, other in others]


def _words(name: Name, other: Name) -> str:
    return other[1] if other[0] == name[0] else f"{other[0]}/{other[1]}"


def _outputs(path: str, trigger: WorkflowTrigger, followed: Definition) -> Iterator[Problem]:
    outputs = list(followed.outputs.expressions)
    for place, given in enumerate(trigger.params_from):
        if given.output not in outputs:
            cure = did_you_mean(given.output, outputs) or "declare it in that workflow's outputs"
            yield Problem(
                f"{path}.paramsFrom[{place}].output",
                f"workflow {trigger.name!r} has no output {given.output!r}; {cure}",
            )


def _export(path: str, name: Name, followed: Name, definition: Definition) -> Iterator[Problem]:
    if followed[0] != name[0] and name[0] not in definition.export_to:
        yield Problem(
            f"{path}.namespace",
            f"workflow {followed[1]!r} in {followed[0]!r} does not list {name[0]!r} in exportTo;"
            " add it there",
        )
