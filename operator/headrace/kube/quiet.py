"""
When a watch has been silent for too long, and what a process says of its watches then.

Knows informers. Does not know what is watched for.
"""

from collections.abc import Sequence
from typing import Any, Final

from headrace.kube.client import IDLE_SECONDS
from headrace.kube.informer import Informer

QUIET_SECONDS: Final = IDLE_SECONDS + 30
"""After this time, a watch is silent and could not be started again either."""


def trouble(informers: Sequence[Informer[Any]], what: str) -> str | None:
    """Return why a process does not know all objects of a kind; None: it does."""
    if not all(informer.synced.is_set() for informer in informers):
        return f"the {what} are not listed yet; the log says why"
    if any(informer.silence > QUIET_SECONDS for informer in informers):
        return f"no news of {what} for over {QUIET_SECONDS:.0f} s"
    return None
