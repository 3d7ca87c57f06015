"""
The attempts of a run on this machine: taken over from an earlier runner, and shown to the engine.

Knows their order. Decides nothing about tasks.
"""

from collections.abc import Mapping

from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Work
from headrace.engine.task.observed import ObservedTask, TaskLog
from headrace.local.carriers import Carrier, LocalAttempt
from headrace.local.store import Store

Attempts = Mapping[tuple[str, int], LocalAttempt]
"""By task and number, oldest first."""


def taken_over(
    store: Store, run: str, definition: Definition, carriers: Mapping[type[Work], Carrier]
) -> Attempts:
    """Take over the attempts of an earlier runner, if there was one; forget what never started."""
    found: dict[tuple[str, int], LocalAttempt] = {}
    for stored in store.attempts(run):
        work = definition.tasks[stored.task].work
        try:
            found[stored.task, stored.number] = carriers[type(work)].find(stored, work)
        except FileNotFoundError:
            store.forget_attempt(run, stored)
    return found


def observed_tasks(attempts: Attempts, logs: Mapping[str, TaskLog]) -> dict[str, ObservedTask]:
    """Return the tasks that have begun: what is on record of each, and its newest attempt."""
    made: dict[str, list[LocalAttempt]] = {}
    for (task, _), attempt in attempts.items():
        made.setdefault(task, []).append(attempt)
    return {
        name: ObservedTask(
            log,
            made[name][-1].sighting() if name in made else None,
            frozenset(
                attempt.record.number for attempt in made.get(name, ())[:-1] if attempt.alive
            ),
        )
        for name, log in logs.items()
    }
