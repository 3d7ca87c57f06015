"""
At the end of each run, however it ended: remove what nobody needs any more.

Knows age and names. Never touches the release that readers use.

    python -m flights.tidy
"""

import logging
import shutil
import time
from pathlib import Path

from .contract import Context, Outputs, run_task
from .layout import PARTIAL, Layout, layout_of

log = logging.getLogger(__name__)

KEEP_RUNS = 3
"""So many runs are kept, also those that failed: their tables show what was wrong."""

MIN_AGE_SECONDS = 3600
"""A run that changed since then may still be going on, and is not touched."""


def tidy(context: Context) -> Outputs:
    """Remove old runs, and what killed attempts of this run left half written."""
    layout = layout_of(context)
    doomed = [*_old_runs(layout, time.time() - MIN_AGE_SECONDS), *_partials(layout)]
    for folder in doomed:
        log.info("removing %s", folder)
        shutil.rmtree(folder, ignore_errors=True)  # another run's tidy may be faster
    log.info("removed %s folders", len(doomed))
    return {"removed": len(doomed)}


def _old_runs(layout: Layout, before: float) -> list[Path]:
    """Return the runs that are neither among the newest, nor published, nor fresh."""
    if not layout.runs.is_dir():
        return []
    published = layout.latest.resolve().parent
    newest_first = sorted(layout.runs.iterdir(), key=_changed, reverse=True)
    return [
        run
        for run in newest_first[KEEP_RUNS:]
        if run.resolve() != published and run != layout.folder and _changed(run) < before
    ]


def _partials(layout: Layout) -> list[Path]:
    return sorted(layout.folder.rglob(f".*{PARTIAL}"))


def _changed(folder: Path) -> float:
    return folder.stat().st_mtime


if __name__ == "__main__":
    run_task(tidy)
