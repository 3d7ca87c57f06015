"""
The attempt of a wait: how a world shows it, and when it ends.

Knows instants. No program runs, so all worlds show a wait alike.
"""

from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.task.observed import Ending, Sighting, Stage
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


def passed(sighting: Sighting, now: datetime) -> Ending | None:
    """
    Return the end of an attempt that time alone ends; None: its instant has not come.

    The end is the instant itself, also if nobody looked at that moment.
    """
    due = sighting.due
    if due is None or now < due:
        return None
    return Ending(due, message=sighting.message)
