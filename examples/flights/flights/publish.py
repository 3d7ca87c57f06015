"""
Step 5: make this run's release the one that readers use.

Knows what a whole release has. Does not make or change any of its files.

    python -m flights.publish
"""

import hashlib
import json
import logging
import tempfile
from pathlib import Path

from .contract import Context, DataIsBadError, Outputs, run_task
from .layout import MANIFEST, PARTIAL, Layout, layout_of, written_whole
from .results import read_results

log = logging.getLogger(__name__)


def publish(context: Context) -> Outputs:
    """
    Point `latest` at this run's release, in one step: readers see the old one or the new one.

    The manifest lists the release's files with size and SHA-256, and the run that made them.

    Raises:
        DataIsBadError: The tables did not pass all checks. In the workflow this task does not start
            then; who starts it by hand is stopped here.
        FileNotFoundError: A file of the release is missing.

    """
    layout = layout_of(context)
    _require_passed(layout)
    files = {str(file.relative_to(layout.release)): _entry(file) for file in layout.promised}
    with written_whole(layout.release / MANIFEST) as partial:
        partial.write_text(json.dumps({"run": context.run, "files": files}, indent=1))
    _point(layout.latest, layout.release.relative_to(layout.data))
    log.info("%s -> %s", layout.latest, layout.latest.readlink())
    return {"release": str(layout.latest.readlink()), "files": len(files)}


def _require_passed(layout: Layout) -> None:
    if not layout.check_results.exists():
        raise DataIsBadError("these tables were not checked; run flights.checks first")
    if failed := [result.name for result in read_results(layout) if not result.passed]:
        raise DataIsBadError(f"not published: these checks failed: {', '.join(failed)}")


def _entry(file: Path) -> dict[str, str | int]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"bytes": file.stat().st_size, "sha256": digest}


def _point(link: Path, target: Path) -> None:
    """Make `link` a relative link to `target`, so that it holds wherever the volume is mounted."""
    with tempfile.TemporaryDirectory(suffix=PARTIAL, dir=link.parent) as folder:
        fresh = Path(folder) / link.name
        fresh.symlink_to(target)
        fresh.replace(link)


if __name__ == "__main__":
    run_task(publish)
