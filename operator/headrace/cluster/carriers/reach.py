"""What all carriers work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from headrace.cluster.caches import Caches
from headrace.engine.run.observed import RunKey
from headrace.kube.client import Client


@dataclass(frozen=True, slots=True)
class Reach:
    """What a carrier reads, writes through and wakes."""

    caches: Caches
    client: Client
    clock: Callable[[], datetime]
    """The wall clock: stands in for times that Kubernetes does not tell."""
    later: Callable[[RunKey, float], None]
    """Asks for a look at a run in so many seconds."""
