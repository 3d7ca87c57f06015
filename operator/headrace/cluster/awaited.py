"""
For whose good end something waits: only of these a turn is wanted at once.

Knows of each run what its last turn saw. Where many tasks end at about the same time and nothing
starts by their ends, they are looked at together; a turn for each would cost most of all CPU.
"""

from typing import Final
from weakref import ReferenceType, ref

from headrace.engine.definition.compile import Definition
from headrace.engine.run.observed import ObservedRun, RunKey

LAST: Final = 4
"""With so many tasks to go, the end of the run itself waits for each."""
UNKNOWN: Final = ("",)

Seen = tuple[ReferenceType[Definition], int]
"""A run's definition, and how many of its tasks had not ended. A large definition is not kept
for this: of a run whose definition others have let go of, everything is waited for."""


class Awaited:
    """The runs that go on, and which of their tasks are waited for."""

    def __init__(self) -> None:
        """Know no run: then everything is waited for."""
        self._seen: dict[RunKey, Seen] = {}
        self._waiting: set[RunKey] = set()

    @property
    def anything(self) -> bool:
        """Whether the end of any task that runs is waited for."""
        return bool(self._waiting)

    def learn(self, run: ObservedRun) -> None:
        """Note how a run stands."""
        counts = run.log.counts
        if run.definition is None or run.log.finished is not None:
            self.forget(run.key)
            return
        self._seen[run.key] = ref(run.definition), counts.total - counts.ended
        running = (name for name, seen in run.tasks.items() if seen.log.outcome is None)
        if any(self.waits_for(run.key, name) for name in running):
            self._waiting.add(run.key)
        else:
            self._waiting.discard(run.key)

    def starts(self, key: RunKey) -> None:
        """Note that a task of a run starts, of which the next look will tell more."""
        self._waiting.add(key)

    def forget(self, key: RunKey) -> None:
        """Forget a run."""
        self._seen.pop(key, None)
        self._waiting.discard(key)

    def waits_for(self, key: RunKey, task: str) -> bool:
        """Tell whether something can start, or the run end, when this task ends well."""
        seen = self._seen.get(key)
        definition = None if seen is None else seen[0]()
        if seen is None or definition is None:
            return True
        unfinished = seen[1]
        # What is not in the graph runs last, and the run's end waits for it.
        return unfinished <= LAST or bool(definition.graph.downstream.get(task, UNKNOWN))
