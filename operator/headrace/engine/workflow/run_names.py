"""
The name of the run of a tick. It is the lock: whoever creates the run creates the same object.

Knows an instant. Does not know schedules or runs.
"""

from datetime import datetime


def run_name(workflow: str, tick: datetime) -> str:
    """
    Return the name of a tick's run: the workflow's and the tick in minutes since 1970.

    A tick between two whole minutes (`everySeconds: 90`) is named in seconds since 1970, which has
    10 digits instead of 8: so no two ticks share a name, and it fits until the year 2286.
    """
    seconds = int(tick.timestamp())
    minutes, rest = divmod(seconds, 60)
    return f"{workflow}-{seconds if rest else minutes}"
