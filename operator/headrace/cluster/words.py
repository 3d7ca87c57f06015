"""
The words of Kubernetes on an attempt that does not start, if only Events have them.

A Job controller that cannot create a pod, and a kubelet that cannot mount a volume, write nothing
into a status. Their Events are read, but seldom: for one object at a time, after an unusually long
wait. Anybody who may write Events can write any number of any size, so little is read at once.
"""

from asyncio import Semaphore
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.bounds import forget_oldest
from headrace.engine.task.observed import Sighting, Stage, Where
from headrace.engine.text import LONGEST_WORDS, clip
from headrace.kube.client import Client
from headrace.kube.errors import ClusterError
from headrace.kube.objects import Meta
from headrace.kube.resources import CORE_EVENTS, Scope

PATIENCE_SECONDS = 2.0
"""A pod is usually created within milliseconds; after this time, there may be a problem."""
POD_PATIENCE_SECONDS = 5.0
"""A container starts within seconds, if the node has its image."""
AGAIN_SECONDS = 15.0
KEPT = 20_000
"""How many Jobs and pods are remembered: more than can wait at a time."""
WINDOW_SECONDS = 5.0
IN_NAMESPACE, IN_ALL = 20, 50
"""How many objects may be asked about in a window: in one namespace, and in all. Behind a busy Job
controller, many Jobs wait, and none of them has an Event."""
SCREEN_SECONDS = 2.0
"""For so long it is believed that a namespace has Warnings, or none. One that has none, as most
have, costs one request for all that waits in it."""
PAGE, PAGES = 4, 5
"""How many Events are read at a time, and how often. An honest source writes fewer about one
object, and an Event may have 1.5 MB."""
AT_ONCE = 2
WITHIN = 5.0

MOUNTS = {
    "FailedMount": Reason.CONTAINER_CONFIG_ERROR,
    "FailedMapVolume": Reason.CONTAINER_CONFIG_ERROR,
    "FailedAttachVolume": Reason.CONTAINER_CONFIG_ERROR,
    "FailedCreatePodSandBox": Reason.CONTAINER_CONFIG_ERROR,
    "FailedCreatePodContainer": Reason.CONTAINER_CONFIG_ERROR,
    "NetworkNotReady": Reason.CONTAINER_CONFIG_ERROR,
}
"""The reason of a task whose container does not start, by the Event's reason."""


class Source(msgspec.Struct, frozen=True):
    """The source of an Event, in the older of two fields."""

    component: str = ""


class EventView(msgspec.Struct, frozen=True, rename="camel"):
    """The part of an Event that is read."""

    metadata: Meta
    reason: str = ""
    message: str = ""
    source: Source = Source()
    reporting_component: str = ""

    @property
    def author(self) -> str:
        """The source, if it can be trusted."""
        return self.source.component or self.reporting_component


