"""Logical times that have runs already: `headrace.engine.backfill.existing`."""

from dataclasses import replace

import pytest

from headrace.api.v1alpha1.backfill_words import Existing
from headrace.api.v1alpha1.rerun import RerunFrom, RerunOf
from headrace.engine.backfill.advance import advance
from headrace.engine.backfill.existing import TickRun, passed_over, rerun
from support.backfill_builders import NOW, backfill, looked, name, spec, tick_run

TICK = name(1)
FAILED = tick_run(TICK, ours=False, finished=NOW)
DONE = replace(FAILED, succeeded=True)
ACTIVE = replace(FAILED, finished=None)
STRANGE = replace(FAILED, strange=True)
AGAIN = tick_run("again", ours=False, finished=NOW)
"""A rerun of it by a person, which failed too."""
REFUSED = replace(AGAIN, began=False)
"""A rerun that took nothing over."""
SKIP, ONLY_FAILED, ALL = Existing.SKIP, Existing.RERUN_FAILED, Existing.RERUN_ALL


@pytest.mark.parametrize(
    ("runs", "pass_over"),
    [
        pytest.param([], (), id="there is no run"),
        pytest.param([FAILED], (SKIP,), id="the run failed"),
        pytest.param([DONE], (SKIP, ONLY_FAILED), id="the run succeeded"),
        pytest.param([ACTIVE], (SKIP, ONLY_FAILED, ALL), id="the run goes on"),
        pytest.param([STRANGE], (SKIP, ONLY_FAILED, ALL), id="another workflow has the name"),
        pytest.param([FAILED, AGAIN], (SKIP,), id="the run failed, and its rerun too"),
        pytest.param(
            [FAILED, replace(AGAIN, succeeded=True)],
            (SKIP, ONLY_FAILED),
            id="the run failed, and its rerun succeeded",
        ),
        pytest.param(
            [FAILED, replace(AGAIN, finished=None)],
            (SKIP, ONLY_FAILED, ALL),
            id="the run failed, and its rerun goes on",
        ),
        pytest.param([AGAIN], (SKIP,), id="the run is gone, and its rerun failed"),
        pytest.param([REFUSED], (SKIP,), id="the run is gone, and its rerun never began"),
        pytest.param(
            [replace(FAILED, began=False)],
            (SKIP, ONLY_FAILED, ALL),
            id="somebody has given the name to a rerun that never began",
        ),
    ],
)
def test_which_logical_times_get_no_run(
    runs: list[TickRun], pass_over: tuple[Existing, ...]
) -> None:
    """By what somebody asked for: Skip, RerunFailed or RerunAll."""
    assert pass_over == tuple(each for each in Existing if passed_over(TICK, runs, each))


@pytest.mark.parametrize(
    ("runs", "source"),
    [
        pytest.param([FAILED], TICK, id="the run of the tick"),
        pytest.param([FAILED, AGAIN], "again", id="the newest rerun has the most results"),
        pytest.param([FAILED, REFUSED], TICK, id="a rerun that never began has none"),
        pytest.param([REFUSED], None, id="nothing can be repeated"),
        pytest.param([], None, id="nothing is there"),
    ],
)
def test_the_newest_run_with_results_is_repeated(runs: list[TickRun], source: str | None) -> None:
    """It is named."""
    found = rerun(TICK, runs)
    assert source == (None if found is None else found[1])


@pytest.mark.parametrize(
    ("existing", "start"),
    [("RerunFailed", RerunFrom.FAILED), ("RerunAll", RerunFrom.ALL)],
)
def test_a_rerun_begins_where_somebody_asked(existing: str, start: RerunFrom) -> None:
    """With what failed, or with all tasks."""
    observed = backfill(spec(1, existing=existing), runs={name(1): [FAILED]})
    (first,) = advance(observed, NOW).create
    assert RerunOf(name=TICK, from_=start) == first.rerun_of


def test_the_name_of_a_rerun_is_made_of_the_runs_before_it() -> None:
    """Two backfills create one rerun of a run. One that never began takes no name from the next."""
    one, _ = rerun(TICK, [FAILED]) or ("", None)
    assert one != (rerun(TICK, [replace(FAILED, uid="new")]) or ("",))[0]
    assert one != (rerun(TICK, [FAILED, REFUSED]) or ("",))[0]
    assert one.startswith(f"{TICK}-")
    long = f"{'w' * 52}-1234567890"
    assert 63 == len((rerun(long, [FAILED]) or ("",))[0])


def test_a_backfill_repeats_a_failed_run_once() -> None:
    """Its rerun counts, however it ends; the others are done or skipped."""
    runs = {name(1): [FAILED], name(2): [replace(DONE, name=name(2))]}
    observed = backfill(spec(existing="RerunFailed", maxActive=3), runs=runs)
    first, last = advance(observed, NOW).create
    assert ((0, name(1)), (2, None)) == (
        (first.place, first.rerun_of and first.rerun_of.name),
        (last.place, last.rerun_of),
    )
    assert (None, None) == (first.run.logical_time, first.run.interval)
    observed = looked(observed)
    assert ("0,2", "1") == (str(observed.log.started), str(observed.log.skipped))
    ended = tick_run(first.run.name, finished=NOW)
    failed = replace(observed, runs={**observed.runs, name(1): [FAILED, ended]})
    again = looked(failed)
    assert ("0", ()) == (str(again.log.bad), advance(failed, NOW).create)


def test_a_dry_run_lists_reruns_by_their_names() -> None:
    """The names that would be created, and no others."""
    observed = backfill(
        spec(existing="RerunFailed", dryRun=True), runs={name(1): [FAILED], name(2): [DONE]}
    )
    status = advance(observed, NOW).status
    assert status is not None
    again = (rerun(TICK, [FAILED]) or ("",))[0]
    assert (again, name(3)) == status.names


def test_cancel_ends_the_rerun_and_not_the_repeated_run() -> None:
    """The one that is active."""
    observed = looked(backfill(spec(1, existing="RerunAll"), runs={name(1): [DONE]}))
    (_, own) = observed.runs[name(1)]
    cancelled = spec(1, existing="RerunAll", desiredState="Cancel")
    assert (own.name,) == advance(replace(observed, spec=cancelled), NOW).cancel
