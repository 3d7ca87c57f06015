"""
Headrace beside bare Jobs on one real node, in one run: time per step, API writes, CPU, memory.

    PYTHONPATH=tests:. python -m bench.cluster [chain] [parallel] [hops] [idle] [large] [items[=N]]

Knows what is measured and how. Absolute times depend on the machine; the ratios are what counts.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
    settle,
    tell,
    timed,
)
from cluster.operator_process import ControllerProcess
from headrace.api.v1alpha1 import labels
from tools.cluster.one_node import OneNode

ROOT = Path(__file__).parents[1]


class Bench(Stand):
    """A stand with a controller on it."""

    def __init__(
        self,
        cluster: OneNode,
        folder: Path,
        variables: Mapping[str, str] | None = None,
        program: str = "headrace.controller",
    ) -> None:
        """Install the CRDs and start a controller, whose environment has these variables too."""
        super().__init__(cluster)
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        self.controller = ControllerProcess(
            (self.namespace,),
            {**self.environ, **(variables or {})},
            "bench",
            folder / "controller.log",
            program,
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
        return self.controller.cpu_seconds()

    def memory(self) -> float:
        """Return the controller's resident memory in MiB."""
        return self.controller.metric("process_resident_memory_bytes") / 2**20

    def most_memory(self) -> float:
        """Return the most resident memory that the controller has had, in MiB."""
        return self.controller.most_memory() / 2**20

    def largest(self) -> float:
        """Return the KiB of the largest object in the namespace; no pod depends on the others."""
        kinds = "workflows,workflowruns,taskruns,jobs,configmaps,controllerrevisions.apps"
        words = ("--namespace", self.namespace, "--output", "json", "--show-managed-fields")
        items = json.loads(self.kubectl("get", kinds, *words))["items"]
        return max(len(json.dumps(item, separators=(",", ":")).encode()) for item in items) / 1024

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


def in_layers(layers: int, width: int) -> list[Manifest]:
    """Return tasks that wait for one of the layer before."""
    return [
        noop(f"l{layer}-{n}", *([f"l{layer - 1}-{n}"] if layer else []))
        for layer in range(layers)
        for n in range(width)
    ]


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


@dataclass(frozen=True, slots=True)
class Round:
    """What many no-ops at once cost, in one round: seconds and API writes."""

    bare: tuple[float, float]
    indexed: tuple[float, float]
    own: tuple[float, float]
    cpu: float
    """Seconds of the controller."""


def parallel(bench: Bench, rounds: int = 3, width: int = 40) -> None:
    """Many at once: bare Jobs, one Indexed Job, and Headrace; time, writes and CPU per task."""
    found = [wide(bench, turn, width) for turn in range(rounds)]

    def middle(figure: Callable[[Round], float]) -> float:
        return median(map(figure, found))

    tell(
        f"{width} at once",
        f"bare Jobs {middle(lambda each: each.bare[0]):.1f} s",
        f"Indexed Job {middle(lambda each: each.indexed[0]):.1f} s",
        f"Headrace {middle(lambda each: each.own[0]):.1f} s",
        f"ratio to bare Jobs {middle(lambda each: each.own[0] / each.bare[0]):.2f}",
        f"to the Indexed Job {middle(lambda each: each.own[0] / each.indexed[0]):.2f}"
        " (goal: at most 1.10)",
    )
    tell(
        "API writes per task",
        f"bare Job {middle(lambda each: each.bare[1]) / width:.1f}",
        f"Indexed Job {middle(lambda each: each.indexed[1]) / width:.1f}",
        f"Headrace {middle(lambda each: each.own[1]) / width:.1f}",
        f"ratio to bare Jobs {middle(lambda each: each.own[1] / each.bare[1]):.2f}"
        " (goal: at most 1.30)",
    )
    first, last = (1000 * each.cpu / width for each in (found[0], found[-1]))
    tell(
        "controller CPU per task",
        f"{first:.1f} ms in its first run, {last:.1f} ms in its last one (goal: at most 5)",
    )


