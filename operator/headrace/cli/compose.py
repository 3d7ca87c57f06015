"""
From the text of a YAML or JSON file to plain values, and the line of each.

Reads files as kubectl does: a file that is JSON is read as JSON. Refuses harmful files (aliases or
nesting without end) and mistakes that kubectl ignores in silence (a key that is there twice). Knows
no kind of object.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import yaml

from headrace.api.reading.paths import MAX_DEPTH, TOO_DEEP, Step
from headrace.api.reading.suggest import clipped, quoted
from headrace.cli.input import YamlError
from headrace.cli.json_text import json_events
from headrace.cli.places import Places
from headrace.cli.scalars import Scalar, meaning, surprising

MAX_VALUES = 1_000_000
"""How many values a file may hold, also through aliases: some ten times more than the API server
accepts."""

CORE = "tag:yaml.org,2002:"
PLAIN_TAGS = {
    yaml.ScalarEvent: f"{CORE}str",
    yaml.SequenceStartEvent: f"{CORE}seq",
    yaml.MappingStartEvent: f"{CORE}map",
}
MERGE = "<<"


@dataclass(slots=True)
class Document:
    """One document of a file."""

    value: Any = None
    """Plain JSON values."""
    line: int = 1
    """The line where it begins, from 1."""
    places: Places = field(default_factory=Places)
    """The lines of the fields and elements."""

    def line_of(self, path: str) -> int:
        """Return the line of a field, or of the object around a missing field."""
        return self.places.line_of(path) or self.line

    def reading_of(self, path: str) -> str | None:
        """
        Return how a plain word that means no text was read: `YAML reads no as false`.

        None if that is no surprise.
        """
        return self.places.reading_of(path)


@dataclass(frozen=True, slots=True)
class _Node:
    """A value, and how many values it holds with itself."""

    value: Any
    size: int
    line: int


def compose(text: bytes) -> Iterator[Document]:
    """
    Return the documents of a file, one by one; empty ones are left out.

    Raises:
        YamlError: The text cannot be read from here on.

    """
    events = json_events(text)
    if events is None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events = _events(yaml.parse(text, Loader=loader), text)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            document = _Composer(events).document()
            if document.value is not None:
                yield document


def _events(parsed: Iterator[yaml.Event], text: bytes) -> Iterator[yaml.Event]:
    """Pass events on, and turn the parser's errors into ours."""
    try:
        yield from parsed
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise YamlError(line, _syntax(error, text, line)) from None
    except yaml.YAMLError as error:
        raise _unreadable(error, text) from None


