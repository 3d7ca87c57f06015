"""
Headrace beside bare Jobs on one real node, in one run: time per step, API writes, CPU, memory.

    PYTHONPATH=tests:. python -m bench.cluster [chain] [parallel] [hops] [idle] [large]

Knows what is measured and how. Absolute times depend on the machine; the ratios are what counts.
"""

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.stand import (
    FAKE_NODE,
    IMAGE,
    RAISED,
    REQUESTS,
    Manifest,
    Stand,
    cluster_of,
    indexed,
    job,
    tell,
    timed,
)

from cluster.control_plane.one_node import OneNode
from cluster.operator_process import ControllerProcess

ROOT = Path(__file__).parents[1]


class Bench(Stand):
    """A stand with a controller on it."""

    def __init__(self, cluster: OneNode, folder: Path) -> None:
        """Install the CRDs and start a controller."""
        super().__init__(cluster)
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        self.controller = ControllerProcess(
            (self.namespace,), self.environ, "bench", folder / "controller.log"
        )
        self.controller.start()

    def own_writes(self) -> float:
        """Return the writes of the controller itself, without those of its Lease."""
        verbs = ('verb="create"', 'verb="patch"', 'verb="update"', 'verb="delete"')
        return sum(
            value
            for line, value in self.controller.samples()
            if line.startswith("headrace_api_requests_total")
            and any(verb in line for verb in verbs)
            and "leases" not in line
        )

    def cpu(self) -> float:
        """Return the CPU seconds that the controller has used."""
        return self.controller.metric("process_cpu_seconds_total")

    def memory(self) -> float:
        """Return the controller's resident memory in MiB."""
        return self.controller.metric("process_resident_memory_bytes") / 2**20

    def close(self) -> None:
        """End the controller and remove the namespace."""
        self.controller.end()
        super().close()


def workflow(name: str, tasks: list[Manifest], **defaults: Any) -> Manifest:
    """Return a workflow that runs once."""
    return {
        "apiVersion": "headrace.dev/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": {"defaults": {"image": IMAGE, "resources": REQUESTS, **defaults}, "tasks": tasks},
    }


def noop(name: str, *upstream: str) -> Manifest:
    """Return a task that does nothing."""
    task: Manifest = {"name": name, "command": ["true"]}
    return {**task, "dependsOn": list(upstream)} if upstream else task


def in_a_row(count: int) -> list[Manifest]:
    """Return tasks that wait for each other."""
    return [noop(f"t{n}", *([f"t{n - 1}"] if n else [])) for n in range(count)]


def run_once(bench: Bench, name: str, tasks: list[Manifest], **defaults: Any) -> None:
    """Create a workflow and wait for the end of its run."""
    bench.create(workflow(name, tasks, **defaults))
    bench.wait("create", f"workflowrun/{name}-once")
    bench.wait("condition=Succeeded", f"workflowrun/{name}-once")


def chain(bench: Bench, rounds: int = 3, steps: int = 10) -> None:
    """Time a chain of no-ops: bare Jobs, each made when the one before is Complete, and ours."""

    def bare(turn: int) -> None:
        for n in range(steps):
            bench.create(job(f"bare-{turn}-{n}"))
            bench.wait("condition=Complete", f"job/bare-{turn}-{n}")

    def own(turn: int) -> None:
        run_once(bench, f"chain-{turn}", in_a_row(steps))

    bares, ours = [], []
    for turn in range(rounds):
        bares.append(timed(partial(bare, turn)) / steps)
        ours.append(timed(partial(own, turn)) / steps)
    ratio = median(mine / other for mine, other in zip(ours, bares, strict=True))
    tell(
        f"chain of {steps}, per step",
        f"bare Jobs {median(bares):.2f} s",
        f"Headrace {median(ours):.2f} s",
        f"ratio {ratio:.2f} (goal: at most 0.40)",
    )


def parallel(bench: Bench, width: int = 40) -> None:
    """Many at once: bare Jobs, one Indexed Job, and Headrace; time, writes and CPU per task."""

    def bare() -> None:
        names = [f"wide-{n}" for n in range(width)]
        bench.create(*(job(name) for name in names))
        bench.wait("condition=Complete", *(f"job/{name}" for name in names))

    def many_in_one() -> None:
        bench.create(indexed("indexed", width))
        bench.wait("condition=Complete", "job/indexed")

    bare_seconds, bare_writes = counted(bench, bare)
    indexed_seconds, indexed_writes = counted(bench, many_in_one)
    cpu = bench.cpu()
    tasks = [noop(f"t{n}") for n in range(width)]
    own_seconds, own_writes = counted(bench, lambda: run_once(bench, "wide", tasks))
    cpu = bench.cpu() - cpu
    tell(
        f"{width} at once",
        f"bare Jobs {bare_seconds:.1f} s",
        f"Indexed Job {indexed_seconds:.1f} s",
        f"Headrace {own_seconds:.1f} s",
        f"ratio to bare Jobs {own_seconds / bare_seconds:.2f}",
    )
    tell(
        "API writes per task",
        f"bare Job {bare_writes / width:.1f}",
        f"Indexed Job {indexed_writes / width:.1f}",
        f"Headrace {own_writes / width:.1f}",
        f"ratio to bare Jobs {own_writes / bare_writes:.2f} (goal: at most 1.30)",
    )
    tell("controller CPU per task", f"{1000 * cpu / width:.1f} ms (goal: at most 5)")