def wide(bench: Bench, turn: int, width: int) -> Round:
    """Run many at once, in the three ways, one after the other."""

    def bare() -> None:
        names = [f"wide-{turn}-{n}" for n in range(width)]
        bench.create(*(job(name) for name in names))
        bench.wait("condition=Complete", *(f"job/{name}" for name in names))

    def many_in_one() -> None:
        bench.create(indexed(f"indexed-{turn}", width))
        bench.wait("condition=Complete", f"job/indexed-{turn}")

    def own() -> None:
        run_once(bench, f"wide-{turn}", [noop(f"t{n}") for n in range(width)])

    bares, many = counted(bench, bare), counted(bench, many_in_one)
    cpu = bench.cpu()
    ours = counted(bench, own)
    return Round(bares, many, ours, bench.cpu() - cpu)


def counted(bench: Bench, do: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that something takes, and the API writes until all is quiet again."""
    before = bench.writes()
    seconds = timed(do)
    settle(bench.writes)
    return seconds, bench.writes() - before


def hops(bench: Bench, running: int = 100, steps: int = 60) -> None:
    """From seeing a container's end to the next Job's creation, while many tasks run."""
    counts = hop_counts(bench, running, steps)
    tell(
        f"hop with {running} tasks running",
        f"{counts[float('inf')]:.0f} hops",
        f"p50 at most {quantile(counts, 0.5) * 1000:.0f} ms (goal: 50)",
        f"p99 at most {quantile(counts, 0.99) * 1000:.0f} ms (goal: 250)",
    )


def hop_counts(bench: Bench, running: int, steps: int) -> dict[float, float]:
    """Return the cumulative buckets of a chain's hops, while so many tasks run."""
    with sleeping(bench, running):
        before = histogram(bench)
        run_once(bench, "hopping", in_a_row(steps))
        after = histogram(bench)
    return {edge: after[edge] - before.get(edge, 0) for edge in after}


@contextmanager
def sleeping(bench: Bench, running: int) -> Iterator[None]:
    """Keep so many tasks running meanwhile."""
    sleepers = [{"name": f"s{n}", "command": ["sleep", "900"]} for n in range(running)]
    bench.create(workflow("sleepers", sleepers))
    bench.wait("create", "workflowrun/sleepers-once")
    bench.wait(f"jsonpath={{.status.tasks.running}}={running}", "workflowrun/sleepers-once")
    settle(bench.writes)
    yield
    bench.kubectl("delete", "workflowrun", "sleepers-once", "--namespace", bench.namespace)


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
    share, writes = idle_cost(bench, count, seconds)
    tell(
        f"{count} idle workflows",
        f"CPU {share:.2f} % (goal: below 1)",
        f"{writes:.0f} writes in {seconds} s besides the Lease (goal: 0)",
    )


def idle_cost(bench: Bench, count: int, seconds: int) -> tuple[float, float]:
    """Return the share of a core in percent, and the writes, of workflows that wait."""
    waiting = [workflow(f"idle-{n}", [noop("only")]) for n in range(count)]
    for each in waiting:
        each["spec"]["triggers"] = [{"schedule": {"cron": "0 3 1 1 *"}}]
    bench.create(*waiting)
    bench.wait("condition=Ready", "workflow", "--all")
    settle(bench.writes)
    cpu, writes = bench.cpu(), bench.own_writes()
    time.sleep(seconds)
    return 100 * (bench.cpu() - cpu) / seconds, bench.own_writes() - writes


def large(bench: Bench, layers: int, width: int = 100) -> None:
    """Measure a large run on fake nodes: time, memory and CPU of the controller."""
    cpu, before = bench.cpu(), bench.memory()
    seconds = timed(partial(run_once, bench, "large", in_layers(layers, width), **FAKE_NODE))
    count = layers * width
    tell(
        f"{count} tasks on fake nodes",
        f"{seconds:.0f} s ({count / seconds:.1f} tasks/s)",
        f"memory {bench.memory():.0f} MiB (before: {before:.0f}; goal: at most 200)",
        f"CPU per task {1000 * (bench.cpu() - cpu) / count:.1f} ms (goal: at most 5)",
    )


def alike(bench: Bench, run: str, name: str) -> Manifest:
    """Return a Job like the one of a run, which nobody but Kubernetes looks after."""
    words = ("get", "jobs", "--namespace", bench.namespace, "--output", "json")
    (job,) = json.loads(bench.kubectl(*words, f"--selector={labels.RUN}={run}"))["items"]
    spec = {field: value for field, value in job["spec"].items() if field != "selector"}
    spec["template"]["metadata"] = {}
    return {**job, "metadata": {"name": name}, "spec": spec, "status": {}}


def fan_out(bench: Bench, width: int) -> None:
    """
    Measure a task over many items on fake nodes.

    Beside it: a bare Indexed Job of as many, and one with the pods of the task.
    """

    def bare() -> None:
        bench.create(indexed(f"bare-{width}", width, fake=True))
        bench.wait("condition=Complete", f"job/bare-{width}", seconds=1800)

    def own() -> None:
        task = {**noop("pick"), "forEach": {"range": {"count": width}}}
        bench.create(workflow(f"items-{width}", [task], **FAKE_NODE))
        bench.wait("create", f"workflowrun/items-{width}-once")
        bench.wait("condition=Succeeded", f"workflowrun/items-{width}-once", seconds=1800)

    def same_pods() -> None:
        bench.create(alike(bench, f"items-{width}-once", f"alike-{width}"))
        bench.wait("condition=Complete", f"job/alike-{width}", seconds=1800)

    many = counted(bench, bare)
    cpu, before = bench.cpu(), bench.memory()
    ours = counted(bench, own)
    cpu, most, largest = bench.cpu() - cpu, bench.most_memory(), bench.largest()
    same = counted(bench, same_pods)
    tell(
        f"{width} items on fake nodes",
        f"Indexed Job {many[0]:.0f} s, with the pods of the task {same[0]:.0f} s",
        f"Headrace {ours[0]:.0f} s",
        f"ratio {ours[0] / many[0]:.2f}, {ours[0] / same[0]:.2f}",
        f"API writes per item {many[1] / width:.1f} and {ours[1] / width:.1f}",
        f"memory at most {most:.0f} MiB (before: {before:.0f}; goal: at most 250)",
        f"largest object {largest:.0f} KiB (goal: at most 512)",
        f"CPU per item {1000 * cpu / width:.2f} ms (goal: at most 2)",
    )


@contextmanager
def bench_on(
    cluster: OneNode,
    variables: Mapping[str, str] | None = None,
    program: str = "headrace.controller",
) -> Iterator[Bench]:
    """Start a controller of its own in a namespace of its own, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(cluster, Path(folder), variables, program)
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
    wanted = chosen or [*STOCK, "large", "items"]
    if any(name in STOCK for name in wanted):
        with cluster_of("bench") as cluster, bench_on(cluster) as bench:
            for name in wanted:
                if name in STOCK:
                    STOCK[name](bench)
    if "large" in wanted:
        with cluster_of("bench", *RAISED, fake_nodes=4) as cluster:
            for layers in (20, 50):
                with bench_on(cluster) as bench:
                    large(bench, layers)
    widths = [int(name.partition("=")[2] or 0) for name in wanted if name.startswith("items")]
    if widths:
        with cluster_of("bench", *RAISED, fake_nodes=40) as cluster:
            for width in filter(None, widths) if any(widths) else (1_000, 10_000):
                with bench_on(cluster) as bench:
                    fan_out(bench, width)


if __name__ == "__main__":
    main(sys.argv[1:])