def _unreadable(error: yaml.YAMLError, text: bytes) -> YamlError:
    """Say where a file is no text in UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        line = text.count(b"\n", 0, wrong.start) + 1
        message = f"the byte {text[wrong.start]:#04x} is no UTF-8; save the file as UTF-8"
        return YamlError(line, message)
    position = getattr(error, "position", None)
    line = text.count(b"\n", 0, position) + 1 if isinstance(position, int) else 1
    reason = getattr(error, "reason", error)
    return YamlError(line, f"YAML cannot hold this text: {reason}; remove the character")


def _syntax(error: yaml.MarkedYAMLError, text: bytes, line: int) -> str:
    lines = text.splitlines()
    around = lines[line - 1] if line <= len(lines) else b""
    if around.lstrip(b" ").startswith(b"\t"):
        return "the line begins with a tab; indent YAML with spaces"
    context = f" {error.context}" if error.context else ""
    return f"this is no YAML: {error.problem}{context}; check the indentation, brackets and quotes"


class _Composer:
    """Builds the value of one document from YAML events."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Node] = {}
        self._document = Document()

    def document(self) -> Document:
        event = next(self._events)
        self._document.line = _line(event)
        self._document.value = self._node(event, self._document.places, None).value
        return self._document

    def _node(self, event: yaml.Event, places: Places, step: Step | None) -> _Node:
        """Return a value, which stands at a step of `places`; the whole document at None."""
        if places.depth >= MAX_DEPTH and step is not None:
            raise YamlError(_line(event), TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = self._new(event, places, step)
        if node.size > MAX_VALUES:
            message = f"holds more than {MAX_VALUES} values, aliases included; write fewer"
            raise YamlError(node.line, message)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _new(self, event: yaml.Event, places: Places, step: Step | None) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            return _Node(self._scalar(event, places, step), 1, _line(event))
        _refuse_tag(event)
        inside = places if step is None else places.enter(step)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, inside)
        return self._mapping(event, inside)

    def _alias(self, event: yaml.AliasEvent) -> _Node:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            message = f"there is no &{event.anchor} before this *{event.anchor}; write the value"
            raise YamlError(_line(event), message)
        return node

    def _scalar(self, event: yaml.ScalarEvent, places: Places, step: Step | None) -> Scalar:
        if event.tag is None and event.implicit[0]:  # neither quotes nor a tag
            value = meaning(event.value)
            if step is not None and surprising(event.value, value):
                reading = f"YAML reads {clipped(event.value)} as {json.dumps(value)}"
                places.readings[step] = reading
        elif event.tag in {None, "!"}:
            value = event.value
        else:
            value = _tagged(event)
        if isinstance(value, float) and not isfinite(value):
            message = f"{clipped(event.value)} is no number that an object can hold; write another"
            raise YamlError(_line(event), message)
        return value

    def _sequence(self, event: yaml.Event, places: Places) -> _Node:
        elements: list[Any] = []
        size = 1
        for inner in self._until(yaml.SequenceEndEvent):
            places.lines[len(elements)] = _line(inner)
            node = self._node(inner, places, len(elements))
            elements.append(node.value)
            size += node.size
        return _Node(elements, size, _line(event))

    def _mapping(self, event: yaml.Event, places: Places) -> _Node:
        fields: dict[str, Any] = {}
        size = 1
        for key_event in self._until(yaml.MappingEndEvent):
            line = _line(key_event)
            merges = _is_merge(key_event)
            key = self._key(key_event)
            if key in places.lines and not merges:
                first = places.lines[key]
                message = f"the key {quoted(key)} is here twice, first in line {first}; keep one"
                raise YamlError(line, message)
            places.lines[key] = line
            node = self._node(next(self._events), places, key)
            size += 1 + node.size
            fields.update(_merged(node) if merges else {key: node.value})
        return _Node(fields, size, _line(event))

    def _key(self, event: yaml.Event) -> str:
        """Return a field's name; numbers and true become text, as kubectl does it."""
        value = self._node(event, Places(), None).value
        if value is None or isinstance(value, dict | list):
            raise YamlError(_line(event), "a field's name must be text; put it in quotes")
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else int(mark.line) + 1


def _is_merge(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value == MERGE


def _merged(node: _Node) -> dict[str, Any]:
    """Return the fields that `<<` adds; the first of several sources wins."""
    sources = node.value if isinstance(node.value, list) else [node.value]
    if not all(isinstance(source, dict) for source in sources):
        raise YamlError(node.line, "<< needs an object or a list of objects; write the fields")
    return {key: value for source in reversed(sources) for key, value in source.items()}


def _refuse_tag(event: yaml.Event) -> None:
    tag = getattr(event, "tag", None)
    if tag not in {None, "!", PLAIN_TAGS[type(event)]}:
        raise YamlError(_line(event), _no_meaning(tag))


def _tagged(event: yaml.ScalarEvent) -> Scalar:
    """Return a value with a tag such as !!str."""
    if event.tag == f"{CORE}str":
        return str(event.value)
    value = meaning(event.value)
    kinds = {"int": int, "bool": bool, "null": type(None), "float": float}
    kind = kinds.get(str(event.tag).removeprefix(CORE))
    fits = type(value) is kind or (kind is float and type(value) is int)
    if kind is None or not fits:
        raise YamlError(_line(event), _no_meaning(event.tag))
    return value


def _no_meaning(tag: object) -> str:
    """Say what to do with a tag: an expression that begins with `!` is one to YAML."""
    return f"YAML reads {tag} as a tag, and it has no meaning here; put it in quotes, or remove it"
