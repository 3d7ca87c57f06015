"""
What the controller's CPU is spent on while many tasks run at once, by kind of work.

    PYTHONPATH=tests:. python -m bench.profile [rounds=N]

Forty no-ops at once, again and again, on a real node; the stack is sampled by CPU time, so what
sleeps is not seen. A stack counts for the first kind in the table that one of its frames is of.
"""

import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.cluster import ROOT, Bench, bench_on, noop, run_once
from bench.stand import cluster_of, settle, tell

WIDTH = 40
KINDS = {
    "watches: read, decode, keep": ("headrace.kube.informer",),
    "requests: send, wait, decode": ("headrace.kube.sender", "headrace.kube.client"),
    "observe": ("headrace.loop.runs.observe", "headrace.cluster.subjects.workflow.observe"),
    "decide": ("headrace.engine.run.decide", "headrace.engine.workflow"),
    "apply, log and record, besides requests": ("headrace.cluster", "headrace.manifests"),
    "queue, metrics, Lease": ("headrace.loop", "headrace.controller.term", "headrace.kube"),
}
CALLBACKS = "event loop: TLS and HTTP of both"


def kind_of(stack: str) -> str:
    """Return what a stack is counted as."""
    frames = stack.split(";")
    for kind, prefixes in KINDS.items():
        if any(frame.startswith(prefixes) for frame in frames):
            return kind
    return CALLBACKS


def read(samples: Path) -> Iterator[tuple[str, int]]:
    """Yield the stacks of a file, and how often each was seen."""
    for line in samples.read_text().splitlines():
        count, stack = line.split(" ", 1)
        yield stack, int(count)


def measure(bench: Bench, samples: Path, rounds: int) -> float:
    """Run many at once, and return the CPU milliseconds a task."""
    tasks = [noop(f"t{n}") for n in range(WIDTH)]
    run_once(bench, "first", tasks)
    settle(bench.writes)
    bench.controller.signal(signal.SIGUSR1)
    before = bench.cpu()
    for turn in range(rounds):
        run_once(bench, f"wide-{turn}", tasks)
        settle(bench.writes)
    spent = bench.cpu() - before
    samples.unlink()
    bench.controller.signal(signal.SIGUSR1)
    while not samples.exists():
        settle(bench.writes)
    return 1000 * spent / rounds / WIDTH


def main(words: list[str]) -> None:
    """Measure, and tell the shares."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    rounds = int(dict(word.split("=") for word in words).get("rounds", "10"))
    with tempfile.TemporaryDirectory() as folder, cluster_of("bench") as cluster:
        samples = Path(folder, "samples")
        variables = {"HEADRACE_SAMPLES": str(samples), "PYTHONPATH": str(ROOT)}
        with bench_on(cluster, variables, "bench.sampled") as bench:
            cost = measure(bench, samples, rounds)
        counts: Counter[str] = Counter()
        for stack, count in read(samples):
            counts[kind_of(stack)] += count
    tell(f"{WIDTH} at once", f"CPU per task {cost:.1f} ms", f"{counts.total()} samples")
    for kind, count in counts.most_common():
        tell(kind, f"{100 * count / counts.total():.0f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
