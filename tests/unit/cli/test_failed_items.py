"""The failed items of a task: `headrace.cli.failed_items`."""

import os
from pathlib import Path

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.cli.failed_items import LOG_LINES, failed_items
from headrace.engine.places import Places
from headrace.engine.task.items import ItemFailure, ItemsLog
from headrace.local.folder import AttemptFiles


def failed(*indexes: int) -> ItemsLog:
    """Return ten items; some failed."""
    failures = (ItemFailure(index, Reason.NON_ZERO_EXIT, "exit 3") for index in indexes)
    return ItemsLog(10, failed=Places.of(indexes), failures=tuple(failures))


def ran(files: AttemptFiles, index: int, item: str, log: str = "") -> Path:
    """Make the files of an item; return its log."""
    own = files.of_item(index)
    own.items.mkdir(exist_ok=True)
    own.item_file.write_text(item)
    own.lock.touch()
    own.log.write_text(log)
    return own.log


def test_an_item_is_shown_with_its_log(tmp_path: Path) -> None:
    """What it was, how it failed, and the last lines."""
    files = AttemptFiles(tmp_path, 1)
    log = ran(files, 7, "berlin", "".join(f"line {number}\n" for number in range(9)))

    lines = list(failed_items(failed(7), files))

    assert ["  item 7 (berlin): NonZeroExit: exit 3", f"    log: {log}"] == lines[:2]
    assert [f"    | line {number}" for number in range(9 - LOG_LINES, 9)] == lines[2:]


def test_the_log_is_that_of_the_last_attempt_that_ran_the_item(tmp_path: Path) -> None:
    """An item that failed for good does not run in later attempts."""
    log = ran(AttemptFiles(tmp_path, 1), 7, "berlin")

    assert f"    log: {log}" in list(failed_items(failed(7), AttemptFiles(tmp_path, 3)))


@pytest.mark.parametrize(
    ("item", "want"),
    [
        pytest.param("two\nlines\x1b[31m", "(two lines)", id="one harmless line"),
        pytest.param("x" * 99, f"({'x' * 60}…)", id="a long item is cut"),
        pytest.param("é" * 99, f"({'é' * 30}…)", id="characters stay whole"),
    ],
)
def test_items_are_short_and_harmless(tmp_path: Path, item: str, want: str) -> None:
    """An item may be any text."""
    files = AttemptFiles(tmp_path, 1)
    ran(files, 7, item)

    assert f"  item 7 {want}: NonZeroExit: exit 3" == next(failed_items(failed(7), files))


def test_an_item_without_files_is_known_by_its_index(tmp_path: Path) -> None:
    """It never started, or somebody removed or replaced its files."""
    files = AttemptFiles(tmp_path, 1)
    files.items.mkdir()
    os.mkfifo(files.of_item(8).item_file)

    assert [
        "  item 7: NonZeroExit: exit 3",
        "  item 8: NonZeroExit: exit 3",
    ] == list(failed_items(failed(7, 8), files))


@pytest.mark.parametrize(("number", "where"), [(1, "attempt-1"), (2, "attempt-*")])
def test_of_many_items_only_some_are_shown(tmp_path: Path, number: int, where: str) -> None:
    """The others are counted, and their logs are where these are."""
    lines = list(failed_items(failed(*range(9)), AttemptFiles(tmp_path, number)))

    assert 4 == len(lines)
    assert f"  and 6 more: their logs are in {tmp_path}/{where}/*.log" == lines[-1]
