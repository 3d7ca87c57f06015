"""What has become of each logical time: `headrace.engine.backfill.reckon`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.engine.backfill.observed import BackfillLog, TickRun
from headrace.engine.backfill.plan import Plan, plan
from headrace.engine.backfill.reckon import reckon
from headrace.engine.places import NO_PLACES, Places
from support.backfill_builders import DAILY, NOW, backfill, name, spec

ALREADY = BackfillLog(total=3, started=Places.of([0]))
GOOD = TickRun(ours=True, finished=NOW, succeeded=True)
BAD = TickRun(ours=True, finished=NOW)

FIRST = Places.of([0])
CASES = [
    pytest.param({}, {}, id="nothing is there"),
    pytest.param({"runs": {name(1): TickRun(ours=True)}}, {"started": FIRST}, id="its run goes on"),
    pytest.param(
        {"runs": {name(1): GOOD}}, {"started": FIRST, "good": FIRST}, id="its run succeeded"
    ),
    pytest.param({"runs": {name(1): BAD}}, {"started": FIRST, "bad": FIRST}, id="its run failed"),
    pytest.param(
        {"runs": {name(1): replace(GOOD, ours=False)}},
        {"skipped": FIRST},
        id="a run of somebody else has ended",
    ),
    pytest.param(
        {"runs": {name(1): TickRun(ours=False)}},
        {"skipped": FIRST},
        id="a run of somebody else goes on",
    ),
    pytest.param({"log": ALREADY}, {"started": FIRST, "bad": FIRST}, id="somebody deleted its run"),
    pytest.param(
        {"made": frozenset({name(1)})},
        {"started": FIRST, "bad": FIRST},
        id="somebody deleted its run before the status showed it",
    ),
    pytest.param(
        {"log": replace(ALREADY, good=FIRST)},
        {"started": FIRST, "good": FIRST},
        id="its run was counted and then deleted",
    ),
    pytest.param(
        {"log": replace(ALREADY, good=FIRST), "runs": {name(1): TickRun(ours=False)}},
        {"started": FIRST, "good": FIRST},
        id="its run was counted, and somebody made another of its name",
    ),
]


@pytest.mark.parametrize(("given", "want"), CASES)
def test_a_logical_time_has_one_state(given: dict[str, Any], want: dict[str, Places]) -> None:
    """What is on record stays; what is new comes from the runs that are there."""
    planned = plan(spec(), (DAILY,))
    assert isinstance(planned, Plan)
    log = reckon(backfill(**given), planned)
    found = {each: getattr(log, each) for each in ("started", "good", "bad", "skipped")}
    assert {**dict.fromkeys(found, NO_PLACES), **want} == found
    assert 3 == log.total
    settled = len(log.good) + len(log.bad) + len(log.skipped)
    assert 3 == settled + len(log.active) + len(log.open)
