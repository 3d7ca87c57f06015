"""
News of each kind comes late, is lost, comes twice, expires or fails by itself: runs end the same.

The real `ClusterWorld`, informers and queue work over the API server in memory. An ordinary test
run tries the same few plans each time; `make sweep` tries many new ones. A plan that fails prints
what happened, and the command that repeats it by its seed.
"""

import asyncio
import os

import pytest

from property.news_plans import Plan, make_trouble, plan
from property.news_rig import NewsRig
from support.node_machine import outputs
from support.virtual_time import run_virtually

FIRST = int(os.environ.get("HEADRACE_FIRST_PLAN", "0"))
PLANS = int(os.environ.get("HEADRACE_PLANS", "25"))

FACTOR = 2.0
"""How many times longer than without trouble a run may take,"""
ALLOWANCE = 45.0
"""and how many seconds more: the trouble, and the waits after errors."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_late_news_changes_neither_attempts_nor_outputs(seed: int) -> None:
    """Attempts are those that the policy allows, no output is lost, and the run ends in time."""
    drawn = plan(seed)
    calm = run_virtually(_ride(drawn, seed, troubled=False))
    troubled = run_virtually(_ride(drawn, seed, troubled=True))
    assert troubled <= FACTOR * calm + ALLOWANCE, _told(drawn, seed)


async def _ride(drawn: Plan, seed: int, *, troubled: bool) -> float:
    """Let the run of a plan come to its end, check it, and return how long it took."""
    rig = NewsRig(drawn.programs, seed)
    rig.begin(drawn.tasks)
    trouble = asyncio.create_task(make_trouble(rig, drawn.troubles if troubled else ()))
    try:
        seconds = await rig.to_the_end()
        _check(rig, drawn, _told(drawn, seed))
    finally:
        trouble.cancel()
        await rig.close()
        await asyncio.gather(trouble, return_exceptions=True)
    return seconds


def _check(rig: NewsRig, drawn: Plan, told: str) -> None:
    statuses = rig.statuses()
    ran = [task for task in drawn.programs if drawn.runs(task)]
    assert ran == sorted(statuses), told
    for task in ran:
        codes = drawn.attempts(task)
        status = statuses[task]
        assert codes == [each["exitCode"] for each in status["attempts"]], f"{task}: {told}"
        want = outputs(len(codes)) if 0 in codes else None
        assert want == status.get("outputs"), f"{task}: {told}"
    wanted = {(task, str(n + 1)): 1 for task in ran for n, _ in enumerate(drawn.attempts(task))}
    assert wanted == dict(rig.machine.jobs), told
    assert [] == rig.machine.overlaps, told


def _told(drawn: Plan, seed: int) -> str:
    """Say what happened, and how to see it again."""
    again = (
        f"HEADRACE_PLANS=1 HEADRACE_FIRST_PLAN={seed} python -m pytest tests/property/test_news.py"
    )
    return "\n".join([again, *map(str, drawn.troubles)])
