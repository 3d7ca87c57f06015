"""
What the checks found, kept for the tasks after them.

Knows the file of results. Does not know how anything is checked.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from .layout import Layout, written_whole


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found."""

    name: str
    passed: bool
    found: str
    """The measured number with its unit, or `nothing` if there were no rows to measure."""
    allowed: str
    promise: str


def write_results(results: Iterable[Result], layout: Layout) -> None:
    """Keep the results beside the tables that they are about."""
    with written_whole(layout.check_results) as partial:
        partial.write_text(json.dumps([asdict(result) for result in results], indent=1))


def read_results(layout: Layout) -> list[Result]:
    """
    Return what the checks of this run found.

    Raises:
        FileNotFoundError: The tables were not checked since they were joined.

    """
    return [Result(**entry) for entry in json.loads(layout.check_results.read_text())]