def counted(bench: Bench, do: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that something takes, and the API writes until all is quiet again."""
    before = bench.writes()
    seconds = timed(do)
    settle(bench)
    return seconds, bench.writes() - before


def settle(bench: Bench) -> None:
    """Wait until the writes of two seconds are no more than leases and heartbeats."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = bench.writes()
        time.sleep(2)
        if bench.writes() - before <= 8:  # noqa: PLR2004 - the leases of five components
            return


def hops(bench: Bench, running: int = 100, steps: int = 60) -> None:
    """From seeing a container's end to the next Job's creation, while many tasks run."""
    sleepers = [{"name": f"s{n}", "command": ["sleep", "900"]} for n in range(running)]
    bench.create(workflow("sleepers", sleepers))
    bench.wait("create", "workflowrun/sleepers-once")
    bench.wait(f"jsonpath={{.status.tasks.running}}={running}", "workflowrun/sleepers-once")
    settle(bench)
    before = histogram(bench)
    run_once(bench, "hopping", in_a_row(steps))
    after = histogram(bench)
    counts = {edge: after[edge] - before.get(edge, 0) for edge in after}
    bench.kubectl("delete", "workflowrun", "sleepers-once", "--namespace", bench.namespace)
    tell(
        f"hop with {running} tasks running",
        f"{counts[float('inf')]:.0f} hops",
        f"p50 at most {quantile(counts, 0.5) * 1000:.0f} ms (goal: 50)",
        f"p99 at most {quantile(counts, 0.99) * 1000:.0f} ms (goal: 250)",
    )


def histogram(bench: Bench) -> dict[float, float]:
    """Return the cumulative buckets of the hop metric."""
    prefix = 'headrace_hop_duration_seconds_bucket{le="'
    return {
        float(line.removeprefix(prefix).partition('"')[0].replace("+Inf", "inf")): value
        for line, value in bench.controller.samples()
        if line.startswith(prefix)
    }


def quantile(buckets: dict[float, float], share: float) -> float:
    """Return the upper edge of the bucket that holds a quantile."""
    wanted = share * buckets[float("inf")]
    return min(edge for edge, count in buckets.items() if count >= wanted)


def idle(bench: Bench, count: int = 500, seconds: int = 60) -> None:
    """Many workflows that wait for their night: CPU and writes."""
    waiting = [workflow(f"idle-{n}", [noop("only")]) for n in range(count)]
    for each in waiting:
        each["spec"]["triggers"] = [{"schedule": {"cron": "0 3 1 1 *"}}]
    bench.create(*waiting)
    bench.wait("condition=Ready", "workflow", "--all")
    settle(bench)
    cpu, writes = bench.cpu(), bench.own_writes()
    time.sleep(seconds)
    tell(
        f"{count} idle workflows",
        f"CPU {100 * (bench.cpu() - cpu) / seconds:.2f} % (goal: below 1)",
        f"{bench.own_writes() - writes:.0f} writes in {seconds} s besides the Lease (goal: 0)",
    )


def large(bench: Bench, layers: int = 20, width: int = 100) -> None:
    """Measure a large run on fake nodes: time, memory and CPU of the controller."""
    tasks = [
        noop(f"l{layer}-{n}", *([f"l{layer - 1}-{n}"] if layer else []))
        for layer in range(layers)
        for n in range(width)
    ]
    cpu, before = bench.cpu(), bench.memory()
    seconds = timed(lambda: run_once(bench, "large", tasks, **FAKE_NODE))
    count = layers * width
    tell(
        f"{count} tasks on fake nodes",
        f"{seconds:.0f} s ({count / seconds:.1f} tasks/s)",
        f"memory {bench.memory():.0f} MiB (before: {before:.0f})",
        f"controller CPU per task {1000 * (bench.cpu() - cpu) / count:.1f} ms (goal: at most 5)",
    )


@contextmanager
def bench_on(name: str, *flags: str, fake_nodes: int = 0) -> Iterator[Bench]:
    """Bring a cluster with a controller up, and down again."""
    with (
        cluster_of(name, *flags, fake_nodes=fake_nodes) as cluster,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(cluster, Path(folder))
        try:
            yield bench
        finally:
            bench.close()


STOCK: dict[str, Callable[[Bench], None]] = {
    "chain": chain,
    "parallel": parallel,
    "hops": hops,
    "idle": idle,
}


def main(chosen: list[str]) -> None:
    """Measure what is chosen, or all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    wanted = chosen or [*STOCK, "large"]
    if any(name in STOCK for name in wanted):
        with bench_on("bench") as bench:
            for name in wanted:
                if name in STOCK:
                    STOCK[name](bench)
    if "large" in wanted:
        with bench_on("bench", *RAISED, fake_nodes=4) as bench:
            large(bench)


if __name__ == "__main__":
    main(sys.argv[1:])
