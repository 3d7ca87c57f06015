"""
Files of manifests, or standard input: their documents, and their problems by line.

Knows how large a file may be. Knows no kind of object.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from headrace.api.reading.problem import Problem
from headrace.cli.compose import Document, compose
from headrace.cli.input import YamlError

MAX_BYTES = 3 * 1024 * 1024
"""The API server reads no larger request."""

STANDARD_INPUT = "-"

IN_QUOTES = "put it in quotes"
"""What a message says already that needs it; how YAML reads a word is then enough."""


def documents(source: str | Path) -> Iterator[Document]:
    """
    Return the documents of a file, or of standard input (`-`).

    Raises:
        YamlError: The file cannot be read from here on.

    """
    yield from compose(_text(str(source)))


def line_about(source: str | Path, line: int | None, message: str) -> str:
    """Return one line about a file, in the form that editors and other tools jump to."""
    place = _shown(source) if line is None else f"{_shown(source)}:{line}"
    return f"{place}: {message}"


def located(source: str | Path, document: Document, problems: Iterable[Problem]) -> list[str]:
    """Return a line for each problem, in the order of the file."""
    placed = [(document.line_of(problem.path), problem) for problem in problems]
    placed.sort(key=lambda pair: pair[0])
    return [line_about(source, line, _sentence(document, problem)) for line, problem in placed]


def _text(source: str) -> bytes:
    if not source:
        raise YamlError(None, "is no file name; name a file, or - for standard input")
    if source == STANDARD_INPUT and sys.stdin is None:  # the shell's <&-
        raise YamlError(None, "is closed; name a file")
    try:
        text = _bytes(source)
    except IsADirectoryError:
        message = f"is a folder; name its files, such as {_shown(Path(source, '*.yaml'))}"
        raise YamlError(None, message) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in its name
        raise YamlError(None, f"cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(text) > MAX_BYTES:
        message = (
            f"is larger than {MAX_BYTES // 1024 // 1024} MiB, and the API server refuses such"
            " requests; split it, and keep data out of manifests"
        )
        raise YamlError(None, message)
    return text


def _bytes(source: str) -> bytes:
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(source).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _shown(source: str | Path) -> str:
    return "<stdin>" if str(source) == STANDARD_INPUT else str(source) or "''"


def _sentence(document: Document, problem: Problem) -> str:
    """Return field and cure; also how YAML reads the value, if that may be a surprise."""
    field = f"{problem.path}: " if problem.path else ""
    reading = document.reading_of(problem.path)
    if not reading:
        return f"{field}{problem.message}"
    cure = "" if IN_QUOTES in problem.message else "; quote it to mean text"
    return f"{field}{problem.message} ({reading}{cure})"
