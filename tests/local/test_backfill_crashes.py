"""A backfill on this machine whose process dies, or whose writes fail, at any of its steps."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from headrace.local import live_runs
from headrace.local.backfill_record import BackfillRecord
from local.test_backfill import NIGHTLY, NOTE, names, night, worked
from support.crashing import (
    CRASHED,
    STEPS,
    UNTOUCHED,
    Crash,
    Failure,
    Trouble,
    folders,
    in_a_copy,
)
from support.local_run import Bench, Result, sh

ALL_STEPS: Final = (*STEPS, (BackfillRecord, "write"))
SPAN: Final = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T12:00:00Z")
TWO: Final = Counter(map(night, (1, 2)))


def sweep(parent: Path, trouble: Callable[[int], Trouble], steps: int) -> None:
    """
    Let a backfill of two nights meet a trouble at each of its steps, and type it once more.

    Each night has one run, whose program has run once.
    """
    for at, bench in enumerate(folders(parent)):
        bench.write(sh("a", NOTE), triggers=NIGHTLY)
        ended = in_a_copy(trouble(at), ALL_STEPS, lambda bench=bench: tried(bench))  # type: ignore[misc] # mypy infers no lambda defaults
        if ended == UNTOUCHED or (ended == 0 and isinstance(trouble(at), Crash)):
            assert at > steps, "it went through fewer steps than there are"
            return
        if isinstance(trouble(at), Crash):
            assert CRASHED == ended
        again = bench.backfill(*SPAN)
        assert 0 == again.code, f"step {at}: {again}"
        assert (TWO, set(TWO)) == (worked(bench), names(bench)), f"step {at}"


def tried(bench: Bench) -> Result:
    """Backfill, and wait for nothing before a failed turn is tried again."""
    live_runs.TRY_AGAIN = timedelta(milliseconds=20)  # type: ignore[misc] # of this copy only
    return bench.backfill(*SPAN)


@pytest.mark.timeout(300)
def test_a_backfill_killed_at_any_step_does_nothing_twice(tmp_path: Path) -> None:
    """Before each write and after it."""
    sweep(tmp_path, Crash, 2 * len(ALL_STEPS))


@pytest.mark.timeout(300)
def test_a_backfill_whose_write_is_refused_does_nothing_twice(tmp_path: Path) -> None:
    """The disk was full, once. The same command goes on."""
    sweep(tmp_path, lambda at: Failure(at, after=False), len(ALL_STEPS))


@pytest.mark.timeout(300)
def test_a_backfill_that_does_not_hear_of_its_write_does_nothing_twice(tmp_path: Path) -> None:
    """It was written, and an error was told."""
    sweep(tmp_path, lambda at: Failure(at, after=True), len(ALL_STEPS))
