"""
The record of a backfill on this machine: what has become of each logical time, in a file.

Runs may be removed by their history; the record stays, so that nothing is done twice. Knows files.
"""

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from headrace.api.v1alpha1.backfill import BackfillSpec
from headrace.api.v1alpha1.backfill_words import Existing
from headrace.engine.backfill.observed import BackfillLog
from headrace.local.folder import StateFolder
from headrace.local.store import UnusableStateError
from headrace.manifests.backfill_status import backfill_status, read_backfill_status
from headrace.manifests.conditions import Past
from headrace.manifests.names import short_hash

_KEPT: Final[dict[Existing, tuple[str, ...]]] = {
    Existing.SKIP: ("started", "good", "bad", "skipped"),
    Existing.RERUN_FAILED: ("good",),
    Existing.RERUN_ALL: (),
}
"""What a new life keeps of an earlier one: the other logical times are judged anew."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says."""

    existing: Existing
    log: BackfillLog


class BackfillRecord:
    """The record of one span of logical times of a workflow."""

    def __init__(self, folder: StateFolder, spec: BackfillSpec) -> None:
        self._existing = spec.existing
        span = (spec.from_, spec.to, spec.step, spec.step_seconds, spec.time_zone)
        key = short_hash(spec.workflow, *map(str, span))
        self.path = folder.root / "backfills" / f"{spec.workflow}-{key}.json"

    def read(self) -> Recorded | None:
        """
        Return what is on record; None: nothing is.

        Raises:
            UnusableStateError: The file cannot be read, or somebody has changed it.

        """
        try:
            written = json.loads(self.path.read_bytes())
            existing = Existing(written["existing"])
            return Recorded(existing, read_backfill_status(written["status"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnusableStateError(
                f"{self.path} cannot be read: {error}; if you remove it, what the history has"
                " removed runs again"
            ) from error

    def begin(self) -> BackfillLog:
        """Return the log to go on with: that on record, or a new life of one that has ended."""
        known = self.read()
        if known is None:
            return BackfillLog()
        if known.log.finished is None and known.existing is self._existing:
            return known.log
        kept = {name: getattr(known.log, name) for name in _KEPT[self._existing]}
        log = BackfillLog(schedules=known.log.schedules, total=known.log.total, **kept)
        return replace(log, started=log.started | log.good)

    def write(self, log: BackfillLog, now: datetime) -> None:
        """
        Write the log. A power failure leaves the record of before.

        Raises:
            UnusableStateError: The file cannot be written.

        """
        status = backfill_status(log, Past(now))
        text = json.dumps({"existing": self._existing.value, "status": status}, default=str)
        draft = self.path.with_suffix(".draft")
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            with draft.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise UnusableStateError(f"{self.path} cannot be written: {error.strerror}") from error
