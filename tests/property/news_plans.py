"""Plans of trouble with the news of each kind by itself, drawn from a seed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from property.news_rig import KINDS, WRITES, NewsRig
from support.api_transport import Faults, MemoryTransport
from support.node_machine import Program
from support.virtual_time import now, seeded

LAST: Final = 20.0  # Trouble begins in the first so many seconds,
LONGEST: Final = 25.0  # and lasts at most so long.


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong with the news of one kind, or with requests."""

    at: float
    way: str
    what: str
    seconds: float
    times: int

    def __str__(self) -> str:
        return f"{self.at:5.1f} s: {self.way}: {self.what} ({self.seconds:.1f} s, {self.times} x)"


@dataclass(frozen=True)
class Plan:
    """A workflow, what its programs do, and what trouble there is."""

    tasks: list[dict[str, Any]]
    programs: dict[str, Program]
    troubles: tuple[Trouble, ...]

    def attempts(self, task: str) -> list[int]:
        """Return the exit codes of the attempts that a task makes."""
        (limit,) = (each["retry"]["limit"] for each in self.tasks if each["name"] == task)
        codes: list[int] = []
        while len(codes) <= limit and 0 not in codes:
            codes.append(self.programs[task].code(len(codes) + 1))
        return codes

    def runs(self, task: str) -> bool:
        """Tell whether a task starts: all before it have succeeded."""
        (after,) = (each["dependsOn"] for each in self.tasks if each["name"] == task)
        return all(self.runs(each) and 0 in self.attempts(each) for each in after)


def plan(seed: int) -> Plan:
    """Draw a plan."""
    random = seeded(seed)
    tasks: list[dict[str, Any]] = []
    programs: dict[str, Program] = {}
    for n in range(random.randint(1, 6)):
        before = [each["name"] for each in tasks]
        after = random.sample(before, min(len(before), random.randint(0, 2)))
        retry = {"limit": random.choice((0, 0, 1, 2)), "backoff": {"seconds": 0}}
        tasks.append({"name": f"t{n}", "image": "busybox", "dependsOn": after, "retry": retry})
        codes = tuple(random.choice((0, 0, 0, 3)) for _ in range(3))
        programs[f"t{n}"] = Program(random.choice((0.2, 1.0, 5.0)), codes)
    troubles = (_trouble(random) for _ in range(random.randint(1, 8)))
    return Plan(tasks, programs, tuple(sorted(troubles, key=lambda each: each.at)))


def _trouble(random: Random) -> Trouble:
    way = random.choice((*KINDS, *KINDS, WRITES))
    what = random.choice(sorted(TROUBLES if way != WRITES else REQUESTS))
    return Trouble(
        random.uniform(0, LAST), way, what, random.uniform(0.5, LONGEST), random.randint(1, 4)
    )


async def make_trouble(rig: NewsRig, troubles: tuple[Trouble, ...]) -> None:
    """Let everything happen at its time; afterwards all is well."""
    began = now()
    async with asyncio.TaskGroup() as group:
        for each in troubles:
            group.create_task(_happen(rig, each, began))


async def _happen(rig: NewsRig, trouble: Trouble, began: float) -> None:
    await asyncio.sleep(began + trouble.at - now())
    way = rig.ways[trouble.way]
    begin, end = (TROUBLES | REQUESTS)[trouble.what]
    begin(rig, way, trouble)
    await asyncio.sleep(trouble.seconds)
    end(rig, way, trouble)


Happening = Callable[[NewsRig, MemoryTransport, Trouble], None]


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
    way.faults.latency = 0.0


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


TROUBLES: Final[dict[str, tuple[Happening, Happening]]] = {
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

REQUESTS: Final[dict[str, tuple[Happening, Happening]]] = {
    "refused": (_refuse, _nothing),
    "answers are lost": (_lose_answers, _nothing),
    "requests are lost": (_lose_requests, _nothing),
    "slow requests": (_lag, _no_lag),
    "Events are refused": (_refuse_events, _nothing),
    "restart": (_restart, _nothing),
}
