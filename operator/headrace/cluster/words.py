"""
What the Job controller says when it cannot make a pod.

It tells that in Events only, so they are read, but seldom: for Jobs that have waited for a
pod for a while, with one list for all Jobs of a namespace.
"""

from dataclasses import dataclass, field

import msgspec

from headrace.engine.task.observed import Sighting
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.objects import Meta
from headrace.kube.resources import CORE_EVENTS, Scope

PATIENCE_SECONDS = 2.0
"""A pod is made within milliseconds; after this, something may be in the way."""
PAUSE_SECONDS = 5.0
"""How long after a list the next Job may ask for another. A Job controller that has many Jobs
before it keeps each of them waiting, and not one of them has a word to find."""
AGAIN_SECONDS = 15.0
KEPT = 20_000
"""How many Jobs are remembered: more than can wait at a time."""
KEPT_ANSWERS = 100
"""Of more namespaces than this, only answers are kept that would not be asked for again."""
FIELDS = "involvedObject.kind=Job,reason=FailedCreate"


class Subject(msgspec.Struct, frozen=True):
    """What an Event is about."""

    name: str = ""


class EventView(msgspec.Struct, frozen=True, rename="camel"):
    """An Event, as far as it is read."""

    metadata: Meta
    message: str = ""
    involved_object: Subject = Subject()


@dataclass(slots=True)
class _Answer:
    """What a namespace's Events said."""

    asked: float
    newest: dict[str, EventView] = field(default_factory=dict)
    """By the Job's name."""


class FailedCreates:
    """The newest FailedCreate message of each Job, asked for seldom."""

    def __init__(self, client: Client) -> None:
        """Start with nothing asked."""
        self._client = client
        self._answers: dict[str, _Answer] = {}
        self._first: dict[tuple[str, str], float] = {}

    async def about(self, namespace: str, sighting: Sighting) -> str | None:
        """Return what keeps a Job from having a pod, or None if nothing is known."""
        now = self._client.clock.now()
        waited = now - self._first.setdefault((namespace, sighting.job), now)
        if waited < PATIENCE_SECONDS:
            self._trim()
            return None
        answer = self._answers.get(namespace)
        age = float("inf") if answer is None else now - answer.asked
        too_early = age > waited - PATIENCE_SECONDS  # Asked before this Job had waited enough.
        if answer is None or age >= (PAUSE_SECONDS if too_early else AGAIN_SECONDS):
            answer = await self._ask(namespace, now)
        event = answer.newest.get(sighting.job)
        return event.message if event is not None else None

    async def _ask(self, namespace: str, now: float) -> _Answer:
        """Read a namespace's Events. Whoever asks meanwhile gets the words from before."""
        answer = self._answers.setdefault(namespace, _Answer(now))
        answer.asked = now
        newest: dict[str, EventView] = {}
        try:
            scope = Scope(CORE_EVENTS, namespace, fields=FIELDS)
            async for page in self._client.pages(scope, EventView):
                for event in page.objects:
                    job = event.involved_object.name
                    known = newest.get(job)
                    if known is None or event.metadata.version > known.metadata.version:
                        newest[job] = event
        except ClusterError:
            return answer  # Without new words a task still waits with a reason: Starting.
        answer.newest = newest
        return answer

    def _trim(self) -> None:
        """Forget the oldest, so that a controller that lives for months stays small."""
        while len(self._first) > KEPT:
            self._first.pop(next(iter(self._first)))
        if len(self._answers) > KEPT_ANSWERS:
            since = self._client.clock.now() - AGAIN_SECONDS
            fresh = {name: each for name, each in self._answers.items() if each.asked > since}
            self._answers = fresh
