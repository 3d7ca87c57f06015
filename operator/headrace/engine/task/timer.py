"""
The attempt of a wait: how a world shows it, and when it ends.

Knows instants. No program runs, so all worlds show a wait alike.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Ending, One, SeenItems, Sighting, Stage
from headrace.engine.text import rfc3339

ONLY_ATTEMPT = 1
"""The number of a wait's attempt: time does not fail, so nothing is tried again."""


def wait_sighting(created: datetime | None, until: datetime) -> Sighting:
    """Return the sighting of a wait that goes on until an instant."""
    return Sighting(
        ONLY_ATTEMPT,
        Stage.WAITING,
        created=created,
        waiting=Reason.WAITING_FOR_TIME,
        message=f"until {rfc3339(until)}",
        alive=False,
        due=until,
    )


def waits_sighting(created: datetime | None, ends: Sequence[datetime]) -> Sighting:
    """Return the sighting of the waits of some items."""
    expected = {index: Ending(end, One(0)) for index, end in enumerate(ends)}
    shown = wait_sighting(created, max(ends))
    return replace(shown, items=SeenItems(len(ends), expected=expected))


def passed(sighting: Sighting, now: datetime) -> Ending | None:
    """
    Return the end of an attempt that time alone ends; None: its instant has not come.

    The end is the instant itself, also if nobody looked at that moment.
    """
    due = sighting.due
    if due is None or now < due:
        return None
    return Ending(due, message=sighting.message)
