"""What has changed between two looks at some objects. Knows states. Knows no clock."""

from collections.abc import Iterable, Mapping

from headrace.views.objects import Object, message, name, number, reason, text

Look = Mapping[str, tuple[str, str, int]]
"""The state of each object, by what it is called."""


def look(items: Iterable[Object]) -> dict[str, tuple[str, str, int]]:
    """Return the states of objects."""
    return {called(item): _state(item) for item in items}


def changed(items: Iterable[Object], before: Look) -> list[Object]:
    """Return the objects that are in another state than before, or are new."""
    return [item for item in items if before.get(called(item)) != _state(item)]


def called(item: Object) -> str:
    """Return what people call an object: a task by its name in the run, a run by its own."""
    return text(item, "spec", "task") or name(item)


def _state(item: Object) -> tuple[str, str, int]:
    return reason(item), message(item), number(item, "status", "attemptCount")
