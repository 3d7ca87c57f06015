"""What is kept of ended runs: `headrace.local.history`."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from headrace.api.v1alpha1.workflow import History
from headrace.engine.run.observed import ObservedRun, RunLog
from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.history import forget
from headrace.local.records import AttemptRecord
from headrace.local.store import Store
from support.builders import NOON, task, workflow


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path)
    runs.prepare(folder)
    return folder


@pytest.fixture
def store(folder: StateFolder) -> Iterator[Store]:
    with Store(folder.database) as store:
        yield store


def made(folder: StateFolder, store: Store, hours: int, *, succeeded: bool | None) -> str:
    """Return the name of a run that was made some hours after noon, and how it ended."""
    now = NOON + timedelta(hours=hours)
    name = runs.create(folder, store, runs.Request("default", "etl", "{}", Path("/")), now).key.name
    store.add_attempts(name, [AttemptRecord("load", 1, now)], now)
    files = folder.attempt(name, "load", 1)
    files.folder.mkdir()
    files.log.touch()
    if succeeded is not None:
        store.write_run(name, RunLog(succeeded=succeeded, started=now, finished=now), now)
    return name


def after(store: Store, name: str, **history: int) -> ObservedRun:
    definition = workflow(task("load"), history=History(**history))
    record = store.run(name)
    return ObservedRun(record.key, record.uid, record.created, definition, workflow="etl")


def test_old_runs_go_with_their_files(folder: StateFolder, store: Store) -> None:
    """So many of each kind are kept as the workflow says; what has not ended stays."""
    good = [made(folder, store, hour, succeeded=True) for hour in range(3)]
    bad = [made(folder, store, hour, succeeded=False) for hour in range(3, 5)]
    made(folder, store, 5, succeeded=None)
    last = made(folder, store, 6, succeeded=True)

    gone = forget(folder, store, after(store, last, successful_runs=2, failed_runs=1), NOON)

    assert {*good[:2], bad[0]} == set(gone)
    assert not any(folder.run(name).exists() for name in gone)
    assert folder.attempt(good[2], "load", 1).log.exists()
    assert {good[2], bad[1], last} == {run.name for run in store.finished_runs("etl")}
    assert [] == store.attempts(gone[0])


def test_the_run_that_has_just_ended_stays(folder: StateFolder, store: Store) -> None:
    """Its logs were just named on the screen."""
    last = made(folder, store, 0, succeeded=False)

    assert () == forget(folder, store, after(store, last, failed_runs=0), NOON)
    assert folder.run(last).exists()


def test_what_was_left_half_done_is_done_again(folder: StateFolder, store: Store) -> None:
    """Files that are gone already do not stop the rest from going."""
    old, last = (made(folder, store, hour, succeeded=True) for hour in range(2))
    folder.attempt(old, "load", 1).log.unlink()
    folder.run(old).joinpath("load").rmdir()
    folder.run(old).rmdir()

    assert (old,) == forget(folder, store, after(store, last, successful_runs=1), NOON)
    assert [last] == [run.name for run in store.finished_runs("etl")]
