"""
How long a slot of a pool stays idle while somebody waits: 500 tasks of 20 runs in three pools.

Time is virtual: turns cost none, requests do. So what is measured is the way from the end of a pod
to the creation of the next Job: the requests on it, the turns that wait for one another, timers.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

import pytest

from headrace.api.v1alpha1 import labels
from headrace.cluster.kinds import POOLS
from headrace.kube.resources import JOBS, PODS
from property.ledger import Order
from property.news_controller import Controller
from property.news_rig import NewsRig
from support.api_storage import Change, Object
from support.plumbing import manifest
from support.pod_machine import Program
from support.pods_by_hand import may_run
from support.virtual_time import now, run_virtually

SLOTS = {"large": 12, "medium": 6, "small": 3}
RUNS, TASKS = 20, 10


class Busy(Controller):
    """A controller with as many workers as the product's, and as many turns as they can give."""

    workers = 16
    often = 1000


@dataclass
class Slots:
    """The slots of each pool, from what is written."""

    held: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    free: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When a slot became free that nobody has taken yet."""
    idle: list[float] = field(default_factory=list)

    def listen(self, change: Change) -> None:
        """Note a Job that is made, and a pod whose program ends."""
        pool = (change.last["metadata"].get("labels") or {}).get(labels.POOL)
        if pool is None:
            return
        if change.resource == JOBS and change.before is None:
            self.held[pool] += 1
            self.waiting[pool] -= 1
            self.most[pool] = max(self.most[pool], self.held[pool])
            if self.free[pool]:  # The slot that has been free for the longest time.
                self.idle.append(now() - self.free[pool].pop(0))
        if change.resource == PODS and _runs(change.before) and not _runs(change.after):
            self.held[pool] -= 1
            if self.waiting[pool]:
                self.free[pool].append(now())


def _runs(pod: Object | None) -> bool:
    """Return whether the program of a pod may still run, or start."""
    return pod is not None and ("phase" not in pod["status"] or may_run(pod))


def tasks() -> list[dict[str, Any]]:
    """Return the tasks of a run: each in one of the pools, with a priority of its own."""
    names = list(SLOTS)
    return [
        {"name": f"t{n}", "image": "x", "pool": names[n % len(names)], "priority": n % 5 - 2}
        for n in range(TASKS)
    ]


async def lived(request: float) -> Slots:
    """
    Let all runs live to their ends, and return what became of the slots.

    Args:
        request: How many seconds a request and its answer take.

    """
    programs = {f"t{n}": Program(1 + n % 7 / 10, (0,)) for n in range(TASKS)}
    rig = NewsRig(programs, Order(dict.fromkeys(programs, ())), 1, Busy)
    for way in rig.ways.values():
        way.faults.latency = request / 2
    slots = Slots()
    rig.server.storage.listeners.append(slots.listen)
    for name, count in SLOTS.items():
        rig.hands.create(POOLS, manifest(POOLS, name, {"slots": count}))
    rig.apply({"tasks": tasks()})
    for task in tasks():
        slots.waiting[task["pool"]] += RUNS
    rig.restart()
    for number in range(RUNS):
        rig.submit(f"r{number}")
    await rig.to_the_end()
    await rig.close()
    assert [] == rig.ledger.wrongs
    return slots


@pytest.mark.parametrize(
    ("request_seconds", "most"),
    [
        pytest.param(0.04, 3.1, id="requests are quick"),
        pytest.param(0.2, 3.7, id="a request takes as long as a program"),
    ],
)
def test_between_two_programs_in_a_slot_are_few_requests_and_no_timer(
    request_seconds: float, most: float
) -> None:
    """
    Never above the slots. The way is the news of the pod, the TaskRun and the Job.

    What comes on top is the end of a turn of the same run, with the logs of its other tasks. The
    status of the pool is written beside that; the counts of the run are written later.
    """
    slots = run_virtually(lived(request_seconds))
    assert SLOTS == dict(slots.most)
    p50, p95 = (quantiles(slots.idle, n=100)[place - 1] for place in (50, 95))
    assert RUNS * TASKS - sum(SLOTS.values()) <= len(slots.idle) + len(SLOTS)
    assert p50 <= 2.1 * request_seconds
    assert p95 <= most * request_seconds
    assert max(slots.idle) <= 5 * request_seconds
