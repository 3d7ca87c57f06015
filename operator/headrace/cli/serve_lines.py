"""
What a server tells, a line for each event: for people, or as JSON for programs.

Knows events and the clock. Decides nothing.
"""

import json
from collections.abc import Callable
from datetime import datetime

from headrace.api.checks.instants import to_the_second, write_time
from headrace.cli.streams import tell
from headrace.cli.words import one_line
from headrace.local.news import Event


class ServeLines:
    """
    Prints events.

    Args:
        clock: The wall clock.
        as_json: Whether a line is a JSON object.

    """

    def __init__(self, clock: Callable[[], datetime], *, as_json: bool) -> None:
        self._clock = clock
        self._as_json = as_json

    def say(self, event: Event) -> None:
        """Print an event. A failure to print changes nothing."""
        time = write_time(to_the_second(self._clock()))
        tell([_json(time, event) if self._as_json else _words(time, event)])


def _words(time: str, event: Event) -> str:
    subject = event.run or event.workflow
    return one_line(f"{time} {subject}: {event.message}" if subject else f"{time} {event.message}")


def _json(time: str, event: Event) -> str:
    fields = {"time": time, "event": event.kind, "workflow": event.workflow, "run": event.run}
    given = {name: value for name, value in fields.items() if value}
    return json.dumps({**given, "message": one_line(event.message)}, ensure_ascii=False)
