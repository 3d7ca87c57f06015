"""
Objects that are almost right: a valid one with an odd value at one place.

Knows where values are in an object. Knows no field and nobody who judges.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from headrace.api.reading.paths import Step
from support.written import Manifest

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 3, 2**40, 0.5),
    *("", "x", "X_y", "x" * 400),
    *([], {}, [None], [{}], {"": ""}, {"name": "x"}, [[]]),
)
"""One of each kind that people, programs and templates put where something else belongs."""


def mutants(manifest: Manifest) -> Iterator[tuple[tuple[Step, ...], Manifest]]:
    """Yield the object with each odd value at each place of its spec, and the place."""
    for steps in places(manifest["spec"], ("spec",)):
        for value in ODD_VALUES:
            yield steps, replaced(manifest, steps, value)


def places(value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Yield the place of each field and element inside of a value that stands at some place."""
    inner: list[tuple[Step, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for step, each in inner:
        yield (*steps, step)
        yield from places(each, (*steps, step))


def replaced(manifest: Manifest, steps: tuple[Step, ...], value: Any) -> Manifest:
    """Return a copy of an object with another value at a place."""
    changed: Any = deepcopy(manifest)
    inner = changed
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    return dict(changed)
