"""Workflows for runs that meet trouble, drawn from a seed, and how they end without any."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from property.ledger import Order
from support import oracle
from support.pod_machine import Program

RULES: Final = ("AllSucceeded",) * 4 + ("AllDone", "AllFailed", "NoneFailed")
"""Rules that wait for all upstream tasks, so that none of those may run beside the task."""
CONCURRENCY: Final = (
    {"policy": "Allow"},
    {"policy": "Allow", "maxRuns": 2},
    {"policy": "Queue"},
    {"policy": "Queue", "maxRuns": 2},
    {"policy": "Forbid"},
    {"policy": "Replace"},
    {"policy": "Replace"},
)
LOOKS: Final = {
    "Succeeded": oracle.SUCCESS,
    "Failed": oracle.FAILURE,
    "Skipped": oracle.SKIP,
}
PAUSES: Final = (
    {"seconds": 1},
    {"seconds": 8},
    {"until": "run.logicalTime"},
    {"until": "run.logicalTime + duration('12s')"},
)
IMAGE: Final = "busybox"
POOL_NAME: Final = "pool"
LAST_RUN: Final = 10.0  # Seconds from the beginning.


@dataclass(frozen=True)
class Plan:
    """A workflow, what its programs do, and when its runs are made."""

    tasks: list[dict[str, Any]]
    last: list[dict[str, Any]]
    programs: dict[str, Program]
    concurrency: dict[str, Any]
    runs: dict[str, float]
    """When each is made, in seconds from the beginning."""
    reads: dict[str, str]
    """By task: the task whose outcome its expressions read."""
    slots: int | None = None
    """The slots of the pool that all tasks are in; None: they are in none."""

    @property
    def spec(self) -> dict[str, Any]:
        """The Workflow's spec. No trigger starts a run beside those of the plan."""
        own = {"tasks": self.tasks, "finally": self.last, "concurrency": self.concurrency}
        pool = {} if self.slots is None else {"defaults": {"pool": POOL_NAME}}
        return {**own, **pool, "suspend": True}

    @property
    def order(self) -> Order:
        """What starts after what."""
        upstream = {name: self.task(name).get("dependsOn", ()) for name in self.programs}
        alone = 1 if self.concurrency["policy"] != "Allow" else None
        limit = self.concurrency.get("maxRuns", alone)
        return Order(upstream, [each["name"] for each in self.last], limit, self.slots)

    @property
    def replaces(self) -> bool:
        """Whether a run takes the place of the one before."""
        return bool(self.concurrency["policy"] == "Replace")

    def task(self, name: str) -> dict[str, Any]:
        """Return what the workflow says of a task."""
        (found,) = (each for each in (*self.tasks, *self.last) if each["name"] == name)
        return found

    def waits(self, name: str) -> bool:
        """Tell whether a task only waits."""
        return "wait" in self.task(name)

    def items(self, name: str) -> int:
        """Return how many items a task runs; 0: it runs none."""
        return len(self.task(name).get("forEach", {}).get("items", ()))

    def attempts(self, name: str) -> list[int]:
        """Return the exit codes of the attempts that a task makes. Time does not fail."""
        if self.waits(name):
            return [0]
        limit = self.task(name)["retry"]["limit"]
        codes: list[int] = []
        while len(codes) <= limit and 0 not in codes:
            codes.append(self.programs[name].code(len(codes) + 1))
        return codes

    def starts(self, name: str) -> bool:
        """Tell whether a task starts."""
        return self.outcome(name) in ("Succeeded", "Failed")

    def outcome(self, name: str) -> str:
        """Say how a task ends."""
        task = self.task(name)
        looks = [self._look(each) for each in task.get("dependsOn", ())]
        if looks and not oracle.may_start(task["runWhen"], looks):
            return "Omitted"
        if not self._wanted(task):
            return "Skipped"
        return "Succeeded" if 0 in self.attempts(name) else "Failed"

    def variable(self, name: str) -> str | None:
        """Return what a task's program gets in its variable, if it has one."""
        read = self.reads.get(name)
        return None if read is None or self.waits(name) else self.outcome(read)

    def _wanted(self, task: dict[str, Any]) -> bool:
        """Tell whether a task's condition is true, of those that are drawn here."""
        read = self.reads.get(task["name"])
        if read is None or "when" not in task:
            return True
        return (self.outcome(read) == "Succeeded") == ("==" in task["when"])

    def _look(self, name: str) -> str:
        """Say how a task looks to those that wait for it."""
        task, outcome = self.task(name), self.outcome(name)
        if outcome == "Omitted":
            looks = [self._look(each) for each in task["dependsOn"]]
            return oracle.look_of_omitted(task["runWhen"], looks)
        return LOOKS[outcome]


def draw_plan(random: Random) -> Plan:
    """Draw a plan."""
    tasks: list[dict[str, Any]] = []
    for n in range(random.randint(1, 6)):
        before = [each["name"] for each in tasks]
        after = random.sample(before, min(len(before), random.randint(0, 2)))
        rule = random.choice(RULES) if after else RULES[0]
        tasks.append({**_task(random, f"t{n}"), "dependsOn": after, "runWhen": rule})
    last = [_task(random, f"z{n}") for n in range(random.choice((0, 0, 1, 2)))]
    reads = _add_expressions(random, tasks, last)
    count = random.choice((1, 1, 2, 2, 3))
    runs = {f"x{n}": random.uniform(0, LAST_RUN) if n else 0.0 for n in range(count)}
    names = [each["name"] for each in (*tasks, *last)]
    programs = {name: _program(random) for name in names}
    return Plan(tasks, last, programs, random.choice(CONCURRENCY), runs, reads)


def _add_expressions(
    random: Random, tasks: list[dict[str, Any]], last: list[dict[str, Any]]
) -> dict[str, str]:
    """Give some tasks a variable, and some of these a condition; return what they read."""
    before: dict[str, set[str]] = {}
    reads: dict[str, str] = {}
    for task in (*tasks, *last):
        after = task.get("dependsOn", ())
        seen = {*after}.union(*(before[name] for name in after)) if task in tasks else {*before}
        if task in tasks:
            before[task["name"]] = seen
        if not seen or random.random() < 0.5:
            continue
        read = reads[task["name"]] = random.choice(sorted(seen))
        if "wait" not in task:
            task["env"] = [{"name": "X", "value": f"${{{{ tasks.{read}.outcome }}}}"}]
        if random.random() < 0.7:
            sign = random.choice(("==", "==", "!="))
            task["when"] = f"tasks.{read}.outcome {sign} 'Succeeded'"
    return reads


def _task(random: Random, name: str) -> dict[str, Any]:
    if random.random() < 0.25:
        return {"name": name, "wait": random.choice(PAUSES)}
    retry = {
        "limit": random.choice((0, 0, 1, 2)),
        "infrastructureLimit": random.choice((0, 1, 5)),
        "backoff": {"seconds": 0},
    }
    task = {"name": name, "image": IMAGE, "retry": retry}
    if random.random() < 0.25:
        parallel = random.choice((1, 2, 3))
        task["forEach"] = {"items": ["x", "y", "z"], "maxParallel": parallel}
    return task


def _program(random: Random) -> Program:
    codes = tuple(random.choice((0, 0, 0, 3)) for _ in range(3))
    return Program(random.choice((0.2, 1.0, 5.0)), codes)
