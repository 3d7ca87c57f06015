"""What has become of each logical time: `headrace.engine.backfill.reckon`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.backfill_words import Existing
from headrace.engine.backfill.observed import BackfillLog
from headrace.engine.backfill.plan import Plan, plan
from headrace.engine.backfill.reckon import reckon
from headrace.engine.places import NO_PLACES, Places
from support.backfill_builders import DAILY, NOW, backfill, name, spec, tick_run

ALREADY = BackfillLog(total=3, started=Places.of([0]))
GOOD = tick_run(name(1), finished=NOW, succeeded=True)
BAD = tick_run(name(1), finished=NOW)
THEIRS = tick_run(name(1), ours=False)
AGAIN = tick_run(f"{name(1)}-0", finished=NOW, succeeded=True)
"""A rerun of it."""

FIRST = Places.of([0])
CASES = [
    pytest.param({}, {}, id="nothing is there"),
    pytest.param(
        {"runs": {name(1): [tick_run(name(1))]}}, {"started": FIRST}, id="its run goes on"
    ),
    pytest.param(
        {"runs": {name(1): [GOOD]}}, {"started": FIRST, "good": FIRST}, id="its run succeeded"
    ),
    pytest.param({"runs": {name(1): [BAD]}}, {"started": FIRST, "bad": FIRST}, id="its run failed"),
    pytest.param(
        {"runs": {name(1): [replace(GOOD, ours=False)]}},
        {"skipped": FIRST},
        id="a run of somebody else has ended",
    ),
    pytest.param(
        {"runs": {name(1): [THEIRS]}},
        {"skipped": FIRST},
        id="a run of somebody else goes on",
    ),
    pytest.param(
        {"runs": {name(1): [BAD, replace(AGAIN, ours=False)]}},
        {"started": FIRST, "bad": FIRST},
        id="its run failed, and somebody else has repeated it well",
    ),
    pytest.param(
        {"runs": {name(1): [replace(BAD, ours=False), AGAIN]}},
        {"started": FIRST, "good": FIRST},
        id="its rerun of a run of somebody else succeeded",
    ),
    pytest.param(
        {"runs": {name(1): [replace(BAD, ours=False)]}},
        {},
        id="a run of somebody else failed, and is to be repeated",
    ),
    pytest.param(
        {"log": ALREADY, "runs": {name(1): [replace(BAD, ours=False)]}},
        {"started": FIRST, "bad": FIRST},
        id="somebody deleted its rerun, and the repeated run is there",
    ),
    pytest.param({"log": ALREADY}, {"started": FIRST, "bad": FIRST}, id="somebody deleted its run"),
    pytest.param(
        {"made": FIRST},
        {"started": FIRST, "bad": FIRST},
        id="somebody deleted its run before the status showed it",
    ),
    pytest.param(
        {"log": replace(ALREADY, good=FIRST)},
        {"started": FIRST, "good": FIRST},
        id="its run was counted and then deleted",
    ),
    pytest.param(
        {"log": replace(ALREADY, good=FIRST), "runs": {name(1): [THEIRS]}},
        {"started": FIRST, "good": FIRST},
        id="its run was counted, and somebody made another of its name",
    ),
]


@pytest.mark.parametrize(("given", "want"), CASES)
def test_a_logical_time_has_one_state(given: dict[str, Any], want: dict[str, Places]) -> None:
    """What is on record stays; what is new comes from the runs that are there."""
    planned = plan(spec(), (DAILY,))
    assert isinstance(planned, Plan)
    log = reckon(backfill(**given), planned, Existing.RERUN_FAILED)
    found = {each: getattr(log, each) for each in ("started", "good", "bad", "skipped")}
    assert {**dict.fromkeys(found, NO_PLACES), **want} == found
    assert 3 == log.total
    settled = len(log.good) + len(log.bad) + len(log.skipped)
    assert 3 == settled + len(log.active) + len(log.open)
