"""
Runs in a folder of state: a new one, or one that was not brought to its end.

Knows names and locks. Does not know how a run goes on.
"""

import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from headrace.api.checks.instants import write_time
from headrace.engine.run.observed import RunKey
from headrace.local.folder import StateFolder
from headrace.local.records import RunRecord
from headrace.local.store import Store, UnusableStateError
from headrace.manifests.names import short_hash

_NAME_LENGTH: Final = 44
"""What is left of a run's 63 characters, with its time and a number behind it."""

_TRIES: Final = 3
_LOOK_SECONDS: Final = 0.01
"""Longer than somebody needs who only looks whether a run is held."""


class RunLockedError(Exception):
    """Another runner has the run. The text says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to run."""

    namespace: str
    workflow: str
    spec: str
    """The definition: a WorkflowSpec as JSON."""
    folder: Path
    params: Mapping[str, bool | int | str] = field(default_factory=dict)
    logical_time: datetime | None = None


def prepare(folder: StateFolder) -> None:
    """
    Make a folder of state, if it is not there. What is in one that is there stays as it is.

    Raises:
        UnusableStateError: if it cannot be made or written to.

    """
    try:
        # Logs may hold what is nobody else's business.
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
    """Refuse a folder in which somebody else may put commands, which a resumed run would start."""
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
    """Make the database, which holds parameters, a file of its owner alone."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(database, flags, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def create(folder: StateFolder, store: Store, request: Request, now: datetime) -> RunRecord:
    """Make a new run. Its name is its workflow's and the second it was made in."""
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
    )
    store.add_run(record)
    return record


@contextmanager
def locked(folder: StateFolder, run: str) -> Iterator[None]:
    """
    Hold a run. The kernel lets go of it when the runner ends, however it ends.

    Raises:
        RunLockedError: if another runner holds it.

    """
    lock = os.open(folder.run_lock(run), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(lock):
            by = _signature(lock)
            raise RunLockedError(
                f"run {run} is held by process {by}; wait for it, or end it with kill {by}"
            )
        os.truncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def holder(folder: StateFolder, run: str) -> str | None:
    """Return the id of the process that holds a run; None if nobody does."""
    try:
        lock = os.open(folder.run_lock(run), os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(lock)
    finally:
        os.close(lock)
    return None


def _take(lock: int) -> bool:
    """Lock a file, if nobody holds it: not even for the moment in which `holder` looks at it."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_SECONDS)
        else:
            return True
    return False


def _signature(lock: int) -> str:
    return os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"


def _claim_name(folder: StateFolder, workflow: str, now: datetime) -> str:
    """Make the run's folder: who makes it has the name."""
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
