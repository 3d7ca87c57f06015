"""
One call with its tries: retries, pace, fence and counting.

Knows which requests may be tried again and when. Does not know objects, or the purpose of a call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from headrace.kube.errors import (
    ClusterError,
    TooLargeError,
    UnreachableError,
    api_error,
    conflict,
    retry_after,
    transient,
)
from headrace.kube.pace import Backoff, Clock, TokenBucket
from headrace.kube.resources import Resource
from headrace.kube.transport import Request, Response, Transport

REQUEST_SECONDS: Final = 30.0
"""The longest time of one try."""
BACKOFF: Final = Backoff(first=0.1, longest=5)
"""Waits between the tries of one call. The queue of turns repeats calls without end."""
FAILED: Final = 400  # This HTTP status and all above are errors.
NO_ANSWER: Final = 0


def _ignore(_verb: str, _resource: str, _code: int, _seconds: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Settings:
    """The behaviour of a client: settings that flags of the operator, or a test, may change."""

    field_manager: str = "headrace"
    rate: float = 200
    """Requests a second in the long run. A watch counts once, when it opens."""
    burst: int = 400
    """Requests at once after a quiet time."""
    observe: Callable[[str, str, int, float], None] = _ignore
    """Called for each try: verb, plural of the resource, HTTP status (0: no whole answer),
    seconds."""
    fence: Callable[[], bool] | None = None
    """Called just before each write is sent; False refuses the write with `FencedError`."""
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and its verb and resource for the API server's accounting."""

    verb: str
    """In the words of RBAC: get, list, watch, create, update, patch, delete."""
    resource: Resource
    request: Request


class Sender:
    """Sends calls until they succeed, fail for good, or their time is over."""

    def __init__(self, transport: Transport, settings: Settings, random: Random) -> None:
        """Use a transport; `random` gives the jitter."""
        self.transport = transport
        self.settings = settings
        self.random = random
        self._bucket = TokenBucket(settings.rate, settings.burst, settings.clock)

    async def send(self, call: Call, within: float, tries: int | None = None) -> Response:
        """
        Send a call, again while its failure may pass, for at most `within` seconds.

        `tries` limits how often it is sent.

        Raises:
            ApiError: The last answer, if no other try can help or is in time.
            UnreachableError: The last try got no answer.
            FencedError: The fence refused a write.
            TooLargeError: The answer is larger than the call allows.

        """
        clock = self.settings.clock
        until = clock.now() + within
        failures = 0
        while True:
            await self.admit()
            try:
                return await self._try(call, min(REQUEST_SECONDS, until - clock.now()))
            except ClusterError as error:
                failures += 1
                pause = self._pause(error, failures)
                if failures == tries or not _may_pass(call, error) or clock.now() + pause >= until:
                    raise
            await clock.sleep(pause)

    async def admit(self) -> None:
        """Wait until the limits allow one more request."""
        await self._bucket.take()

    def count(self, call: Call, status: int, started: float) -> None:
        """Report one try to the observer."""
        seconds = self.settings.clock.now() - started
        self.settings.observe(call.verb, call.resource.plural, status, seconds)

    async def _try(self, call: Call, seconds: float) -> Response:
        if seconds <= 0:
            raise UnreachableError(
                f"{call.verb} {call.resource}: no time left, the rate is limited"
            )
        started = self.settings.clock.now()
        try:
            response = await self.transport.send(call.request, seconds)
        except (TooLargeError, UnreachableError):
            self.count(call, NO_ANSWER, started)
            raise
        self.count(call, response.status, started)
        if response.status >= FAILED:
            raise api_error(response.status, response.body, response.headers.get("Retry-After"))
        return response

    def _pause(self, error: ClusterError, failures: int) -> float:
        """Jitter is added to the server's number, because all clients get the same number."""
        jittered = BACKOFF.after(failures, self.random)
        return jittered + (retry_after(error) or 0)


def _may_pass(call: Call, error: ClusterError) -> bool:
    # Nobody can change an object that does not exist yet. This conflict is between creates that a
    # ResourceQuota counts at the same time.
    return transient(error) or (call.verb == "create" and conflict(error))
