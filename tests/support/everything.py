"""
A run with a task of every kind, and how it ends if nobody disturbs it.

Conditions, a retry, items of which one fails once, a called run that fails once, a wait, a question
and a tidy-up task. What is planned is planned by task and attempt, so a run that met trouble can be
compared with one that met none. Works on every stage of stories.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.pod import EnvVar
from headrace.engine.definition.work import FanOut
from headrace.engine.task.observed import Attempt, One, TaskLog
from headrace.kube.errors import UnreachableError
from headrace.kube.resources import CONFIG_MAPS
from support.api_cluster import ApiCluster
from support.builders import asking, calls, last, output, param, pause, retries, task, workflow
from support.fake_cluster import CrashError, FakeJob, FakeRun, LostAnswerError
from support.fake_world import StaleError
from support.story import NewStory, Story

ONCE_MORE: Final = retries(1, seconds=0)
ITEMS: Final = ForEach(from_="tasks.list.outputs.names")
INNER: Final = workflow(
    task("size", env=(EnvVar(name="N", value="${{ params.n }}"),)),
    task("check", "size", when="tasks.size.outputs.rows > 0"),
    params=(param("n", "Integer"),),
    outputs=(output("rows", "tasks.size.outputs.rows + params.n"),),
)
OUTER: Final = workflow(
    task("list", retry=ONCE_MORE),
    task("each", "list", for_each=ITEMS, retry=ONCE_MORE),
    task("yes", "each", when="tasks.each.items.failed == 0"),
    task("no", "each", when="tasks.each.items.failed > 0"),
    task("unless", "no", rule="AllSkipped"),
    task("none", "list", for_each=ForEach(from_="tasks.list.outputs.names.filter(x, x == '-')")),
    calls("call", "each", params={"n": "${{ tasks.each.outputs.count }}"}, retry=ONCE_MORE),
    calls("shops", "each", for_each=ITEMS, params={"n": "${{ index }}"}, retry=ONCE_MORE),
    pause("naps", "list", for_each=ITEMS, seconds=5),
    asking("polls", "list", for_each=ITEMS, message="Take ${{ item }}?"),
    pause("rest", "call", seconds=5),
    asking("ask", "rest", message="Publish ${{ tasks.call.outputs.rows }} rows?"),
    task("publish", "ask", when="tasks.ask.outputs.choice == 'approve'"),
    task("drop", "ask", when="tasks.ask.outputs.choice != 'approve'"),
    last("tidy", env=(EnvVar(name="X", value="${{ tasks.publish.outcome }}"),)),
    outputs=(
        output("rows", "tasks.call.outputs.rows"),
        output("sizes", "tasks.each.outputs.items.map(item, item.size)"),
        output("choice", "tasks.ask.outputs.choice"),
        output("shops", "tasks.shops.outputs.items.map(item, item.rows)"),
        output("polls", "tasks.polls.outputs.items.map(item, item.choice)"),
        output("naps", "tasks.naps.items.succeeded"),
    ),
)
OUTPUTS: Final = {
    "rows": 8,
    "sizes": [1, 2, 3],
    "choice": "approve",
    "shops": [5, 6, 7],
    "polls": ["approve"] * 3,
    "naps": 3,
}

LONGEST: Final = 150
"""After so many looks the run must have ended."""

End = tuple[int, str]
"""An exit code, and what the program wrote."""

PROGRAMS: Final[Mapping[tuple[str, int], End]] = {
    ("list", 1): (1, ""),
    ("list", 2): (0, '{"names": ["x", "y", "z"]}'),
    ("size", 1): (0, '{"rows": 5}'),
}
"""How attempts end; all others end well and write nothing."""
FAILING_ITEM: Final = 1
"""The item that fails in the first attempt."""
FAILING_CALL: Final = 1
"""The attempt whose called run fails."""
FAILING_SHOP: Final = (1, 1)
"""The attempt and the item whose called run fails."""


@dataclass
class Everything:
    """The run, and whoever lets its programs end."""

    story: Story
    items: set[tuple[str, str, int, int]] = field(default_factory=set)
    """The items that ended: run, task, attempt and index."""

    @classmethod
    def begun(cls, new_story: NewStory) -> "Everything":
        """Let somebody create the workflows and the run."""
        story = new_story(OUTER)
        story.stage.add_workflow("inner", INNER)
        return cls(story)

    def live(self) -> None:
        """Let all runs live to their ends: what is there ends as planned."""
        for _ in range(LONGEST):
            self.look()
            if all(run.log.finished is not None for run in self.runs()):
                return
            for run in self.runs():
                self._end_programs(run)
            self.story.cluster.wait(3)
        raise AssertionError(f"it does not end: {[run.log for run in self.runs()]}")

    def look(self) -> None:
        """Let the controller look at all runs; start it again when it ends."""
        for run in self.runs():
            for _ in range(LONGEST):
                try:
                    self.story.tick(run)
                except CrashError:
                    self.story.restart()
                except (LostAnswerError, StaleError, UnreachableError):
                    continue
                else:
                    break

    def runs(self) -> Sequence[FakeRun]:
        """Return the run and those that it has called."""
        return tuple(self.story.cluster.runs.values())

    def _end_programs(self, run: FakeRun) -> None:
        assert run.definition is not None
        for name, record in sorted(run.task_runs.items()):
            for child in tuple(record.children.values()):
                if isinstance(child, FakeJob) and child.sighting.alive:
                    self.story.cluster.answer(child, "approve")
            for number, job in sorted(record.jobs.items()):
                if job.sighting.leaving or not job.sighting.alive:
                    continue
                if job.asks is not None:
                    self.story.cluster.answer(job, "approve")
                elif isinstance(run.definition.tasks[name].work, FanOut):
                    self._end_items(run, name, number, job)
                else:
                    code, written = self._program(run, name, number)
                    self.story.cluster.end(job, code, output=written)

    def _program(self, run: FakeRun, name: str, number: int) -> End:
        called, shops = (self.story.run.task_runs.get(each) for each in ("call", "shops"))
        fails = called is not None and called.called.get(FAILING_CALL) is run
        fails |= shops is not None and shops.children.get(FAILING_SHOP) is run
        return (4, "") if fails else PROGRAMS.get((name, number), (0, ""))

    def _end_items(self, run: FakeRun, name: str, number: int, job: FakeJob) -> None:
        for index in self.story.cluster.items_made(job):
            item = (run.key.name, name, number, index)
            if item in self.items:
                continue
            self.items.add(item)
            code = 7 if (number, index) == (1, FAILING_ITEM) else 0
            written = "" if code else f'{{"size": {index + 1}}}'
            self.story.cluster.end_item(job, index, code, written)


def summary(everything: Everything) -> dict[str, Any]:
    """Return all of its end that must not depend on what it met on the way."""
    runs = everything.runs()
    outer, cluster = everything.story.run, everything.story.cluster
    place = {outer.uid: "outer"}
    for name, record in outer.task_runs.items():
        place |= {run.uid: f"{name}/{number}" for number, run in record.called.items()}
        for (number, index), child in record.children.items():
            if isinstance(child, FakeRun):
                place[child.uid] = f"{name}/{number}/{index}"
    children = {(name, *child): n for (_, name, *child), n in cluster.children_made.items()}
    over_items = {name for name, *_ in children}  # Such an attempt has no object of its own.
    made = {
        (place[uid], task, number): n
        for (uid, task, number), n in cluster.jobs_made.items()
        if task not in over_items
    }
    return {
        "runs": {place[run.uid]: _end_of_run(run) for run in runs},
        "made": made,
        "children": children,
        "items": everything.items,
        "lists": lists_made(cluster),
    }


def _end_of_run(run: FakeRun) -> dict[str, Any]:
    log = run.log
    return {
        "told": (log.succeeded, log.reason, log.counts, log.positions, log.outputs),
        "tasks": {name: _end_of_task(record.log) for name, record in run.task_runs.items()},
        "values": {name: dict(record.env) for name, record in run.task_runs.items()},
    }


def _end_of_task(log: TaskLog) -> tuple[object, ...]:
    attempts = tuple((each.number, each.reason, _code(each)) for each in log.attempts)
    items = log.items and (str(log.items.succeeded), str(log.items.failed))
    return log.outcome, log.reason, log.user_failures, attempts, log.outputs, items


def _code(attempt: Attempt) -> int | None:
    return attempt.progress.exit_code if isinstance(attempt.progress, One) else None


def lists_made(cluster: object) -> Counter[int]:
    """Return how often ConfigMaps with items were made; empty in a world that has none."""
    made = cluster.made(CONFIG_MAPS) if isinstance(cluster, ApiCluster) else Counter[str]()
    return Counter(made.values())
