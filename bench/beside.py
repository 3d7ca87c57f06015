"""
Two versions of the controller side by side, on one cluster, in one run.

    PYTHONPATH=tests:. python -m bench.beside CHECKOUT [large | many] [rounds=N]

CHECKOUT is a working tree of the repository at another commit (`git worktree add`). The two take
turns, each with a fresh controller in a namespace of its own; the CRDs are this version's. `large`
measures 5,000 tasks on fake nodes instead. `many` has both controllers at once and gives them many
tasks in turns: what else the machine does is then nearly the same for both. The figures are
medians; the last column is the ratio.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from bench.cluster import (
    ROOT,
    Bench,
    bench_on,
    hop_counts,
    idle_cost,
    in_a_row,
    in_layers,
    noop,
    quantile,
    run_once,
)
from bench.stand import FAKE_NODE, RAISED, Manifest, cluster_of, settle, tell, timed
from tools.cluster.one_node import OneNode

Figures = dict[str, float]
STEPS = 10
WIDTH = 40
RUNNING = 100
LAYERS = 50


def cost(bench: Bench, name: str, tasks: list[Manifest]) -> tuple[float, float]:
    """Return how long a run takes, and the controller's CPU for it from quiet to quiet: seconds."""
    settle(bench.writes)
    before = bench.cpu()
    seconds = timed(partial(run_once, bench, name, tasks))
    settle(bench.writes)
    return seconds, bench.cpu() - before


def usual(bench: Bench) -> Figures:
    """Measure a chain, many at once, hops and idle workflows."""
    wide = [noop(f"t{n}") for n in range(WIDTH)]
    found = {"chain, seconds per step": timed(partial(run_once, bench, "chain", in_a_row(STEPS)))}
    found["chain, seconds per step"] /= STEPS
    seconds, spent = [], []
    for turn in range(3):
        time, cpu = cost(bench, f"wide-{turn}", wide)
        seconds.append(time)
        spent.append(cpu)
    found[f"{WIDTH} at once, seconds"] = median(seconds)
    found[f"{WIDTH} at once, CPU ms per task"] = 1000 * median(spent[1:]) / WIDTH
    hops = hop_counts(bench, RUNNING, 3 * STEPS)
    found["hop p50, ms at most"] = 1000 * quantile(hops, 0.5)
    found["hop p99, ms at most"] = 1000 * quantile(hops, 0.99)
    share, writes = idle_cost(bench, 500, 60)
    return {**found, "500 idle workflows, CPU %": share, "500 idle workflows, writes": writes}


def large(bench: Bench) -> Figures:
    """Measure 5,000 tasks in layers of 100, on fake nodes."""
    tasks = in_layers(LAYERS, 100)
    cpu = bench.cpu()
    seconds = timed(partial(run_once, bench, "large", tasks, **FAKE_NODE))
    return {
        "5,000 tasks, seconds": seconds,
        "5,000 tasks, CPU ms per task": 1000 * (bench.cpu() - cpu) / len(tasks),
        "5,000 tasks, MiB": bench.memory(),
    }


def beside(
    cluster: OneNode, measure: Callable[[Bench], Figures], other: Path, rounds: int
) -> Mapping[str, tuple[float, float]]:
    """Return the medians of each figure: the other version's, and this one's."""
    found: dict[Path, list[Figures]] = {other: [], ROOT: []}
    for turn in range(rounds):
        for checkout in (other, ROOT) if turn % 2 == 0 else (ROOT, other):
            with bench_on(cluster, {"PYTHONPATH": str(checkout / "operator")}) as bench:
                found[checkout].append(measure(bench))
    names = found[ROOT][0]
    theirs, ours = (
        {name: median(each[name] for each in found[side]) for name in names}
        for side in (other, ROOT)
    )
    return {name: (theirs[name], ours[name]) for name in names}


def many(cluster: OneNode, other: Path, rounds: int) -> Mapping[str, tuple[float, float]]:
    """Return the median CPU of a task, many at once: the other version's, and this one's."""
    tasks = [noop(f"t{n}") for n in range(WIDTH)]
    spent: dict[Path, list[float]] = {other: [], ROOT: []}
    with ExitStack() as stack:
        benches = {
            checkout: stack.enter_context(
                bench_on(cluster, {"PYTHONPATH": str(checkout / "operator")})
            )
            for checkout in spent
        }
        for turn in range(rounds + 1):  # The first one warms up.
            for checkout in (other, ROOT) if turn % 2 == 0 else (ROOT, other):
                _, cpu = cost(benches[checkout], f"wide-{turn}", tasks)
                spent[checkout].append(1000 * cpu / WIDTH)
    theirs, ours = (median(spent[checkout][1:]) for checkout in (other, ROOT))
    return {f"{WIDTH} at once, CPU ms per task": (theirs, ours)}


def main(words: list[str]) -> None:
    """Measure both, and tell the figures side by side."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # The cluster is taken down all the same.
    other = Path(words[0]).resolve()
    given = dict(word.split("=") for word in words if "=" in word)
    flags, nodes = (RAISED, 4) if "large" in words else ((), 0)
    with cluster_of("bench", *flags, fake_nodes=nodes) as cluster:
        rounds = int(given.get("rounds", "1" if "large" in words else "3"))
        if "many" in words:
            figures = many(cluster, other, rounds)
        else:
            figures = beside(cluster, large if "large" in words else usual, other, rounds)
    for name, (theirs, ours) in figures.items():
        ratio = f"ratio {ours / theirs:.2f}" if theirs else ""
        tell(name, f"other {theirs:.2f}", f"this {ours:.2f}", ratio)


if __name__ == "__main__":
    main(sys.argv[1:])
