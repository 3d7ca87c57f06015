"""Attempts over items as a world shows them, in a few words."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.classify import exit_words
from headrace.engine.task.observed import Ending, One, SeenItems, Sighting, Stage
from support.builders import at, gone, running, starting

End = int | str | Reason | None
"""An exit code, outputs of a success, a reason; None: it goes on."""


def ending(end: End, when: float = 5) -> Ending:
    """Return how an item ended."""
    match end:
        case Reason():
            return Ending(at(when), reason=end, message=f"it was {end}")
        case str():
            return Ending(at(when), One(0), output=end)
        case int():
            return Ending(at(when), One(end), message=exit_words(end) if end else "")
    raise AssertionError(end)


def seen(ends: Mapping[int, End], total: int = 4, on: Iterable[int] = ()) -> SeenItems:
    """Return items, some of which ended; those in `on` run."""
    ended = {index: ending(end) for index, end in ends.items() if end is not None}
    return SeenItems(total, ended, running=Places.of(on))


def items(
    ends: Mapping[int, End] | None = None,
    number: int = 1,
    total: int = 4,
    on: Iterable[int] = (),
    **more: Any,
) -> Sighting:
    """Return an attempt over items."""
    shown = seen(ends or {}, total, on)
    base = running(number) if shown.running else starting(number)
    return replace(base, items=shown, **more)


def removed(ends: Mapping[int, End], number: int = 1, total: int = 4) -> Sighting:
    """Return an attempt over items that somebody removed."""
    return replace(gone(number), items=seen(ends, total), stage=Stage.GONE)
