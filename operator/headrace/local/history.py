"""
The history of ended runs: their rows and their files are removed together.

The engine decides which runs are kept.
"""

import shutil
from datetime import datetime

from headrace.engine.run.observed import ObservedRun
from headrace.engine.workflow.retention import expired_runs
from headrace.local.folder import StateFolder
from headrace.local.store import Store


def forget(folder: StateFolder, store: Store, run: ObservedRun, now: datetime) -> tuple[str, ...]:
    """
    Remove old runs by a workflow's `history`; return their names.

    Args:
        folder: The folder of state.
        store: Its database.
        run: The run that has just ended. Somebody will read its logs now, so it stays.
        now: The time, for `ttlSecondsAfterFinished`.

    """
    if run.definition is None:
        return ()
    finished = store.finished_runs(run.workflow)
    gone = tuple(
        name for name in expired_runs(finished, run.definition.history, now) if name != run.key.name
    )
    for name in gone:
        remove(folder, store, name)
    return gone


def remove(folder: StateFolder, store: Store, name: str) -> None:
    """Remove a run, after the runs that it has called."""
    for called in store.called_by(name):
        remove(folder, store, called)
    # The row is removed last: until then, an interrupted removal is repeated.
    shutil.rmtree(folder.run(name), ignore_errors=True)
    store.forget_run(name)
