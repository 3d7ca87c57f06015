"""
Options that have a meaning for one place only: a cluster, or this machine.

Knows what somebody has typed. Knows no option by its name.
"""

from collections.abc import Collection

import click
from click.core import ParameterSource

from headrace.cli.window.exits import WindowError


def refuse(names: Collection[str], words: str) -> None:
    """
    Refuse options that have no meaning in this place.

    Args:
        names: What click calls their values.
        words: Why, and the cure.

    Raises:
        WindowError: Somebody has typed one of them.

    """
    context = click.get_current_context()
    for parameter in context.command.params:
        typed = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if parameter.name in names and typed:
            raise WindowError(f"{parameter.opts[-1]}: {words}")
