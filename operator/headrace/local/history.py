"""
What is kept of runs that have ended: their rows and their files go together.

Which runs are kept is the engine's to say.
"""

import shutil
from datetime import datetime

from headrace.engine.run.observed import ObservedRun
from headrace.engine.workflow.retention import expired_runs
from headrace.local.folder import StateFolder
from headrace.local.store import Store


def forget(folder: StateFolder, store: Store, run: ObservedRun, now: datetime) -> tuple[str, ...]:
    """
    Remove runs beyond what a workflow's `history` keeps; return their names.

    Args:
        folder: The folder of state.
        store: Its database.
        run: The run that has just ended. Somebody is about to read its logs, so it stays.
        now: The time, for `ttlSecondsAfterFinished`.

    """
    if run.definition is None:
        return ()
    finished = store.finished_runs(run.workflow)
    gone = tuple(
        name for name in expired_runs(finished, run.definition.history, now) if name != run.key.name
    )
    for name in gone:
        # The row goes last: while it is there, what was left half done is done again.
        shutil.rmtree(folder.run(name), ignore_errors=True)
        store.forget_run(name)
    return gone
