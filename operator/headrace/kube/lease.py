"""
The election of one leader among operators, over a `coordination.k8s.io/v1` Lease.

The holder renews every 2 s, and leads for 10 s after it *began* a renewal that succeeded. Another
takes over no sooner than 15 s after it *saw* the lease change. Each counts on its own monotonic
clock, so different clocks do no harm, and 5 s lie between the two times. That clock goes on under
SIGSTOP, so `still_mine` is right at once when the process continues. It cannot stop a request on
its way: derived names and resourceVersions make such a request harmless. It cannot know a holder
that it never saw: if somebody deletes the Lease, a candidate that starts at that moment leads up to
one renewal before the old holder notices.

The times are those of client-go's leader election. Does not know what a leader does.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, conflict, not_found
from headrace.kube.objects import micro_time
from headrace.kube.pace import spread
from headrace.kube.resources import LEASES, Ref

log = logging.getLogger(__name__)

NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds. The difference of the first two keeps two processes from leading at once."""

    duration: int = 15
    """A Lease without a change for this time is free."""
    renew_deadline: float = 10
    """The holder leads for this time after the beginning of its last renewal."""
    retry: float = 2
    """The time between two renewals, or two looks at another's Lease."""
    hurry: float = 0.5
    """The time between a failed renewal and the next one."""
    call: float = 4
    """The longest time of one request. A renewal takes at most half of the time left, so that a
    dead connection leaves time for a new one."""


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`spec` of a Lease. Its times are for people only."""

    holder_identity: str | None = None
    """None or empty: free."""
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int = 0


class Lease(msgspec.Struct, frozen=True, rename="camel"):
    """A Lease. Other fields of its metadata are written back unchanged."""

    metadata: dict[str, Any]
    spec: LeaseSpec = LeaseSpec()

    @property
    def version(self) -> str:
        """Changes with each write of anybody."""
        return f"{self.metadata.get('uid')}/{self.metadata.get('resourceVersion')}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A Lease of another holder, and when it was first seen in this state."""

    lease: Lease
    at: float


