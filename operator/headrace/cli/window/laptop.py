"""
Objects of this machine, from the folder of state of `headrace run`.

Selects here what an API server would select. Knows no table.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.labels import BACKFILL, RUN
from headrace.cli.account import user
from headrace.cli.window.exits import NotThereError, WindowError, no_such
from headrace.cli.window.source import Choice, Listed
from headrace.cluster.kinds import APPROVALS, BACKFILLS, POOLS, TASK_RUNS, WORKFLOW_RUNS, WORKFLOWS
from headrace.kube.resources import Resource
from headrace.local.held import holder
from headrace.local.objects import NoStateError, StoredObjects
from headrace.local.served_forms import FILE
from headrace.views.objects import Object, label, name, number, text

_NOT_SERVED: Final = (
    "no server has this folder of state: it holds runs, and workflows are in their files; headrace"
    " list shows the runs"
)
_NO_LABELS: Final = "--selector: runs of this machine have no labels; leave it out"


_SERVED: Final = frozenset({WORKFLOWS, POOLS, BACKFILLS})
"""The kinds that only a server has on record."""


class LaptopSource:
    """The objects of a folder of state."""

    def __init__(self, stored: StoredObjects, shown: Path) -> None:
        self.stored = stored
        self._shown = shown

    @property
    def namespace(self) -> str:
        """The namespace to look in: a folder has runs of all."""
        return ""

    def listed(self, kind: Resource, choice: Choice) -> Listed:
        """Return objects of a kind."""
        wanted = [part.partition("=") for part in choice.fields.split(",") if part]
        by_label: list[tuple[str, str]] = []
        for part in filter(None, choice.labels.split(",")):
            if part.startswith(f"{RUN}="):
                wanted.append(("spec.run", "=", part.partition("=")[2]))
            elif part.startswith(f"{BACKFILL}="):
                by_label.append((BACKFILL, part.partition("=")[2]))
            else:
                raise WindowError(_NO_LABELS)
        items = [
            item
            for item in self._all(kind)
            if all(text(item, *path.split(".")) == value for path, _, value in wanted)
            and all(label(item, key) == value for key, value in by_label)
        ]
        return Listed(items, notes=self.stored.refusals() if kind in _SERVED else ())

    def named(self, kind: Resource, name: str) -> Object:
        """Return an object by its name. If there is none, the error names the nearest one."""
        objects = {text(item, "metadata", "name"): item for item in self._all(kind)}
        if name not in objects:
            raise no_such(kind.kind, name, str(self._shown), objects)
        return objects[name]

    def names(self, kind: Resource) -> list[str]:
        """Return the names of a kind's objects."""
        unknown = kind in _SERVED and not self._is_served
        return [] if unknown else [name(item) for item in self._all(kind)]

    def tasks(self, run: str) -> Sequence[Object]:
        """Return the TaskRuns of a run."""
        try:
            return self.stored.tasks_of(run)
        except NoStateError as error:
            raise NotThereError(str(error)) from error

    def definition(self, run: Object) -> Object | None:
        """Return the pinned definition of a run."""
        return self.stored.definition(name(run))

    def warnings(self, about: str) -> Sequence[str]:  # noqa: ARG002 - no Kubernetes here
        """Return nothing: no Kubernetes runs the processes of this machine."""
        return ()

    def change(self, kind: Resource, name: str, patch: dict[str, Any]) -> Object:
        """
        Merge into an object; return it as it is then. Only a run's desiredState can change.

        A called run does as the calling one.
        """
        run = self.named(kind, name)
        if kind in _SERVED:
            file = text(run, "metadata", "annotations", FILE)
            raise WindowError(f"{kind.kind} {name} is what its file says; change {file}")
        caller = label(run, RUN)
        if caller:
            raise WindowError(f"a task of run {caller} has called run {name}; steer that one")
        wanted, before = (text(each, "spec", "desiredState") for each in (patch, run))
        if not self.stored.desire(name, wanted, before):
            raise WindowError(f"somebody else has just steered run {name}; look at it again")
        return self.named(kind, name)

    def carried_out(self, run: str) -> str:
        """Return a remark if no process carries the run on."""
        if holder(self.stored.folder, run) is not None:
            return ""
        return f"no process carries run {run} on; headrace run --resume does"

    def answer(self, question: Object, choice: str, comment: str) -> Object:
        """Answer a question; return it as it is then."""
        given = {"choice": choice, "by": user(), "comment": comment, "at": written_now()}
        run, task = text(question, "spec", "run"), text(question, "spec", "task")
        item = number(question, "spec", "item") if text(question, "spec", "item") else None
        open_ = self.stored.answer(run, task, number(question, "spec", "attempt"), given, item)
        if not open_:
            raise WindowError(f"task {task} of run {run} has its answer already")
        return self.named(APPROVALS, name(question))

    def _all(self, kind: Resource) -> list[dict[str, Any]]:
        readers = {
            WORKFLOW_RUNS: self.stored.runs,
            TASK_RUNS: self.stored.tasks,
            APPROVALS: self.stored.questions,
            WORKFLOWS: self.stored.workflows,
            POOLS: self.stored.pools,
            BACKFILLS: self.stored.backfills,
        }
        try:
            found = readers[kind]()
            if not found and kind in _SERVED and not self._is_served:
                raise WindowError(_NOT_SERVED)
        except NoStateError as error:
            raise NotThereError(str(error)) from error
        return found

    @property
    def _is_served(self) -> bool:
        """Whether a server has ever had this folder."""
        return self.stored.folder.server_lock.exists()


def written_now() -> str:
    """Return the time as the store has it."""
    return write_time(datetime.now(UTC))


def laptop(state: Path) -> LaptopSource:
    """
    Return the source of a folder of state.

    Raises:
        NotThereError: There is none.

    """
    try:
        return LaptopSource(StoredObjects(state), state)
    except NoStateError as error:
        raise NotThereError(str(error)) from error
