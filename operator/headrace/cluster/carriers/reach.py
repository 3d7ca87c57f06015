"""The tools of all carriers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from headrace.cluster.caches import Caches
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client


@dataclass(frozen=True, slots=True)
class Reach:
    """The caches, the client and the queue of a carrier."""

    caches: Caches
    client: Client
    clock: Callable[[], datetime]
    """The wall clock: replaces times that Kubernetes does not give."""
    later: Callable[[RunKey, float], None]
    """Asks for a turn of a run in so many seconds."""
