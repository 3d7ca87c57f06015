"""
Which fields of its values a world has ever shown with something in them.

The fields come from the types' own hints, so a new field, or a new type, is asked for by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from headrace.engine.definition.compile import Definition

WHOLE = frozenset({Definition})
"""What is one value to a world, however it is made: the engine compiles it."""


def declared(*roots: type) -> frozenset[str]:
    """Return the names of all fields of these types, and of the types that they are made of."""
    return frozenset(
        f"{kind.__name__}.{field.name}" for kind in _types(roots) for field in fields(kind)
    )


def _types(roots: Iterable[type]) -> set[Any]:
    found: set[Any] = set()
    waiting = list(roots)
    while waiting:
        kind = waiting.pop()
        if is_dataclass(kind) and kind not in found and kind not in WHOLE:
            found.add(kind)
            waiting += get_type_hints(kind).values()
        waiting += get_args(kind)
    return found


class ShownFields(set[str]):
    """The fields that had something in them, by type and name."""

    def note(self, value: object) -> None:
        """Add the fields of a value, and of all values in it."""
        if isinstance(value, Mapping):
            self._note_all(value.keys())
            self._note_all(value.values())
        elif isinstance(value, tuple | frozenset | list):
            self._note_all(value)
        elif is_dataclass(value) and type(value) not in WHOLE:
            self |= {f"{type(value).__name__}.{name}" for name in _filled(value)}
            self._note_all(getattr(value, field.name) for field in fields(value))

    def _note_all(self, values: Iterable[object]) -> None:
        for value in values:
            self.note(value)


def _filled(value: Any) -> Iterator[str]:
    for field in fields(value):
        if field.init and _says_something(field, getattr(value, field.name)):
            yield field.name


def _says_something(field: Field[Any], shown: object) -> bool:
    """Tell whether a value is another than the default, or none of the empty ones."""
    if field.default is not MISSING:
        return bool(shown != field.default)
    if field.default_factory is not MISSING:
        return bool(shown != field.default_factory())
    return shown is not None and shown is not False and shown != ""
