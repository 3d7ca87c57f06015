"""
The option of what a run does with the caches of its tasks.

Knows words of the command line. Loads no API type: `headrace start` must be quick.
"""

from typing import Final

import click

_MODES: Final = {"use": "Use", "refresh": "Refresh", "off": "Off"}

cache_option: Final = click.option(
    "--cache",
    type=click.Choice(tuple(_MODES)),
    help="What to do with the caches of tasks. use: take earlier results; refresh: run all"
    " programs, and keep the results; off: as if there were no cache. Default: use; in a rerun of"
    " all tasks or of one, refresh.",
)


def mode_of(word: str | None) -> str | None:
    """Return the value of `spec.cache` for a word; None: nobody gave one."""
    return None if word is None else _MODES[word]