@dataclass(frozen=True, slots=True)
class Words:
    """The words on an object."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class _Subject:
    """An object that waits."""

    namespace: str
    kind: str
    name: str

    @property
    def fields(self) -> str:
        """The field selector for Events about it."""
        only = ",reason=FailedCreate" if self.kind == "Job" else ""
        return f"involvedObject.kind={self.kind},involvedObject.name={self.name}{only}"

    @property
    def authors(self) -> frozenset[str]:
        """The sources that count."""
        if self.kind == "Job":
            return frozenset({"job-controller"})
        return frozenset({"kubelet", "attachdetach-controller"})

    @property
    def patience(self) -> float:
        """How long it may wait before we ask."""
        return PATIENCE_SECONDS if self.kind == "Job" else POD_PATIENCE_SECONDS


def _subject(namespace: str, where: Where) -> _Subject:
    """Return the object to ask about: the pod of an attempt, or its Job before there is a pod."""
    if where.instance is not None:
        return _Subject(namespace, "Pod", where.instance.name)
    return _Subject(namespace, "Job", where.unit_name)


@dataclass(slots=True)
class _Known:
    """The known words on an object."""

    since: float
    asked: float | None = None
    words: Words | None = None


class Complaints:
    """The newest words on waiting objects, read seldom."""

    def __init__(self, client: Client) -> None:
        """Start empty."""
        self._client = client
        self._known: dict[_Subject, _Known] = {}
        self._asked: list[tuple[float, str]] = []  # When, and about which namespace.
        self._warned: dict[str, tuple[float, bool]] = {}  # By namespace: when asked, and if so.
        self._few = Semaphore(AT_ONCE)

    async def explain(self, namespace: str, sighting: Sighting) -> tuple[Sighting, float] | None:
        """
        Return a sighting with its problem, and in how many seconds to look again.

        None: it does not wait, or its status has the reason already.
        """
        if sighting.stage is not Stage.STARTING or sighting.waiting is not None:
            return None
        subject = _subject(namespace, sighting.where)
        words = await self._about(subject)
        again = PATIENCE_SECONDS if words is None and subject.kind == "Job" else AGAIN_SECONDS
        if words is None:
            return sighting, min(again, POD_PATIENCE_SECONDS)
        return replace(sighting, waiting=_reason(words), message=words.message), again

    async def _about(self, subject: _Subject) -> Words | None:
        """Return the words on an object, or None if there are none."""
        now = self._client.clock.now()
        known = self._known.setdefault(subject, _Known(now))
        forget_oldest(self._known, KEPT)
        due = now - known.since >= subject.patience
        fresh = known.asked is not None and now - known.asked < AGAIN_SECONDS
        if not due or fresh or self._few.locked():
            return known.words
        warned = self._screened(subject.namespace, now)
        if warned is not False and not self._may_ask(subject.namespace, now):
            return known.words
        known.asked = now  # Concurrent requests get the previous words.
        try:
            async with self._few:
                if warned is None:
                    warned = await self._screen(subject.namespace, now)
                known.words = await self._ask(subject) if warned else None
        except ClusterError:
            pass  # Without new words a task still waits with a reason: Starting.
        return known.words

    def _screened(self, namespace: str, now: float) -> bool | None:
        """Return whether a namespace has Warnings; None: not known now."""
        asked, warned = self._warned.get(namespace, (float("-inf"), False))
        return warned if now - asked < SCREEN_SECONDS else None

    async def _screen(self, namespace: str, now: float) -> bool:
        """Ask whether a namespace has any Warning: all words that count are some."""
        scope = Scope(CORE_EVENTS, namespace, fields="type=Warning")
        async for page in self._client.pages(scope, EventView, size=1, within=WITHIN):
            warned = bool(page.objects)
            break
        self._warned[namespace] = now, warned
        forget_oldest(self._warned, KEPT)
        return warned

    async def _ask(self, subject: _Subject) -> Words | None:
        """Read some of an object's Events, and return the problem in the newest one."""
        newest: EventView | None = None
        scope = Scope(CORE_EVENTS, subject.namespace, fields=subject.fields)
        left = PAGES
        async for page in self._client.pages(scope, EventView, size=PAGE, within=WITHIN):
            newest = _newest(newest, (e for e in page.objects if e.author in subject.authors))
            left -= 1
            if left == 0:
                break
        if newest is None or (subject.kind == "Pod" and newest.reason not in MOUNTS):
            return None
        return Words(newest.reason, clip(newest.message, LONGEST_WORDS))

    def _may_ask(self, namespace: str, now: float) -> bool:
        """Return whether a further request is within bounds, and count it."""
        self._asked = [asked for asked in self._asked if now - asked[0] < WINDOW_SECONDS]
        here = sum(asked == namespace for _, asked in self._asked)
        if here >= IN_NAMESPACE or len(self._asked) >= IN_ALL:
            return False
        self._asked.append((now, namespace))
        return True


def _newest(known: EventView | None, events: Iterable[EventView]) -> EventView | None:
    """Return the latest Event, with a bounded message."""
    for event in events:
        if known is None or event.metadata.version > known.metadata.version:
            message = clip(event.message, LONGEST_WORDS)
            known = msgspec.structs.replace(event, message=message, metadata=_bare(event.metadata))
    return known


def _bare(meta: Meta) -> Meta:
    return Meta(meta.name, meta.namespace, resource_version=meta.resource_version)


def _reason(words: Words) -> Reason:
    """Return the reason that an object waits."""
    if words.reason in MOUNTS:
        return MOUNTS[words.reason]
    full = "exceeded quota" in words.message
    return Reason.QUOTA_EXCEEDED if full else Reason.POD_NOT_CREATED
