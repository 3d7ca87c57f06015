"""
How long an ended run stays for the workflows that follow its own: until they have seen its end.

Knows the end and the beginning of the controller. Does not know the followers, or `history`.
"""

from datetime import datetime, timedelta
from typing import Final

from headrace.engine.workflow.observed import ObservedWorkflow

TO_FOLLOW: Final = timedelta(seconds=60)
"""How long followers have for an end, also when the controller was down at that moment."""

TO_LEARN: Final = timedelta(seconds=10)
"""After this time, a controller that has begun knows who follows: each workflow had a turn."""


def shown_until(workflow: ObservedWorkflow, finished: datetime) -> datetime:
    """
    Return until when an ended run of a workflow stays, whatever `history` says.

    A controller that has just begun does not know yet who follows. So it keeps each run that ended
    before.
    """
    since = workflow.watched_since
    began_later = since is not None and finished < since + TO_LEARN
    if not workflow.followed_by_others and not began_later:
        return finished
    return max(finished, since or finished) + TO_FOLLOW
