"""
From the text of a JSON file to the events of YAML's parser, so that one reader serves both.

YAML 1.1 is no superset of JSON: it refuses an escaped character beyond U+FFFF, and takes U+2028 for
the end of a line. kubectl reads a file that begins with an object in braces as JSON if it can.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from headrace.api.reading.suggest import clipped
from headrace.cli.input import YamlError
from headrace.cli.scalars import meaning

TOKEN = re.compile(
    r"[ \t\r\n:,]*"
    r'(?:(?P<sign>[{}\[\]])|(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<word>[^\s{}\[\]:,"]+))'
)
SIGNS: dict[str, tuple[type[yaml.Event], int]] = {
    "{": (yaml.MappingStartEvent, 1),
    "[": (yaml.SequenceStartEvent, 1),
    "}": (yaml.MappingEndEvent, -1),
    "]": (yaml.SequenceEndEvent, -1),
}
BLANKS = " \t\r\n"


def json_events(text: bytes) -> Iterator[yaml.Event] | None:
    """Return the events of a file of JSON objects; None: the file is something else."""
    if not text.lstrip().startswith(b"{"):
        return None
    try:
        written = text.decode()
        _check(written)
    except (ValueError, RecursionError):
        return None
    return _events(written)


def _check(text: str) -> None:
    """
    Parse and keep nothing: the next step relies on the grammar.

    Raises:
        ValueError: This is no JSON.
        RecursionError: The nesting is too deep; the reader of YAML says so too.

    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_nothing, parse_int=_nothing, parse_float=_nothing, parse_constant=_no
    )
    rest = text.rstrip(BLANKS)
    at = 0
    while at < len(rest):
        at += len(rest[at:]) - len(rest[at:].lstrip(BLANKS))
        at = decoder.raw_decode(rest, at)[1]


def _nothing(_: Any) -> None:
    return None


def _no(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _events(text: str) -> Iterator[yaml.Event]:
    line = depth = at = 0
    while (token := TOKEN.match(text, at)) is not None:
        start = token.start(str(token.lastgroup))
        line += text.count("\n", at, start)
        at = token.end()
        mark = yaml.Mark("", start, line, 0, None, 0)
        if depth == 0:
            yield yaml.DocumentStartEvent(mark, mark)
        kind, change = SIGNS.get(token[0][-1] if token["sign"] else "", (yaml.ScalarEvent, 0))
        yield _event(kind, token, mark)
        depth += change
        if depth == 0:
            yield yaml.DocumentEndEvent(mark, mark)


def _event(kind: type[yaml.Event], token: re.Match[str], mark: yaml.Mark) -> yaml.Event:
    if token["text"] is not None:
        value = _whole_characters(json.loads(token["text"]))
        return yaml.ScalarEvent(None, None, (False, True), value, mark, mark, style='"')
    if token["word"] is not None:
        if isinstance(meaning(token["word"]), str):
            message = (
                f"{clipped(token['word'])} is no number that an object can hold; write another"
            )
            raise YamlError(mark.line + 1, message)
        return yaml.ScalarEvent(None, None, (True, False), token["word"], mark, mark)
    if kind in {yaml.MappingStartEvent, yaml.SequenceStartEvent}:
        return kind(None, None, implicit=True, start_mark=mark, end_mark=mark)
    return kind(mark, mark)


def _whole_characters(text: str) -> str:
    """Put U+FFFD for halves of characters, as kubectl does."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
