"""Who holds a run: `headrace.local.held`."""

import errno
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.held import HeldError, hold_folder, holder
from headrace.local.store import Store


def test_who_holds_a_run_can_be_asked(tmp_path: Path) -> None:
    """Without taking it. A run that does not exist is held by nobody."""
    folder = StateFolder(tmp_path / "state")
    runs.prepare(folder)
    with Store(folder.database) as store:
        asked = runs.Request("default", "etl", "{}", tmp_path)
        name = runs.create(folder, store, asked, datetime(2030, 1, 31, tzinfo=UTC)).key.name

    assert holder(folder, "none") is None
    assert holder(folder, name) is None
    with runs.locked(folder, name):
        assert str(os.getpid()) == holder(folder, name)
    assert holder(folder, name) is None


def test_a_folder_is_held_whatever_it_is_called(tmp_path: Path) -> None:
    """By one process, without a file in it, and until that one lets go."""
    real, other = tmp_path / "real", tmp_path / "other"
    real.mkdir()
    other.symlink_to(real)
    with hold_folder(real), pytest.raises(HeldError), hold_folder(other):
        pass
    with hold_folder(other):
        assert [] == list(real.iterdir())


def test_a_folder_that_cannot_be_held_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS locks no folders."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with hold_folder(tmp_path), hold_folder(tmp_path):
        pass
