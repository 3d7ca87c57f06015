"""
How long an ended run stays for the archive: until it is written there, and not for ever.

Knows a mark and a limit. Does not know what the archive writes, or where.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ArchiveTerms:
    """What an archive asks of those who delete runs."""

    limit: timedelta
    """How long after its end a run waits at most: a lost archive must not fill the cluster."""


def waits_until(
    finished: datetime, terms: ArchiveTerms | None, *, archived: bool
) -> datetime | None:
    """Return until when an ended run stays to be written; None: it need not stay."""
    return None if terms is None or archived else finished + terms.limit
