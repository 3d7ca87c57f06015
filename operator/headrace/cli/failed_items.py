"""
The failed items of a task: which they are, and where their logs are.

Knows the files of items. Knows no terminal.
"""

from collections.abc import Iterator
from typing import Final

from headrace.cli.log_tail import tail
from headrace.cli.words import near, one_line
from headrace.engine.task.items import ItemFailure, ItemsLog
from headrace.engine.text import and_more
from headrace.local import untrusted
from headrace.local.folder import AttemptFiles

SHOWN: Final = 3
"""How many failed items are shown."""
LOG_LINES: Final = 4
"""How many lines of each one's log."""
_ITEM_BYTES: Final = 60


def failed_items(items: ItemsLog, files: AttemptFiles) -> Iterator[str]:
    """
    Yield the lines on the items that failed: the first of them, each with the end of its log.

    Args:
        items: The items on record.
        files: The files of the newest attempt.

    """
    places = items.unsuccessful
    shown = [each for each in items.failures if each.index in places][:SHOWN]
    for failure in shown:
        own = _last(files, failure.index)
        yield f"  {_name(failure, own)}: {failure.reason}: {one_line(failure.message)}"
        if own.log.exists():
            yield f"    log: {near(own.log)}"
            yield from (f"    | {line}" for line in tail(own.log, LOG_LINES))
    if len(places) > len(shown):
        folder = files.items if files.number == 1 else files.folder / "attempt-*"
        folders = near(folder / "*.log")
        yield f"  {and_more(len(places) - len(shown))}: their logs are in {folders}"


def _last(files: AttemptFiles, index: int) -> AttemptFiles:
    """Return the files of the newest attempt that ran an item."""
    numbers = range(files.number, 0, -1)
    all_ = [AttemptFiles(files.folder, number, index) for number in numbers]
    return next((each for each in all_ if each.lock.exists()), all_[0])


def _name(failure: ItemFailure, files: AttemptFiles) -> str:
    """Return the item's index, and the item itself as far as it is short."""
    try:
        start, size = untrusted.read(files.item_file, _ITEM_BYTES)
    except (FileNotFoundError, untrusted.ReplacedError):
        return f"item {failure.index}"
    more = "…" if size > len(start) else ""
    return f"item {failure.index} ({one_line(start.decode(errors='ignore'))}{more})"
