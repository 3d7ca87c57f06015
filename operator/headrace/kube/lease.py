"""
Which one of several operators leads: an elector over a `coordination.k8s.io/v1` Lease.

The holder renews every 2 s, and leads for 10 s after it *began* a renewal that succeeded. Another
takes over no sooner than 15 s after it *saw* the lease change. Each counts on its own monotonic
clock, so clocks that differ do no harm, and 5 s lie between the two. That clock does not stop under
SIGSTOP, so `still_mine` is right at once when the process is continued. It cannot recall a request
that is on its way: derived names and resourceVersions guard against those. Nor can it know of a
holder that it never saw: when somebody deletes the Lease, a candidate that starts right then leads
up to one renewal before the old holder learns of it.

The times are those of client-go's leader election. Does not know what leading is for.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from headrace.kube.client import Client
from headrace.kube.errors import ClusterError, conflict, not_found
from headrace.kube.pace import spread
from headrace.kube.resources import LEASES, Ref

log = logging.getLogger(__name__)

NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds. What lies between the first two keeps two from leading at once."""

    duration: int = 15
    """A lease that was not seen to change for so long is free."""
    renew_deadline: float = 10
    """The holder leads for so long after its last renewal began."""
    retry: float = 2
    """Between two renewals, or two looks at another's lease."""
    hurry: float = 0.5
    """After a renewal that failed, before the next one."""
    call: float = 4
    """The longest that one request may take; a renewal takes at most half of the time left, so that
    a connection that is dead leaves time for a new one."""


class LeaseSpec(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`spec` of a Lease. Its times are for people to read; nothing is counted with them."""

    holder_identity: str | None = None
    """None or empty: free."""
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int = 0


class Lease(msgspec.Struct, frozen=True, rename="camel"):
    """A Lease. What others keep in its metadata goes back as it came."""

    metadata: dict[str, Any]
    spec: LeaseSpec = LeaseSpec()

    @property
    def version(self) -> str:
        """Changes with every write, whoever makes it."""
        return f"{self.metadata.get('uid')}/{self.metadata.get('resourceVersion')}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A lease that another holds, and when it was first seen so."""

    lease: Lease
    at: float


class Elector:
    """Tries to lead, and knows at each moment whether it does."""

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
            client: One of its own: without a fence, which would keep us from ever leading again,
                and with its own rate limit, so that work does not delay a renewal.
            ref: The Lease. It is made if it is missing.
            identity: Our name. No two living processes may share one.
            utc_now: The wall clock, for what people read in the Lease.
            times: The same for all candidates.

        """
        self.epoch = 0
        """The number of our term (`leaseTransitions`): who leads later has a larger one."""
        self._client = client
        self._ref = ref
        self._identity = identity
        self._utc_now = utc_now
        self._times = times
        self._held: Lease | None = None
        self._renewed = NEVER  # When the last renewal that succeeded began.
        self._seen: _Seen | None = None

    def still_mine(self) -> bool:
        """Tell whether we lead, right now: true only while no other can. Made to fence writes."""
        return self._held is not None and self._left() > 0

    async def run(self, gained: Callable[[], None], lost: Callable[[], None]) -> None:
        """
        Try to lead, and then go on leading, until cancelled; `release` afterwards.

        Args:
            gained: Called when a term of ours begins.
            lost: Called when it ends, no later than the renew deadline. All work must stop then.

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
        """Let the next one lead at once. Call it when all work has stopped."""
        if self._held is None:
            return
        self._held = None  # First: from here on, nothing may be written any more.
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
                # Somebody wrote it or took it away; maybe we did, and the answer was lost.
                if not (conflict(error) or not_found(error)):
                    raise
            else:
                return
        lease = await self._get()
        free = self._is_free(lease)
        if self._held is not None and lease is not None and not self._names_us(lease):
            self._held = None  # This term is over. If the lease is free, the next try begins one.
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
        # Also when the Lease was deleted: who held it may not know that yet.
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
        """Return the number of the term that a claim is for."""
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
        """Return for how many seconds we may still lead without another renewal."""
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
        """Return the time as MicroTime: UTC, six digits, Z."""
        return self._utc_now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
