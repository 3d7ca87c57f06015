"""
The runs of a folder of state as objects of the API: WorkflowRuns, TaskRuns, and open questions.

For whoever looks at runs or steers them from outside, beside the runner or after its end. A light
module: commands that use it start at once. Knows the tables; decides nothing.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from headrace.api.v1alpha1.group import API_VERSION
from headrace.api.v1alpha1.labels import BACKFILL, RUN
from headrace.local.folder import StateFolder
from headrace.local.schema import APPLIED, VERSION
from headrace.local.served_forms import by_object, object_of, with_refusal

BUSY_SECONDS: Final = 10
"""How long to wait for the transaction of a runner. One takes milliseconds."""

Object = dict[str, Any]

_RUNS: Final = (
    "SELECT name, namespace, uid, workflow, created, params, logical_time, desired, caller,"
    " rerun, origin, cache, status FROM run"
)
_TASKS: Final = "SELECT run, name, created, cache_hash, status FROM task"
_WORKFLOWS: Final = (
    "SELECT name, namespace, uid, created, generation, spec, status, file FROM workflow"
    " WHERE NOT gone"
)
_OBJECTS: Final = (
    "SELECT name, namespace, uid, created, generation, spec, status, file FROM object"
    " WHERE kind = ?"
)
_REFUSED: Final = "SELECT kind, namespace, name, line FROM problem ORDER BY number"
_QUESTIONS: Final = (
    "SELECT run, task, number, NULL, created, asked, answer FROM attempt WHERE asked IS NOT NULL"
    " UNION ALL SELECT run, task, number, item, created, asked, answer FROM item_question"
)


class NoStateError(Exception):
    """There is no folder of state, or it cannot be used. The text says why."""


class StoredObjects:
    """
    The objects of a folder of state.

    Raises:
        NoStateError: It does not exist, or another version of headrace has written it.

    """

    def __init__(self, root: Path) -> None:
        self.folder = StateFolder(root.absolute())
        self._shown = root
        if not self.folder.database.exists():
            raise NoStateError(
                f"there are no runs in {root}; headrace run makes one, and --state names another"
                " folder"
            )
        with self._reading() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            raise NoStateError(
                f"{root} was written by another version of headrace (format {version}, this one"
                f" reads {VERSION}); headrace run brings an older one to this version"
            )

    def runs(self) -> list[Object]:
        """Return all runs, also those that others have called."""
        with self._reading() as db:
            return [_run(row) for row in db.execute(_RUNS)]

    def tasks(self) -> list[Object]:
        """Return all tasks that have begun, of all runs."""
        with self._reading() as db:
            return [_task(row) for row in db.execute(_TASKS)]

    def tasks_of(self, run: str) -> list[Object]:
        """Return the tasks of a run that have begun."""
        with self._reading() as db:
            return [_task(row) for row in db.execute(f"{_TASKS} WHERE run = ?", (run,))]

    def questions(self) -> list[Object]:
        """Return all questions, answered or not."""
        with self._reading() as db:
            return [_question(row) for row in db.execute(_QUESTIONS)]

    def looks(self) -> dict[tuple[str, str, str], int]:
        """
        Return something of each object that differs when the object does.

        By its kind, its run (empty: it is one) and its name. Reads no JSON: of a large folder that
        takes a second.
        """
        with self._reading() as db:
            runs = {
                ("WorkflowRun", "", name): hash((desired, status))
                for name, desired, status in db.execute("SELECT name, desired, status FROM run")
            }
            tasks = {
                ("TaskRun", run, f"{run}.{name}"): hash(status)
                for run, name, status in db.execute("SELECT run, name, status FROM task")
            }
            asked = {
                ("Approval", row[0], _question(row)["metadata"]["name"]): hash(row)
                for row in db.execute(_QUESTIONS)
            }
        return {**runs, **tasks, **asked}

    def workflows(self) -> list[Object]:
        """Return the workflows of a served folder, also those that have never been right."""
        with self._reading() as db:
            found = [object_of("Workflow", row) for row in db.execute(_WORKFLOWS)]
            refused = by_object(db.execute(_REFUSED))
        names = {item["metadata"]["name"] for item in found}
        for kind, namespace, name in refused:
            if kind == "Workflow" and name and name not in names:
                found.append(object_of(kind, (name, namespace, "", None, 0, "{}", "{}", "")))
        return [with_refusal(item, refused) for item in found]

    def pools(self) -> list[Object]:
        """Return the pools of a served folder."""
        return self._served("Pool")

    def backfills(self) -> list[Object]:
        """Return the backfills of a served folder."""
        return self._served("Backfill")

    def refusals(self) -> list[str]:
        """Return what is wrong with the files of a served folder, a line each."""
        with self._reading() as db:
            return [str(line) for *_, line in db.execute(_REFUSED)]

    def _served(self, kind: str) -> list[Object]:
        with self._reading() as db:
            refused = by_object(db.execute(_REFUSED))
            found = [object_of(kind, row) for row in db.execute(_OBJECTS, (kind,))]
        return [with_refusal(item, refused) for item in found]

    def definition(self, run: str) -> Object | None:
        """Return the pinned definition of a run."""
        with self._reading() as db:
            row = db.execute("SELECT spec FROM run WHERE name = ?", (run,)).fetchone()
        return None if row is None else json.loads(row[0])

    def homes(self) -> list[Path]:
        """Return the folders of the files from which runs began, newest first."""
        with self._reading() as db:
            rows = db.execute("SELECT folder FROM run GROUP BY folder ORDER BY max(created) DESC")
            return [Path(row[0]) for row in rows]

    def desire(self, run: str, desired: str, before: str) -> bool:
        """
        Change the desired state of a run, if it is still what it was; return whether it was.

        The runner, if there is one, sees it within a second.
        """
        with self._writing() as db:
            done = db.execute(
                "UPDATE run SET desired = ? WHERE name = ? AND desired = ?", (desired, run, before)
            )
            return done.rowcount == 1

    def answer(
        self, run: str, task: str, number: int, answer: Object, item: int | None = None
    ) -> bool:
        """Answer a question, or that about an item; return whether it was still open."""
        values = (json.dumps(answer), run, task, number)
        attempt = "answer = ? WHERE run = ? AND task = ? AND number = ? AND answer IS NULL"
        with self._writing() as db:
            if item is None:
                done = db.execute(f"UPDATE attempt SET {attempt}", values)  # noqa: S608 - our own words
            else:
                each = f"UPDATE item_question SET {attempt} AND item = ?"  # noqa: S608 - the same
                done = db.execute(each, (*values, item))
            return done.rowcount == 1

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.folder.database, BUSY_SECONDS, isolation_level=None)
            try:
                yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            raise NoStateError(f"{self._shown} cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _run(row: tuple[Any, ...]) -> Object:
    name, namespace, uid, workflow, created, params, time, desired, caller, *rest = row
    rerun, origin, cache, status = rest
    given = [{"name": key, "value": value} for key, value in json.loads(params).items()]
    repeats = None if rerun is None else json.loads(rerun)
    asked = json.loads(origin or "{}")
    applied = asked.pop(APPLIED, None)
    labels = {RUN: caller} if caller else {}
    if applied is not None and applied["kind"] == "Backfill":
        labels[BACKFILL] = applied["name"]
    optional = {"logicalTime": time, "params": given, "rerunOf": repeats, "cache": cache}
    return {
        "apiVersion": API_VERSION,
        "kind": "WorkflowRun",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "creationTimestamp": created,
            "labels": labels,
        },
        "spec": {
            "workflow": workflow,
            **{field: value for field, value in optional.items() if value},
            "trigger": "Call" if caller else "Manual",
            **asked,
            "desiredState": desired,
        },
        "status": json.loads(status or "{}"),
    }


def _task(row: tuple[Any, ...]) -> Object:
    run, name, created, cache_hash, status = row
    return {
        "apiVersion": API_VERSION,
        "kind": "TaskRun",
        "metadata": {"name": f"{run}.{name}", "creationTimestamp": created},
        "spec": {"run": run, "task": name, **({"cacheHash": cache_hash} if cache_hash else {})},
        "status": json.loads(status or "{}"),
    }


def _question(row: tuple[Any, ...]) -> Object:
    run, task, number, item, created, asked, answer = row
    about = {} if item is None else {"item": item}
    name = f"{run}.{task}.{number}" + ("" if item is None else f".{item}")
    given = None if answer is None else json.loads(answer)
    reason = "WaitingForApproval" if given is None else "Answered"
    status = "Unknown" if given is None else "True"
    return {
        "apiVersion": API_VERSION,
        "kind": "Approval",
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {
            "run": run,
            "task": task,
            "attempt": number,
            **about,
            **json.loads(asked),
            **({} if given is None else {"answer": given}),
        },
        "status": {"conditions": [{"type": "Answered", "status": status, "reason": reason}]},
    }
