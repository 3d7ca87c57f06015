"""
The paths in the folder of state. Reads and writes nothing.

    state.db                              runs, tasks, attempts, served workflows
    serve.lock                            held by `headrace serve`
    environments/                         how the environments of templates are made again
    runs/<run>/.lock                      held by the runner
    runs/<run>/<task>/attempt-<n>.log     what the task printed
    runs/<run>/<task>/attempt-<n>.outputs its outputs
    runs/<run>/<task>/attempt-<n>.lock    held, and signed with its pid, while it runs
    runs/<run>/<task>/attempt-<n>.exit    its exit code
    runs/<run>/<task>/attempt-<n>/<i>.*   the same files of item i, if the task has items, besides:
    runs/<run>/<task>/attempt-<n>/<i>.item       the item
    runs/<run>/<task>/attempt-<n>/<i>.task.json  all about the item
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_STATE: Final = Path(".headrace")
"""The folder of state if nobody names another one: below the folder that a person works in."""


@dataclass(frozen=True, slots=True)
class AttemptFiles:
    """The files of one attempt, or of one of its items."""

    folder: Path
    number: int
    item: int | None = None
    """The index of the item; None: the attempt has none."""

    @property
    def log(self) -> Path:
        """The log: stdout and stderr in the order of writing."""
        return self._file("log")

    @property
    def outputs(self) -> Path:
        """The file for the program's outputs."""
        return self._file("outputs")

    @property
    def lock(self) -> Path:
        """Locked while the attempt runs; holds the process id."""
        return self._file("lock")

    @property
    def exit(self) -> Path:
        """The exit code, as a line of its own."""
        return self._file("exit")

    @property
    def item_file(self) -> Path:
        """The item."""
        return self._file("item")

    @property
    def task_file(self) -> Path:
        """All about the item."""
        return self._file("task.json")

    @property
    def items(self) -> Path:
        """The folder with the files of all items."""
        return self.folder / f"attempt-{self.number}"

    def of_item(self, index: int) -> "AttemptFiles":
        """Return the files of one item."""
        return AttemptFiles(self.folder, self.number, index)

    def _file(self, kind: str) -> Path:
        if self.item is not None:
            return self.items / f"{self.item}.{kind}"
        return self.folder / f"attempt-{self.number}.{kind}"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """A folder of state. `root` is absolute, because programs get paths in it."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "state.db"

    @property
    def server_lock(self) -> Path:
        """The lock file of `headrace serve`."""
        return self.root / "serve.lock"

    def run(self, run: str) -> Path:
        """Return the folder of a run."""
        return self.root / "runs" / run

    def run_lock(self, run: str) -> Path:
        """Return the lock file of a runner. No task's name starts with a dot."""
        return self.run(run) / ".lock"

    def attempt(self, run: str, task: str, number: int) -> AttemptFiles:
        """Return the files of an attempt."""
        return AttemptFiles(self.run(run) / task, number)
