"""Who holds a run: `headrace.local.held`."""

import os
from datetime import UTC, datetime
from pathlib import Path

from headrace.local import runs
from headrace.local.folder import StateFolder
from headrace.local.held import holder
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
