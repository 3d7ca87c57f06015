"""
Standard output and standard error, also if they are closed, full or without a reader.

A failure to print never changes a run. All text is printed here, in `Lines` or in `LiveTable`. They
make each text harmless, since names and messages may come from a stranger's file.
"""

import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper

import click

from headrace.cli.words import harmless

_STANDARD = 3
"""Files 0, 1 and 2 are the standard streams, whoever opens them."""


def ready() -> None:
    """
    Make the standard streams safe to use, before anything else is opened.

    A closed stream gets a place holder. Otherwise the next opened file would take its number, and
    would receive the output. A character that a stream cannot write is written as its escape.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        pass
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell(lines: Iterable[str]) -> bool:
    """Print lines; return whether all lines were written. If not, standard error says why."""
    written = tuple(lines)
    try:
        for line in written:
            click.echo(harmless(line))
    except OSError as error:
        sys.stdout = None  # its buffer would be written, in vain again, when Python ends
        complain(error)
        return False
    return True


def note(line: str) -> None:
    """Print a line beside the result, on standard error."""
    try:
        click.echo(harmless(line), err=True)
    except OSError:
        sys.stderr = None


def complain(error: OSError) -> None:
    """Report that standard output cannot be written, unless its reader has left, as `head` does."""
    if not isinstance(error, BrokenPipeError):
        note(f"standard output cannot be written: {error.strerror}")
