"""Names and locks of runs: `headrace.local.runs`."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.runs import Request, RunLockedError
from headrace.local.store import Store, UnusableStateError

NOON = datetime(2030, 1, 31, 12, 5, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    runs.prepare(folder)
    return folder


@pytest.fixture
def store(folder: StateFolder) -> Iterator[Store]:
    with Store(folder.database) as store:
        yield store


def request(workflow: str) -> Request:
    return Request("default", workflow, "{}", Path("/pipelines"))


@pytest.mark.parametrize(
    ("workflow", "want"),
    [
        pytest.param("etl", "etl-20300131-120509", id="the name of the workflow and the second"),
        pytest.param("x" * 80, f"{'x' * 44}-20300131-120509", id="a long name is cut"),
        pytest.param(
            f"{'x' * 43}-y", f"{'x' * 43}-20300131-120509", id="a name is never cut after a dash"
        ),
    ],
)
def test_a_run_is_named_after_its_workflow(
    folder: StateFolder, store: Store, workflow: str, want: str
) -> None:
    """People can read it, and it sorts by time."""
    record = runs.create(folder, store, request(workflow), NOON)

    assert want == record.key.name
    assert record == store.run(want)


def test_two_runs_of_one_second_have_two_names(folder: StateFolder, store: Store) -> None:
    """Whoever makes the folder has the name; the other takes the next."""
    records = [runs.create(folder, store, request("etl"), NOON) for _ in range(3)]

    names = ["etl-20300131-120509", "etl-20300131-120509-2", "etl-20300131-120509-3"]
    assert names == [record.key.name for record in records]
    assert 3 == len({record.uid for record in records})


def test_a_run_is_held_by_one_runner(folder: StateFolder, store: Store) -> None:
    """The other one is told by whom; when the first lets go, it can have it."""
    name = runs.create(folder, store, request("etl"), NOON).key.name

    with (
        runs.locked(folder, name),
        pytest.raises(RunLockedError, match=f"process {os.getpid()};"),
        runs.locked(folder, name),
    ):
        pytest.fail("both have it")
    with runs.locked(folder, name):
        pass


def test_the_folder_keeps_itself_out_of_git(folder: StateFolder) -> None:
    """Nobody commits logs by accident, and nobody else on the machine reads them."""
    assert 0o700 == folder.root.stat().st_mode & 0o777
    assert "*\n" == (folder.root / ".gitignore").read_text()


def test_a_folder_that_was_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody's repository must not vanish from git."""
    runs.prepare(StateFolder(tmp_path))

    assert not (tmp_path / ".gitignore").exists()
    assert 0o700 == (tmp_path / "runs").stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o600])
def test_the_database_is_its_owners_alone(tmp_path: Path, mode: int) -> None:
    """Parameters are in it; an older runner, or a umask, may have left it open to others."""
    tmp_path.chmod(0o755)
    folder = StateFolder(tmp_path)
    folder.database.touch()
    folder.database.chmod(mode)

    runs.prepare(folder)

    assert 0o600 == folder.database.stat().st_mode & 0o777
    with Store(folder.database) as store:
        runs.create(folder, store, request("etl"), NOON)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("state.db*")}
    assert {0o600} == set(modes.values()), modes


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    """Who writes to it could put a command into a run that somebody resumes."""
    tmp_path.chmod(mode)

    with pytest.raises(UnusableStateError, match=r"other users may write to .*chmod go-w"):
        runs.prepare(StateFolder(tmp_path))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its runs may hold any command."""
    os.chown(tmp_path, 65534, 65534)

    with pytest.raises(UnusableStateError, match=r"belongs to another user.*--state"):
        runs.prepare(StateFolder(tmp_path))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The message names it and the cure."""
    (tmp_path / "file").touch()

    with pytest.raises(
        UnusableStateError, match=r"file/state cannot be used: Not a directory.*--state"
    ):
        runs.prepare(StateFolder(tmp_path / "file" / "state"))
