"""
What this container may use: memory and cores, by its control group.

Knows version 2 of control groups. Without one, it is what the machine has.
"""

import os
from pathlib import Path

GROUP = Path("/sys/fs/cgroup")
SHARE = 0.7
"""What of the memory the database takes: the rest is for Python and for what it does not count."""
LEAST = 64 * 2**20


def memory_bytes(group: Path = GROUP) -> int:
    """Return how much memory the database may take."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    text = _text(group / "memory.max")
    limit = int(text) if text.isdecimal() else whole
    return max(int(min(limit, whole) * SHARE), LEAST)


def cores(group: Path = GROUP) -> int:
    """Return how many threads may work at a time."""
    here = os.cpu_count() or 1
    quota, _, period = _text(group / "cpu.max").partition(" ")
    if not (quota.isdecimal() and period.isdecimal()):
        return here
    return max(1, min(here, -(-int(quota) // int(period))))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
