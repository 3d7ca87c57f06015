"""
Standard output and standard error, as they are: closed, full, or with nobody behind them.

What cannot be printed changes nothing that is done. All text goes out here, in `Lines` or in
`LiveTable`, each of which prints it harmless: names and messages may come from a stranger's file.
"""

import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper

import click

from headrace.cli.words import harmless

_STANDARD = 3
"""Files 0, 1 and 2 are the standard ones, whoever opens them."""


def ready() -> None:
    """
    Make the standard streams safe to use, before anything else is opened.

    A closed one gets a place holder: the next file to be opened would take its number, and what
    is printed would go there. A character that a stream cannot write is written as its escape.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        pass
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell(lines: Iterable[str]) -> bool:
    """Print lines; return whether all of them were written. If not, standard error says why."""
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
    """Say that standard output cannot be written; not if its reader has left, as `head` does."""
    if not isinstance(error, BrokenPipeError):
        note(f"standard output cannot be written: {error.strerror}")