class Elector:
    """Tries to lead, and knows at each moment whether it leads."""

    def __init__(
        self,
        client: Client,
        ref: Ref,
        identity: str,
        utc_now: Callable[[], datetime],
        times: Times = Times(),
    ) -> None:
        """
        Prepare; `run` starts.

        Args:
            client: A separate client. It has no fence, which would stop us from leading again, and
                its own rate limit, so that work does not delay a renewal.
            ref: The Lease. A missing one is created.
            identity: Our name. No two live processes may share it.
            utc_now: The wall clock, for the times that people read in the Lease.
            times: The same for all candidates.

        """
        self.epoch = 0
        """The number of our term (`leaseTransitions`). It grows with each leader."""
        self._client = client
        self._ref = ref
        self._identity = identity
        self._utc_now = utc_now
        self._times = times
        self._held: Lease | None = None
        self._renewed = NEVER  # The beginning of the last successful renewal.
        self._seen: _Seen | None = None

    def still_mine(self) -> bool:
        """Return whether we lead now: true only while no other can."""
        return self._held is not None and self._left() > 0

    async def run(self, gained: Callable[[], None], lost: Callable[[], None]) -> None:
        """
        Try to lead, and keep leading until cancelled; call `release` afterwards.

        Args:
            gained: Called when a term of ours begins.
            lost: Called when the term ends, no later than the renew deadline. All work must stop
                then.

        """
        leading = False
        while True:
            failed = True
            try:
                async with asyncio.timeout(self._left() if leading else None):
                    await self._try()
                failed = False
            except (ClusterError, TimeoutError) as error:
                log.warning("%s: %s", self._ref, error or "no answer before the renew deadline")
            except Exception:
                log.exception("%s: unforeseen", self._ref)
            if self.still_mine() != leading:
                leading = not leading
                log.warning("%s %s", self._identity, "leads" if leading else "leads no longer")
                (gained if leading else lost)()
            if not leading:
                self._held = None
            await self._client.clock.sleep(self._pause(failed=failed))

    async def release(self) -> None:
        """Release the Lease, so that the next leader can start. Call it after all work."""
        if self._held is None:
            return
        self._held = None  # First: from here on, no more writes.
        try:
            lease = await self._get()
            if lease is not None and self._names_us(lease):
                spec = msgspec.structs.replace(
                    lease.spec, holder_identity=None, renew_time=self._stamp()
                )
                await self._write(lease, spec)
        except ClusterError as error:
            log.warning("%s is not released, it will expire: %s", self._ref, error)

    async def _try(self) -> None:
        if self._held is not None:
            try:
                await self._claim(self._held)
            except ClusterError as error:
                # Somebody wrote or deleted the Lease; maybe we did, and the answer was lost.
                if not (conflict(error) or not_found(error)):
                    raise
            else:
                return
        lease = await self._get()
        free = self._is_free(lease)
        if self._held is not None and lease is not None and not self._names_us(lease):
            self._held = (
                None  # This term is over. If the Lease is free, the next try begins a new term.
            )
        elif free:
            await self._claim(lease)

    def _names_us(self, lease: Lease) -> bool:
        return lease.spec.holder_identity == self._identity

    def _is_free(self, lease: Lease | None) -> bool:
        now = self._client.clock.now()
        if lease is not None and lease.spec.holder_identity in (None, "", self._identity):
            return True
        if lease is not None and (self._seen is None or self._seen.lease.version != lease.version):
            self._seen = _Seen(lease, now)
        # Also when the Lease was deleted: its holder may not know that yet.
        return self._seen is None or now >= self._expiry(self._seen)

    async def _claim(self, lease: Lease | None) -> None:
        began = self._client.clock.now()
        self._held, self.epoch = await self._write(lease, self._claiming(lease)), self._next(lease)
        self._renewed = began
        self._seen = None

    def _claiming(self, lease: Lease | None) -> LeaseSpec:
        now = self._stamp()
        return LeaseSpec(
            holder_identity=self._identity,
            lease_duration_seconds=self._times.duration,
            acquire_time=self._held.spec.acquire_time if self._held else now,
            renew_time=now,
            lease_transitions=self._next(lease),
        )

    def _next(self, lease: Lease | None) -> int:
        """Return the number of the term of a claim."""
        if self._held is not None:
            return self.epoch
        known = [known for known in (lease, self._seen and self._seen.lease) if known]
        return max([self.epoch, *(known.spec.lease_transitions for known in known)]) + 1

    async def _get(self) -> Lease | None:
        try:
            return await self._client.get(self._ref, Lease, within=self._call())
        except ClusterError as error:
            if not_found(error):
                return None
            raise

    async def _write(self, lease: Lease | None, spec: LeaseSpec) -> Lease:
        new = {"name": self._ref.name, "namespace": self._ref.namespace}
        body = {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": new if lease is None else lease.metadata,
            "spec": spec,
        }
        within = self._call()
        if lease is None:
            return await self._client.create(LEASES, body, Lease, within=within)
        return await self._client.replace(self._ref, body, Lease, within=within)

    def _left(self) -> float:
        """Return how many seconds we may still lead without another renewal."""
        return self._renewed + self._times.renew_deadline - self._client.clock.now()

    def _expiry(self, seen: _Seen) -> float:
        return seen.at + (seen.lease.spec.lease_duration_seconds or self._times.duration)

    def _call(self) -> float:
        """Return how long a request may take now."""
        longest = self._times.call
        return min(longest, max(self._left() / 2, self._times.hurry)) if self._held else longest

    def _pause(self, *, failed: bool) -> float:
        if self._held is not None:
            wanted = self._times.hurry if failed else self._times.retry
            return max(0.0, min(wanted, self._left()))
        pause = spread(self._times.retry, self._client.random)
        if self._seen is not None:
            until_free = self._expiry(self._seen) - self._client.clock.now()
            pause = min(pause, max(until_free, 0.1))
        return pause

    def _stamp(self) -> str:
        return micro_time(self._utc_now())
