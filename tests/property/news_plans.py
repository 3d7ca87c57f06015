"""Trouble with the news of each kind by itself, and with requests, drawn from a seed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from property.news_controller import KINDS, WRITES
from property.news_rig import LATENCY, NewsRig
from support.api_transport import Faults, MemoryTransport

LONGEST: Final = 25.0  # So many seconds trouble lasts at most.


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong, or that somebody does."""

    at: float
    """In seconds from the beginning; as drawn, a share of the time that the runs need."""
    where: str
    what: str
    seconds: float
    times: int
    index: int
    """Chooses whom it concerns."""

    def within(self, seconds: float) -> "Trouble":
        """Return the trouble at its moment, where the runs need so many seconds."""
        return replace(self, at=self.at * seconds)

    def __str__(self) -> str:
        return f"{self.at:5.1f} s: {self.where}: {self.what} ({self.seconds:.1f} s, {self.times} x)"


def draw_trouble(random: Random, where: str, what: str) -> Trouble:
    """Draw when something happens, and for how long."""
    seconds = random.uniform(0.5, LONGEST)
    return Trouble(
        random.random(), where, what, seconds, random.randint(1, 4), random.randrange(1000)
    )


def draw_news(random: Random) -> Trouble:
    """Draw what goes wrong with the news of a kind, or with requests."""
    way = random.choice((*KINDS, *KINDS, WRITES))
    return draw_trouble(random, way, random.choice(sorted(REQUESTS if way == WRITES else NEWS)))


Happening = Callable[[NewsRig, MemoryTransport, Trouble], None]
Course = tuple[Happening, Happening]
"""What happens at the beginning of a trouble, and at its end."""


def _nothing(_rig: NewsRig, _way: MemoryTransport, _trouble: Trouble) -> None:
    pass


def _hold(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.hold_events()


def _let_go(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.let_go()


def _drop(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.dropped = lambda _line: True


def _cut(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    """End the watch, and with it what was dropped of it; a new one goes on from what was told."""
    way.cut_streams(orderly=trouble.times % 2 == 0)
    way.faults.dropped = Faults().dropped


def _expire(rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    rig.server.forget_history()
    _cut(rig, way, trouble)


def _double(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.repeat_events = True


def _single(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.repeat_events = False


def _lag(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    way.faults.latency = trouble.seconds / 10


def _no_lag(_rig: NewsRig, way: MemoryTransport, _trouble: Trouble) -> None:
    way.faults.latency = LATENCY


def _refuse(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    way.faults.answer((500, 503, 429)[trouble.times % 3], times=trouble.times)


def _refuse_and_cut(rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    _refuse(rig, way, trouble)
    _cut(rig, way, trouble)


def _lose_answers(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    way.faults.lose_answer(times=trouble.times)


def _lose_requests(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    way.faults.lose_request(times=trouble.times)


def _refuse_events(_rig: NewsRig, way: MemoryTransport, trouble: Trouble) -> None:
    way.faults.answer(503, times=trouble.times, where=lambda each: "/events" in each.target)


def _restart(rig: NewsRig, _way: MemoryTransport, _trouble: Trouble) -> None:
    rig.restart()


NEWS: Final[dict[str, Course]] = {
    "late": (_hold, _let_go),
    "later than that": (_hold, _let_go),
    "the end of a watch is lost": (_drop, _cut),
    "cut": (_cut, _nothing),
    "410": (_expire, _nothing),
    "late, then 410": (_drop, _expire),
    "twice": (_double, _single),
    "slow": (_lag, _no_lag),
    "errors": (_refuse_and_cut, _nothing),
}
"""What happens to the news of a kind: at its beginning, and at its end. No real watch tells changes
of one kind out of order, so none of these does."""

REQUESTS: Final[dict[str, Course]] = {
    "refused": (_refuse, _nothing),
    "answers are lost": (_lose_answers, _nothing),
    "requests are lost": (_lose_requests, _nothing),
    "slow requests": (_lag, _no_lag),
    "Events are refused": (_refuse_events, _nothing),
    "restart": (_restart, _nothing),
}
