"""
The way to the API server in memory, and all that can go wrong on it.

Each client gets a transport of its own, so that one can be cut off while others are not.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from headrace.kube.errors import FencedError, SilentError, TooLargeError, UnreachableError
from headrace.kube.transport import CONNECT_SECONDS, Request, Response, Stream
from support.api_refusals import RefusalError
from support.api_server import ApiServer

Where = Callable[[Request], bool]


def anywhere(_request: Request) -> bool:
    return True


def method(name: str) -> Where:
    """Return the test for requests of one method."""
    return lambda request: request.method == name


@dataclass
class Rule:
    """Something that goes wrong with the next requests that it is for."""

    where: Where
    times: float
    status: int = 0
    """Answer this without asking the server; 0: see `lost`."""
    retry_after: int | None = None
    applied: bool = False
    """With status 0, no answer comes: did the request take effect?"""


@dataclass
class Faults:
    """What goes wrong on one way to the server. At first nothing does."""

    latency: float = 0.0
    """Seconds that each request and each answer takes."""
    black_hole: bool = False
    """Nothing comes through, and nothing says so. A stream that is open then never recovers."""
    repeat_events: bool = False
    """Each event comes twice."""
    shred: bool = False
    """Streams come in chunks of three bytes."""
    dropped: Callable[[bytes], bool] = field(default=lambda _line: False)
    """Events that never come."""
    _rules: list[Rule] = field(default_factory=list)
    _held: asyncio.Event | None = None

    def answer(
        self,
        status: int,
        *,
        times: float = 1,
        retry_after: int | None = None,
        where: Where = anywhere,
    ) -> Rule:
        """Answer the next requests with an error, as an overloaded server does."""
        self._rules.append(Rule(where, times, status, retry_after))
        return self._rules[-1]

    def lose_answer(self, *, times: float = 1, where: Where = anywhere) -> Rule:
        """Let the next requests take effect, and their answers get lost."""
        self._rules.append(Rule(where, times, applied=True))
        return self._rules[-1]

    def lose_request(self, *, times: float = 1, where: Where = anywhere) -> Rule:
        """Reset the connection before the next requests reach the server."""
        self._rules.append(Rule(where, times))
        return self._rules[-1]

    def mend(self) -> None:
        """Let all requests through again."""
        self._rules.clear()
        self.black_hole = False

    def hold_events(self) -> None:
        """Let no event through until `let_go`, as a watch that lags behind."""
        self._held = self._held or asyncio.Event()

    def let_go(self) -> None:
        """Let the held events through."""
        if self._held is not None:
            self._held.set()
        self._held = None

    def next_rule(self, request: Request) -> Rule | None:
        """Return what goes wrong with this request, if something does."""
        for rule in self._rules:
            if rule.times > 0 and rule.where(request):
                rule.times -= 1
                return rule
        return None

    async def pass_on(self, line: bytes) -> list[bytes]:
        """Return what arrives of an event."""
        if self._held is not None:
            await self._held.wait()
        if self.dropped(line):
            return []
        pieces = [line, line] if self.repeat_events else [line]
        if self.shred:
            whole = b"".join(pieces)
            return [whole[start : start + 3] for start in range(0, len(whole), 3)]
        return pieces


class MemoryTransport:
    """Carries requests to a server in memory."""

    def __init__(self, server: ApiServer, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.requests: list[Request] = []
        """All that was sent, whether it came through or not."""
        self.server = server
        self._streams: set[_Cut] = set()

    def cut_streams(self, *, orderly: bool = False) -> None:
        """End all streams: as a server that closes them, or as a line that breaks."""
        for cut in self._streams:
            cut.orderly = orderly
            cut.now.set()

    async def send(self, request: Request, seconds: float) -> Response:
        self.requests.append(request)
        try:
            async with asyncio.timeout(seconds):
                return await self._send(request)
        except TimeoutError as error:
            raise UnreachableError(f"{request.method} {request.target}: timed out") from error

    async def _send(self, request: Request) -> Response:
        rule = self.faults.next_rule(request)
        await asyncio.sleep(self.faults.latency)
        if self.faults.black_hole:
            await _for_ever()
        if request.fence is not None and not request.fence():
            raise FencedError(f"{request.method} {request.target}: not sent")
        if rule is not None and rule.status:
            return _refusal(rule)
        if rule is not None and not rule.applied:
            raise UnreachableError("connection reset before the request was read")
        response = self.server.handle(request)
        await asyncio.sleep(self.faults.latency)
        if self.faults.black_hole:
            await _for_ever()
        if rule is not None:
            raise UnreachableError("connection reset before the answer was read")
        if request.most is not None and len(response.body) > request.most:
            raise TooLargeError(f"{request.target}: broken off")
        return response

    @asynccontextmanager
    async def stream(self, request: Request, idle: float) -> AsyncIterator[Stream]:
        self.requests.append(request)
        rule = self.faults.next_rule(request)
        if self.faults.black_hole:
            await asyncio.sleep(CONNECT_SECONDS)
            raise UnreachableError("no connection")
        if rule is not None and not rule.status:
            raise UnreachableError("connection reset")
        if rule is not None:
            refusal = _refusal(rule)
            yield Stream(refusal.status, refusal.headers, _once(refusal.body))
            return
        try:
            lines = self.server.watch(request)
        except RefusalError as error:
            yield Stream(error.code, {}, _once(json.dumps(error.status).encode()))
            return
        cut = _Cut()
        self._streams.add(cut)
        try:
            yield Stream(200, {}, self._chunks(lines, cut, idle))
        finally:
            self._streams.discard(cut)

    async def _chunks(
        self, lines: AsyncIterator[bytes], cut: "_Cut", idle: float
    ) -> AsyncIterator[bytes]:
        arriving: asyncio.Queue[bytes | None] = asyncio.Queue()
        pump = asyncio.create_task(self._pump(lines, cut, arriving))
        try:
            while True:
                async with asyncio.timeout(idle):
                    chunk = await arriving.get()
                if chunk is None:
                    break
                yield chunk
        except TimeoutError as error:
            raise SilentError(f"nothing came for {idle:.0f} s") from error
        finally:
            pump.cancel()
        if not cut.orderly:
            raise UnreachableError("connection reset in the middle of a stream")

    async def _pump(
        self, lines: AsyncIterator[bytes], cut: "_Cut", arriving: "asyncio.Queue[bytes | None]"
    ) -> None:
        cutting = asyncio.create_task(cut.now.wait())
        feeding = asyncio.create_task(self._feed(lines, arriving))
        try:
            await asyncio.wait({cutting, feeding}, return_when=asyncio.FIRST_COMPLETED)
            cut.orderly = cut.orderly or feeding.done()
            arriving.put_nowait(None)
        finally:
            cutting.cancel()
            feeding.cancel()

    async def _feed(
        self, lines: AsyncIterator[bytes], arriving: "asyncio.Queue[bytes | None]"
    ) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async for line in lines:
            for piece in await self.faults.pass_on(line):
                if self.faults.black_hole:
                    await _for_ever()
                # Nothing overtakes: timers of the same moment would come in any order.
                due = max(due + 1e-6, loop.time() + self.faults.latency)
                loop.call_at(due, arriving.put_nowait, piece)
        await asyncio.sleep(due + 1e-6 - loop.time())  # Nor does the end.


class _Cut:
    """How and when a stream ends before its time."""

    def __init__(self) -> None:
        self.now = asyncio.Event()
        self.orderly = False


def _refusal(rule: Rule) -> Response:
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    return Response(rule.status, b"the server is not well", headers)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _for_ever() -> None:
    await asyncio.sleep(86_400 * 365)
