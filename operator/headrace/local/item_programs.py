"""
The programs of the items of one attempt: their files, their starts, their takeovers.

Knows where an item's files are. Does not know when an item starts.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from headrace.engine.definition.item_texts import item_text, task_text
from headrace.engine.definition.work import FanOut
from headrace.engine.task.actions import StartAttempt
from headrace.local.attempt import LiveAttempt
from headrace.local.containers import container_name
from headrace.local.folder import AttemptFiles
from headrace.local.process import grace_seconds
from headrace.local.reach import Reach
from headrace.local.records import AttemptRecord, ItemsRecord
from headrace.local.supervision import CannotStartError
from headrace.manifests.names import job_name


class ItemPrograms:
    """
    The programs of one attempt's items.

    Args:
        record: The stored record of the attempt.
        reach: The tools of a carrier.

    """

    def __init__(self, record: AttemptRecord, reach: Reach) -> None:
        assert record.items is not None  # noqa: S101 - the carrier stored them
        self._record = record
        self._items: ItemsRecord = record.items
        self._reach = reach

    def start(self, index: int, on_end: Callable[[], None]) -> LiveAttempt:
        """Start the program of an item. If it cannot start, it has ended with the reason."""
        item, files = self._made(index, datetime.now(UTC), on_end), self._files(index)
        try:
            self._write(index, files)
            program = self._reach.launcher.program(self._request, files)
        except (CannotStartError, OSError) as error:
            item.refuse(str(error))
        else:
            item.start(program)
        return item

    def find(self, index: int, on_end: Callable[[], None]) -> LiveAttempt:
        """
        Take over an item of an earlier runner.

        Raises:
            FileNotFoundError: if it was never started.

        """
        item, run = self._made(index, self._record.created, on_end), self._reach.run
        job = job_name(run.key.name, run.uid, self._record.task, self._record.number)
        item.find(self._reach.launcher.removal(container_name(job, index)))
        return item

    def _made(self, index: int, created: datetime, on_end: Callable[[], None]) -> LiveAttempt:
        record = replace(
            self._record,
            created=created,
            forced_end=self._items.ends.get(index),
            items=None,
            index=index,
        )
        return LiveAttempt(
            record, self._files(index), self._reach.on_forced_end, on_end, self._grace
        )

    def _files(self, index: int) -> AttemptFiles:
        attempt = (self._reach.run.key.name, self._record.task, self._record.number)
        return self._reach.folder.attempt(*attempt).of_item(index)

    def _write(self, index: int, files: AttemptFiles) -> None:
        """Write the files that tell the program its item."""
        files.items.mkdir(parents=True, exist_ok=True)
        item = self._items.items[index]
        files.item_file.write_bytes(item_text(item).encode())
        params = self._request.context.params
        files.task_file.write_bytes(task_text(item, index, params).encode())

    @cached_property
    def _request(self) -> StartAttempt[FanOut]:
        """The request for the attempt, which names the program of its items."""
        return self._reach.again(self._record)

    @cached_property
    def _grace(self) -> float:
        return grace_seconds(self._request.work.body.termination_grace_period_seconds)
