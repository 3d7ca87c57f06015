"""
Runs in a folder of state: a new one, or an unfinished one.

Knows names and locks. Does not know how a run goes on.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from headrace.api.checks.instants import write_time
from headrace.api.v1alpha1.cache import CacheMode
from headrace.api.v1alpha1.rerun import RerunOf
from headrace.api.v1alpha1.run import TriggerKind
from headrace.engine.definition.work import ChildRun
from headrace.engine.run.observed import RunKey
from headrace.engine.task.actions import StartAttempt
from headrace.local.folder import StateFolder
from headrace.local.held import HeldError, hold
from headrace.local.records import Origin, RunRecord
from headrace.local.store import Store, UnusableStateError
from headrace.manifests.names import called_run_name, item_name, short_hash

_NAME_LENGTH: Final = 44
"""How many of a run's 63 characters are left beside its time and a number."""


class RunLockedError(Exception):
    """Another runner holds the run. The text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """The request for a new run."""

    namespace: str
    workflow: str
    spec: str
    """The definition: a WorkflowSpec as JSON."""
    folder: Path
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    logical_time: datetime | None = None
    rerun_of: RerunOf | None = None
    """What it repeats of an earlier run."""
    cache: CacheMode | None = None
    """What it does with the caches of its tasks; None: what is usual."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The definitions of the workflows that it may call, also through others, by name."""


def prepare(folder: StateFolder) -> None:
    """
    Create a folder of state, if it does not exist. An existing folder stays unchanged.

    Raises:
        UnusableStateError: The folder cannot be created or written to.

    """
    try:
        # Logs may hold private data.
        if not folder.root.is_dir():
            folder.root.mkdir(mode=0o700, parents=True)
            (folder.root / ".gitignore").write_text("*\n")
        _check_ours(folder.root)
        (folder.root / "runs").mkdir(mode=0o700, exist_ok=True)
        _close_to_others(folder.database)
    except OSError as error:
        raise UnusableStateError(
            f"{folder.root} cannot be used: {error.strerror}; choose another folder with --state"
        ) from error


def _check_ours(root: Path) -> None:
    """Refuse a folder that others may write to: a resumed run would start their commands."""
    found = root.stat()
    if found.st_uid != os.geteuid():
        raise UnusableStateError(
            f"{root} belongs to another user, whose runs may hold any command;"
            " choose another folder with --state"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnusableStateError(
            f"other users may write to {root}, and so put commands into runs; chmod go-w {root},"
            " or choose another folder with --state"
        )


def _close_to_others(database: Path) -> None:
    """Make the database readable only for its owner: it holds parameters."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(database, flags, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def create(folder: StateFolder, store: Store, request: Request, now: datetime) -> RunRecord:
    """Create a new run. Its name is the workflow's name and the second of its creation."""
    name = _claim_name(folder, request.workflow, now)
    record = RunRecord(
        key=RunKey(request.namespace, name),
        uid=short_hash(str(folder.root), name, write_time(now)),
        workflow=request.workflow,
        created=now,
        spec=request.spec,
        folder=str(request.folder),
        params=request.params,
        logical_time=request.logical_time,
        called=request.called,
        rerun_of=request.rerun_of,
        cache=request.cache,
    )
    store.add_run(record)
    return record


def call(
    folder: StateFolder,
    store: Store,
    caller: RunRecord,
    start: StartAttempt[ChildRun],
    index: int | None = None,
) -> RunRecord:
    """
    Create the run that an attempt calls, for the instant and in the folder of the caller.

    Args:
        folder: The folder of state.
        store: Its database.
        caller: The calling run.
        start: The attempt.
        index: The item that the run is for; None: the task has no items.

    """
    name = called_name(caller, start.task, start.number, index)
    now = datetime.now(UTC)
    record = RunRecord(
        key=RunKey(caller.key.namespace, name),
        uid=short_hash(caller.uid, name),
        workflow=start.work.workflow,
        created=now,
        spec=caller.called[start.work.workflow],
        folder=caller.folder,
        params=start.work.params,
        logical_time=caller.logical_time or caller.created,
        called=caller.called,
        caller=caller.key.name,
        rerun_of=None if start.work.rerun_of is None else RerunOf(name=start.work.rerun_of),
        origin=Origin(TriggerKind.CALL, start.context.interval),
        cache=start.context.cache,
    )
    folder.run(name).mkdir(exist_ok=True)
    store.add_run(record)
    return record


def called_name(caller: RunRecord, task: str, number: int, index: int | None = None) -> str:
    """Return the name of the run that an attempt calls, or one of its items."""
    if index is not None:
        return item_name(caller.key.name, caller.uid, task, number, index)
    return called_run_name(caller.key.name, caller.uid, task, number)


@contextmanager
def locked(folder: StateFolder, run: str) -> Iterator[None]:
    """
    Hold a run. The kernel releases it when the runner ends, in any way.

    Raises:
        RunLockedError: Another runner holds it.

    """
    try:
        with hold(folder.run_lock(run)):
            yield
    except HeldError as error:
        raise RunLockedError(
            f"run {run} is held by process {error}; wait for it, or end it with kill {error}"
        ) from error


def _claim_name(folder: StateFolder, workflow: str, now: datetime) -> str:
    """Create the run's folder: its creator owns the name."""
    base = f"{workflow[:_NAME_LENGTH].rstrip('-.')}-{now:%Y%m%d-%H%M%S}"
    name, number = base, 1
    while True:
        try:
            folder.run(name).mkdir()
        except FileExistsError:
            number += 1
            name = f"{base}-{number}"
        else:
            return name
