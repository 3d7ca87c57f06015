"""
Runs that share a pool, through late news, errors, restarts, lost pods and people who meddle.

All programs of all runs are in one pool of a few slots. What really runs is counted at each begin
of a program, so a slot that is given twice is seen; one that leaks would keep a run from its end.
"""

from dataclasses import replace

import pytest

from property.plans import Plan, draw_plan
from property.test_news import FIRST, PLANS, draw_deeds, draw_late_news, try_plan
from support.virtual_time import seeded


def plan_in_a_pool(seed: int) -> Plan:
    """Draw a plan, and the slots for all of its programs."""
    random = seeded(f"pool {seed}")
    plan = draw_plan(random)
    for task in (*plan.tasks, *plan.last):
        if "wait" not in task:
            task["priority"] = random.randint(-1, 1)
    return replace(plan, slots=random.choice((1, 1, 2, 3)))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_no_more_programs_run_than_there_are_slots(seed: int) -> None:
    """Whatever news is late and whenever the controller is killed, and all runs end in time."""
    random = seeded(f"pool news {seed}")
    try_plan(__file__, seed, plan_in_a_pool(seed), draw_late_news(random, 1, 8))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_slots_of_what_is_lost_or_ended_early_are_free_again(seed: int) -> None:
    """Lost pods and nodes, deleted Jobs, cancelled and deleted runs."""
    random = seeded(f"pool deeds {seed}")
    deeds = [*draw_deeds(random, "cluster", 0, 3), *draw_deeds(random, "people", 0, 4)]
    try_plan(__file__, seed, plan_in_a_pool(seed), [*draw_late_news(random, 0, 3), *deeds])
