"""
Where each file of the pipeline lies, and how one gets there whole.

Knows folders and names. Does not know what is in the files, and imports nothing heavy.

    data/
      latest -> runs/<run>/release      the last release that passed all checks
      runs/<run>/raw/                   tables as they came
                 staging/               tables cleaned and joined, and what the checks said
                 release/               Parquet, DuckDB file, report
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .contract import Context
from .source import TABLES

JOINED = "departures"
"""The table with one row per flight and all that is known of it."""

STAGED = (*TABLES, JOINED)
"""The tables that are cleaned, checked and published."""

DATABASE = "flights.duckdb"
"""All tables in one file, in the release folder."""

PAGE, HOURS, VISIBILITY = "index.html", "hours.png", "visibility.png"
"""The report's page and pictures, in the report folder."""

MANIFEST = "manifest.json"
"""What a release is made of."""

PARTIAL = ".partial"
"""How the folder of a file ends that is still being written."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one run. Each run has a folder of its own, so no run can spoil another's."""

    data: Path
    run: str

    @property
    def runs(self) -> Path:
        """The folder that holds a folder for each run."""
        return self.data / "runs"

    @property
    def folder(self) -> Path:
        """Everything of this run."""
        return self.runs / self.run

    @property
    def release(self) -> Path:
        """What this run publishes."""
        return self.folder / "release"

    @property
    def report(self) -> Path:
        """The report's page and pictures."""
        return self.release / "report"

    @property
    def latest(self) -> Path:
        """The link to the release that readers use."""
        return self.data / "latest"

    @property
    def promised(self) -> tuple[Path, ...]:
        """The files that each release has, besides its manifest."""
        return (
            *(self.release / f"{table}.parquet" for table in STAGED),
            self.release / DATABASE,
            *(self.report / name for name in (PAGE, HOURS, VISIBILITY)),
        )

    @property
    def check_results(self) -> Path:
        """What the checks said, as JSON."""
        return self.folder / "staging" / "checks.json"

    def raw(self, table: str) -> Path:
        """Return the Parquet file of a table as it came."""
        return self.folder / "raw" / f"{table}.parquet"

    def staged(self, table: str) -> Path:
        """Return the Parquet file of a table that is cleaned."""
        return self.folder / "staging" / f"{table}.parquet"


def layout_of(context: Context) -> Layout:
    """Return where the files of this run lie."""
    return Layout(context.data, context.run)


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """
    Yield a path to write to; when all went well, what is there takes the place of `target`.

    A reader sees the old file or the new one, never half of one. An attempt that is killed leaves
    only a `.partial` folder, and two attempts at once (one of them on a lost node) do not meet.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=PARTIAL, dir=target.parent))
    try:
        partial = folder / target.name
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())  # a rename that outlives a crash must not outlive its content
        partial.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
