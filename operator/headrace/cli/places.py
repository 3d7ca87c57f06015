"""
Where the fields of a document are: a tree of lines, in the shape of the document.

A path as text for each value would take too much memory with long names. Knows paths; knows no
YAML.
"""

import re
from dataclasses import dataclass, field

from headrace.api.reading.paths import Step, piece_of

INDEX = re.compile(r"\[([0-9]{1,9})\]")
NAME = re.compile(r"\.?([A-Za-z_$][-A-Za-z0-9_$]*)")


@dataclass(slots=True)
class Places:
    """The lines of the fields or elements of one object or list."""

    depth: int = 0
    """The depth: how many objects and lists are around it."""
    lines: dict[Step, int] = field(default_factory=dict)
    """The line of each field's name or list's element."""
    readings: dict[Step, str] = field(default_factory=dict)
    """How YAML read plain words, if that may surprise their author."""
    inside: "dict[Step, Places]" = field(default_factory=dict)
    """The inner objects and lists."""

    def enter(self, step: Step) -> "Places":
        """Return the places of an object or list at a step."""
        inner = self.inside[step] = Places(self.depth + 1)
        return inner

    def line_of(self, path: str) -> int | None:
        """Return the line of a field, or of the nearest object around a missing field."""
        line, places = None, self
        while path:
            step, path = places.first_step(path)
            line = places.lines.get(step, line)
            if step not in places.inside:
                break
            places = places.inside[step]
        return line

    def reading_of(self, path: str) -> str | None:
        """Return how the plain word of a field was read, if that may be a surprise."""
        places = self
        while path:
            step, path = places.first_step(path)
            if not path:
                return places.readings.get(step)
            if step not in places.inside:
                break
            places = places.inside[step]
        return None

    def first_step(self, path: str) -> tuple[Step, str]:
        """Return the first step of a path, and the rest. An unknown step takes the whole path."""
        index, name = INDEX.match(path), NAME.match(path)
        if index is not None:
            return int(index[1]), path[index.end() :]
        if name is not None and name[1] in self.lines:
            return name[1], path[name.end() :]
        for step in self.lines:
            piece = piece_of(step)
            if path.startswith((piece, piece.removeprefix("."))):
                return step, path[len(piece) - (not path.startswith(piece)) :]
        return path, ""
