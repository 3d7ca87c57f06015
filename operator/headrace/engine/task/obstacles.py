"""
Why the last start of a task failed, from the world.

Values only. Does not know what follows.
"""

from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import NO_PLACES, Places


@dataclass(frozen=True, slots=True)
class Busy:
    """The world could not start a task or evaluate its expressions, and may be able to later."""

    reason: Reason
    message: str
    until: datetime
    """When to ask again."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The world refused to start a task, and the same request cannot succeed later."""

    reason: Reason
    message: str
    since: datetime
    """When it was refused."""
    items: Places = NO_PLACES
    """The items that were refused, by index. None of them: the whole task was."""


Obstacle = Busy | Denied
"""Why the last start of a task failed."""
