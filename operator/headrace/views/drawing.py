"""
What is drawn of a run: its graph, and a bar for each attempt with its phases.

Knows the definition and the statuses. Knows no place on a screen: the page lays graphs out.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from headrace.views.objects import Object, entries, field, text
from headrace.views.rows import Bar, Edge, Node, Phase
from headrace.views.summaries import state_of

_KINDS: Final = (
    ("workflow", "workflow"),
    ("approval", "approval"),
    ("wait", "wait"),
    ("forEach", "items"),
)
"""The field that makes a task other than one program, and what the page calls it."""
_PHASES: Final = (
    ("waiting", "createdTime"),
    ("pulling", "scheduledTime"),
    ("running", "startTime"),
)
"""The phases of an attempt, and the field with each one's begin: for a node, an image, an end."""


def nodes(tasks: Iterable[Object], definition: Object | None) -> list[Node]:
    """Return the nodes of a run's graph, in the order of `all_tasks`."""
    written = {text(task, "name"): task for task in _written(definition)}
    last = {text(task, "name") for task in entries(definition, "finally")}
    return [
        Node(called, _kind(written.get(called)), called in last, state_of(task))
        for task in tasks
        for called in [text(task, "spec", "task")]
    ]


def edges(definition: Object | None) -> list[Edge]:
    """Return the edges of a definition's graph; a name that no task has leads nowhere."""
    names = {text(task, "name") for task in _written(definition)}
    return [
        Edge(str(before), text(task, "name"))
        for task in _written(definition)
        for before in entries(task, "dependsOn")
        if str(before) in names
    ]


def bars(tasks: Iterable[Object]) -> list[Bar]:
    """Return the bars of all attempts that statuses still have."""
    return [
        Bar(
            text(task, "spec", "task"),
            attempt["number"],
            text(attempt, "reason"),
            _mood(task, attempt, last=attempt is attempts[-1]),
            list(_phases(attempt)),
        )
        for task in tasks
        for attempts in [_numbered(task)]
        for attempt in attempts
    ]


def _numbered(task: Object) -> list[Object]:
    attempts = entries(task, "status", "attempts")
    return [each for each in attempts if isinstance(field(each, "number"), int)]


def _phases(attempt: Object) -> Iterator[Phase]:
    """Yield the phases that have begun, each until the next one, or the attempt's end."""
    begun = [(phase, text(attempt, at)) for phase, at in _PHASES if text(attempt, at)]
    ends = [*(begin for _, begin in begun[1:]), text(attempt, "finishTime")]
    for (phase, begin), end in zip(begun, ends, strict=True):
        yield Phase(phase, begin, end)


def _mood(task: Object, attempt: Object, *, last: bool) -> str:
    """Return the mood of an attempt: the last one has that of its task."""
    if last:
        return state_of(task).tone
    return "good" if text(attempt, "reason") == "Succeeded" else "bad"


def _kind(task: Object | None) -> str:
    return next((kind for name, kind in _KINDS if field(task, name) is not None), "program")


def _written(definition: Object | None) -> list[Object]:
    return [*entries(definition, "tasks"), *entries(definition, "finally")]
