"""
How long the engine thinks: `decide` on runs of 200, 2,000 and 5,000 tasks.

Layers of a hundred tasks each (ten at 200); a task waits for three tasks of the layer before, or
for all of it. Half of the run has ended, one layer runs. Measured are a turn in which nothing
changed, one in which one task has just ended, and one over a run of which only the first layer
has started. Then a turn in which nothing changed, of 3,000 tasks that wait for one: while that one
runs, and after it failed; and of 3,000 tasks that could start, if `maxParallel` were not ten.
Caches, requests and the rest of the controller are not measured here.

    python bench/engine.py [--turns 50]
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1] / "operator"))

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.task import Defaults, Task
from headrace.api.v1alpha1.workflow import WorkflowSpec
from headrace.engine.definition.compile import Definition, compile_workflow
from headrace.engine.outcome import Outcome
from headrace.engine.run.decide import decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.observed import (
    Attempt,
    Ending,
    ObservedTask,
    One,
    Sighting,
    Stage,
    TaskLog,
    Where,
)
from headrace.manifests.where import where

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
NOW = NOON + timedelta(minutes=5)
SIZES = ((200, 10), (2000, 100), (5000, 100))
"""Tasks, and how many of them are in a layer."""
WAITING = 3000
"""How many tasks wait for one."""


def layered(size: int, width: int, fan_in: int) -> Definition:
    """Return a workflow of layers; each task waits for so many tasks of the layer before."""
    tasks = []
    for position in range(size):
        layer, place = divmod(position, width)
        before = [f"t{layer - 1}-{(place + n) % width}" for n in range(fan_in)] if layer else []
        tasks.append(Task(name=f"t{layer}-{place}", depends_on=tuple(before)))
    return compile_workflow(WorkflowSpec(tasks=tuple(tasks), defaults=Defaults(image="busybox")))


def attempt(name: str) -> Attempt:
    """Return the first attempt of a task."""
    return Attempt(1, placed(name), created=NOON, scheduled=NOON, started=NOON)


def placed(name: str) -> Where:
    """Return where a task's attempt runs."""
    return where(f"{name}-job", f"{name}-pod", "node-1")


def done(name: str) -> ObservedTask:
    """Return a task that succeeded; its Job is still there."""
    end = replace(attempt(name), finished=NOON, progress=One(0), reason=Reason.SUCCEEDED)
    log = TaskLog(
        (end,),
        1,
        outcome=Outcome.SUCCEEDED,
        reason=Reason.SUCCEEDED,
        started=NOON,
        finished=NOON,
        observed_generation=1,
    )
    return ObservedTask(log, sighting(name, ended=True))


def runs(name: str) -> ObservedTask:
    """Return a task that runs, and whose record says so."""
    log = TaskLog((attempt(name),), 1, reason=Reason.RUNNING, started=NOON, observed_generation=1)
    return ObservedTask(log, sighting(name))


def sighting(name: str, *, ended: bool = False) -> Sighting:
    """Return what a world shows of a task's attempt."""
    return Sighting(
        1,
        Stage.ENDED if ended else Stage.RUNNING,
        where=placed(name),
        created=NOON,
        scheduled=NOON,
        started=NOON,
        ending=Ending(NOON, One(0)) if ended else None,
        alive=not ended,
    )


def quiet(run: ObservedRun) -> ObservedRun:
    """Return a run whose status says all there is to say."""
    status = decide(run, NOW).status
    return replace(run, log=status or run.log, logged_at=NOON)


def half_way(definition: Definition, width: int) -> ObservedRun:
    """Return a run of which half has ended, and one layer runs."""
    middle = len(definition.names) // 2 // width * width
    tasks = {name: done(name) for name in definition.names[:middle]}
    tasks |= {name: runs(name) for name in definition.names[middle : middle + width]}
    return quiet(observed(definition, tasks))


def at_the_start(definition: Definition, width: int) -> ObservedRun:
    """Return a run of which the first layer runs."""
    return quiet(observed(definition, {name: runs(name) for name in definition.names[:width]}))


def one_ended(run: ObservedRun) -> ObservedRun:
    """Return the run with one more task ended."""
    name, seen = list(run.tasks.items())[-1]
    ended = replace(seen, sighting=sighting(name, ended=True))
    return replace(run, tasks={**run.tasks, name: ended})


def observed(definition: Definition, tasks: dict[str, ObservedTask]) -> ObservedRun:
    """Return a run that began at noon."""
    status = RunLog(started=NOON)
    return ObservedRun(RunKey("d", "r"), "uid-1", NOON, definition, tasks=tasks, log=status)


def one_for_all(*, failed: bool) -> ObservedRun:
    """Return a run in which 3,000 tasks wait for one that runs, or were left out as it failed."""
    names = [f"t{n}" for n in range(WAITING)]
    tasks = (Task(name="a"), Task(name="other"), *(Task(name=n, depends_on=("a",)) for n in names))
    definition = compile_workflow(WorkflowSpec(tasks=tasks, defaults=Defaults(image="busybox")))
    first, ended = runs("a"), done("a")
    bad = replace(ended.log, outcome=Outcome.FAILED, reason=Reason.NON_ZERO_EXIT)
    seen = replace(ended, log=bad) if failed else first
    return quiet(observed(definition, {"a": seen, "other": runs("other")}))


def crowded() -> ObservedRun:
    """Return a run in which 3,000 tasks could start, and ten may run at the same time."""
    names = [f"t{n}" for n in range(WAITING)]
    tasks = tuple(Task(name=name) for name in names)
    spec = WorkflowSpec(tasks=tasks, defaults=Defaults(image="busybox"), max_parallel=10)
    return quiet(observed(compile_workflow(spec), {name: runs(name) for name in names[:10]}))


def median_ms(turn: Callable[[], object], turns: int) -> float:
    """Return the median CPU time of a turn in milliseconds; others may use the machine."""
    times = []
    for _ in range(turns):
        begin = process_time()
        turn()
        times.append(process_time() - begin)
    return statistics.median(times) * 1000


def rows(turns: int) -> list[Sequence[str]]:
    """Measure all sizes and shapes."""
    table: list[Sequence[str]] = []
    for size, width in SIZES:
        for fan_in in (3, width):
            definition = layered(size, width, fan_in)
            middle, first = half_way(definition, width), at_the_start(definition, width)
            cases = (middle, one_ended(middle), first)
            times = [median_ms(partial(decide, case, NOW), turns) for case in cases]
            table.append([f"{size}", f"{fan_in}", *(f"{each:.2f}" for each in times)])
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long the engine thinks.")
    parser.add_argument("--turns", type=int, default=50, help="how often each turn is measured")
    arguments = parser.parse_args()
    head = ["tasks", "waits for", "nothing changed (ms)", "one task ended (ms)", "at start (ms)"]
    for row in (head, *rows(arguments.turns)):
        print("  ".join(f"{cell:>20}" for cell in row))
    for what, failed in (("wait", False), ("were left out", True)):
        turn = partial(decide, one_for_all(failed=failed), NOW)
        print(f"{WAITING} tasks {what}: {median_ms(turn, arguments.turns):.2f} ms")
    turn = partial(decide, crowded(), NOW)
    print(f"{WAITING} tasks wait for ten: {median_ms(turn, arguments.turns):.2f} ms")


if __name__ == "__main__":
    main()
