"""
Pools under load, on fake nodes: 500 tasks of 20 workflows with priorities, in three pools.

    PYTHONPATH=tests:. python -m bench.pools [duration=4s]

`duration` is how long each pod runs. Without it, pods end at once: then two cores are busy without
a pause, and a slot is also idle for want of a processor.

Measures, from the whole history of Jobs and pods as watches tell it, how many slots were held at
each moment, and how long a free slot stayed idle while somebody waited for one. Knows no rule.
"""

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Thread
from typing import Any

from bench.cluster import Bench, bench_on, noop, workflow
from bench.stand import FAKE_NODE, RAISED, Manifest, cluster_of, tell
from tools.cluster.kwok import DURATION

POOL = "headrace.dev/pool"
POOLS = {"large": 12, "medium": 6, "small": 3}
"""Slots by pool."""
WORKFLOWS, TASKS = 20, 25
GOAL = 0.250
"""How many seconds a free slot may stay idle at the 95th percentile, while somebody waits."""


@dataclass
class History:
    """The events of Jobs and pods, each with the moment at which a watch told it."""

    events: list[tuple[int, float, str, Manifest]] = field(default_factory=list)
    """By version: one etcd has the objects of both kinds, so versions are in order."""

    def watch(self, bench: Bench, kind: str, path: str) -> subprocess.Popen[str]:
        """Begin to watch a kind."""
        target = f"{path}/namespaces/{bench.namespace}/{kind}?watch=true&timeoutSeconds=1800"
        program = subprocess.Popen(  # noqa: S603 - our own words
            ("kubectl", "get", "--raw", target),  # noqa: S607 - the cluster's own kubectl
            stdout=subprocess.PIPE,
            text=True,
            env=bench.environ,
        )
        Thread(target=self._read, args=(program, kind), daemon=True).start()
        return program

    def _read(self, program: subprocess.Popen[str], kind: str) -> None:
        assert program.stdout is not None  # noqa: S101 - it is a pipe
        for line in program.stdout:
            item = json.loads(line)["object"]
            version = int(item["metadata"]["resourceVersion"])
            self.events.append((version, time.monotonic(), kind, item))

    def moves(self) -> Iterator[tuple[float, str, int]]:
        """Yield when a slot of which pool was taken (1) or became free (-1), in order."""
        seen: set[tuple[str, str]] = set()
        for _, moment, kind, item in sorted(self.events, key=lambda event: event[0]):
            meta = item["metadata"]
            pool, name = meta.get("labels", {}).get(POOL), meta["name"]
            if pool is None or (kind, name) in seen or (kind == "pods" and not _over(item)):
                continue
            seen.add((kind, name))
            yield moment, pool, 1 if kind == "jobs" else -1


def _over(pod: Manifest) -> bool:
    """Return whether a pod's program has ended."""
    status: dict[str, Any] = pod.get("status", {})
    states = [each.get("state", {}) for each in status.get("containerStatuses", ())]
    ended = any("terminated" in state for state in states)
    return ended or status.get("phase") in ("Succeeded", "Failed")


def pool(name: str, slots: int) -> Manifest:
    """Return a Pool."""
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Pool",
        "metadata": {"name": name},
        "spec": {"slots": slots},
    }


def tasks(number: int, duration: str) -> list[Manifest]:
    """Return the tasks of one workflow: each in one of the pools, with a priority of its own."""
    names = list(POOLS)
    runs = {"env": [{"name": DURATION, "value": duration}]}
    return [
        {**noop(f"t{n}"), **runs, "pool": names[(n + number) % len(names)], "priority": n % 5 - 2}
        for n in range(TASKS)
    ]


def measure(bench: Bench, duration: str) -> bool:
    """Run it all, with pods of a duration; return whether the goals are met."""
    bench.create(*(pool(name, slots) for name, slots in POOLS.items()))
    history = History()
    watches = [
        history.watch(bench, "jobs", "/apis/batch/v1"),
        history.watch(bench, "pods", "/api/v1"),
    ]
    time.sleep(2)
    began, cpu = time.monotonic(), bench.cpu()
    bench.create(*(workflow(f"w{n}", tasks(n, duration), **FAKE_NODE) for n in range(WORKFLOWS)))
    for n in range(WORKFLOWS):
        bench.wait("create", f"workflowrun/w{n}-once")
        bench.wait("condition=Succeeded", f"workflowrun/w{n}-once")
    seconds, used = time.monotonic() - began, bench.cpu() - cpu
    time.sleep(2)
    for watch in watches:
        watch.terminate()
    return _report(history, seconds, used)


def _report(history: History, seconds: float, cpu: float) -> bool:
    held: defaultdict[str, int] = defaultdict(int)
    most: defaultdict[str, int] = defaultdict(int)
    free: defaultdict[str, list[float]] = defaultdict(list)
    idle: list[float] = []
    count = 0
    for moment, name, change in history.moves():
        held[name] += change
        most[name] = max(most[name], held[name])
        if change < 0:
            free[name].append(moment)
        else:
            count += 1
            if free[name]:  # the slot that has been free for the longest time
                idle.append(max(0.0, moment - free[name].pop(0)))
    p50, p95 = (quantiles(idle, n=100)[at - 1] for at in (50, 95))
    within = all(most[name] <= slots for name, slots in POOLS.items())
    tell(
        f"{count} tasks in {len(POOLS)} pools",
        f"{seconds:.0f} s",
        "most slots held " + ", ".join(f"{most[n]} of {slots}" for n, slots in POOLS.items()),
        f"held after the end {sum(held.values())}",
        f"idle while somebody waits p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms,"
        f" longest {1000 * max(idle):.0f} ms (goal: p95 at most {1000 * GOAL:.0f} ms)",
        f"CPU per task {1000 * cpu / count:.1f} ms",
    )
    return within and p95 <= GOAL and not any(held.values())


def main(words: Sequence[str]) -> int:
    """Measure; return 1 if a goal is missed."""
    asked = dict(word.split("=", 1) for word in words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    with cluster_of("bench", *RAISED, fake_nodes=8) as cluster, bench_on(cluster) as bench:
        return 0 if measure(bench, asked.get("duration", "0s")) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
