"""
The tasks whose success others wait for: only their ends need a turn at once.

Knows the last turn of each run. If many tasks end at about the same time and nothing waits for
them, they share a turn: a turn for each would cost most of the CPU time.
"""

from typing import Final
from weakref import ReferenceType, ref

from headrace.engine.definition.compile import Definition
from headrace.engine.run.observed import ObservedRun, RunKey
from headrace.engine.task.observed import ObservedTask

LAST: Final = 4
"""With this number of tasks left or fewer, the end of the run itself waits for each."""
CROWD: Final = 50
"""While more items than this have not ended, nobody waits for the next end of one."""
UNKNOWN: Final = ("",)

Seen = tuple[ReferenceType[Definition], int]
"""A run's definition, and the number of its open tasks. The definition may be dropped from memory:
then all tasks of the run count as awaited."""


class Awaited:
    """The active runs, and their awaited tasks."""

    def __init__(self) -> None:
        """Know no run: then all tasks count as awaited."""
        self._seen: dict[RunKey, Seen] = {}
        self._waiting: set[RunKey] = set()
        self._many: dict[RunKey, frozenset[str]] = {}

    @property
    def anything(self) -> bool:
        """Whether any running task is awaited."""
        return bool(self._waiting)

    def learn(self, run: ObservedRun) -> None:
        """Note the state of a run."""
        counts = run.log.counts
        if run.definition is None or run.log.finished is not None:
            self.forget(run.key)
            return
        total = counts.total or len(run.definition.tasks)  # A run that begins has no counts yet.
        self._seen[run.key] = ref(run.definition), total - counts.ended
        items = {name: left for name, seen in run.tasks.items() if (left := _open_items(seen))}
        many = frozenset(name for name, left in items.items() if left > LAST)
        if many:
            self._many[run.key] = many
        else:
            self._many.pop(run.key, None)
        crowds = {name for name, left in items.items() if left > CROWD}
        tasks = run.tasks.items()
        running = (name for name, seen in tasks if name not in crowds and _may_run(seen))
        if any(self.waits_for(run.key, name) for name in running):
            self._waiting.add(run.key)
        else:
            self._waiting.discard(run.key)

    def starts(self, key: RunKey, task: str) -> None:
        """Note that a task of a run starts: its end may come before the next turn."""
        if self.waits_for(key, task):
            self._waiting.add(key)

    def forget(self, key: RunKey) -> None:
        """Forget a run."""
        self._seen.pop(key, None)
        self._many.pop(key, None)
        self._waiting.discard(key)

    def waits_for(self, key: RunKey, task: str) -> bool:
        """Return whether a task can start, or the run can end, when this task succeeds."""
        seen = self._seen.get(key)
        definition = None if seen is None else seen[0]()
        if seen is None or definition is None:
            return True
        unfinished = seen[1]
        # A task outside of the graph is a `finally` task, and the run's end waits for it.
        return unfinished <= LAST or bool(definition.graph.downstream.get(task, UNKNOWN))

    def has_many_items(self, key: RunKey, task: str) -> bool:
        """Return whether many items of a task have not ended: no single end decides anything."""
        return task in self._many.get(key, ())


def _may_run(seen: ObservedTask) -> bool:
    """Return whether a pod may tell the end of a task. A wait may last for days, and has none."""
    waits = seen.sighting is not None and seen.sighting.due is not None
    return seen.log.outcome is None and not waits


def _open_items(seen: ObservedTask) -> int:
    """Return how many items of a task have not ended; 0: it has none."""
    items, sighting = seen.log.items, seen.sighting
    if items is None or sighting is None or sighting.items is None:
        return 0
    return len(items.open) - len(items.open.among(sighting.items.ended))
