"""Three workflows that follow each other: their controller ends, or loses an answer, at a write."""

from collections import Counter
from functools import cache
from itertools import product
from typing import Any

import pytest

from support.chain_rig import ChainRig
from support.fake_cluster import Fault
from support.virtual_time import VirtualTimeLoop, run_virtually

EVENT_LOOP = VirtualTimeLoop

KEPT = (3, 0)
"""How many ended runs the workflows keep: some, or none."""
AWAY = (0, 300)
"""How many seconds pass between a crash and the next controller."""


async def lived(kept: int, disturb: dict[int, Fault], away: float = 0) -> ChainRig:
    """Let the chain live to its end, with these faults."""
    rig = ChainRig(away)
    rig.way.planned = dict(disturb)
    await rig.start(kept)
    await rig.live()
    return rig


@cache
def calm(kept: int) -> tuple[tuple[Any, ...], list[str]]:
    """Return the end of a chain that meets no trouble, and its writes."""
    rig = run_virtually(lived(kept, {}))
    return rig.summary(), rig.way.writes


FAULTS = [
    pytest.param(
        kept, write, fault, away, id=f"keeps {kept}, {fault.name.lower()} {write}, {away} s"
    )
    for kept, fault, away in product(KEPT, Fault, AWAY)
    for write in range(1, len(calm(kept)[1]) + 1)
    if fault is not Fault.ANSWER_LOST or not away
]


@pytest.mark.parametrize("kept", KEPT)
def test_the_calm_chain_has_what_the_others_are_compared_with(kept: int) -> None:
    """Two runs of the first workflow; the end of each starts one run, up to the third."""
    runs, ends, made, missed = calm(kept)[0]
    assert {"first": 2, "second": 1, "third": 2} == Counter(run[0] for run in runs)
    assert [0, 0, 0] == missed
    assert {"Succeeded": 4, "Failed": 1} == Counter(end[1] for end in ends)
    given = [(*run[2:], run[1]) for run in runs if run[2]]
    rows = "[{'name': 'rows', 'value': 14}]"
    want = [("first", 1, "None"), ("first", 1, rows), ("second", 2, rows)]
    assert want == sorted(given)
    assert (5, 5, 6) == (made["WorkflowRun"], made["TaskRun"], made["Job"])


@pytest.mark.parametrize(("kept", "write", "fault", "away"), FAULTS)
async def test_a_fault_at_any_write_starts_nothing_twice_and_loses_no_end(
    kept: int, write: int, fault: Fault, away: float
) -> None:
    """The same runs, tasks, Jobs and ends, also if the next controller comes minutes later."""
    rig = await lived(kept, {write: fault}, away)
    assert calm(kept)[0] == rig.summary()
    assert {1} == set(rig.made.values())


@pytest.mark.parametrize(("kept", "away"), list(product(KEPT, AWAY)))
async def test_a_controller_that_ends_at_every_write_gets_there_all_the_same(
    kept: int, away: float
) -> None:
    """Each life of the process makes one step."""
    rig = await lived(kept, dict.fromkeys(range(1, 2000), Fault.CRASH_AFTER), away)
    assert calm(kept)[0] == rig.summary()
    assert {1} == set(rig.made.values())
