"""
Runs through trouble: late and lost news, errors, restarts, lost pods and nodes, people who meddle.

The real worlds of runs and workflows, informers and queue work over the API server in memory. An
ordinary test run tries the same few plans each time; `make sweep` tries many new ones. A plan that
fails prints what happened, and the command that repeats it by its seed.
"""

import os
from collections.abc import Sequence
from random import Random

import pytest

from property.meddling import DISRUPTIONS, INTERVENTIONS
from property.news_plans import Trouble, draw_news, draw_trouble
from property.plans import Plan, draw_plan
from property.ride import ride
from support.virtual_time import run_virtually, seeded

FIRST = int(os.environ.get("HEADRACE_FIRST_PLAN", "0"))
PLANS = int(os.environ.get("HEADRACE_PLANS", "25"))

FACTOR = 2.0
"""How many times longer than without trouble all runs may take,"""
ALLOWANCE = 45.0
"""and how many seconds more: the waits after errors,"""
EACH = 15.0
"""what a trouble costs: its grace period, another pod, another attempt,"""
HOLDS = {"a Job is suspended", "a run is paused", "the workflow is deleted"}
"""and for how long these last."""
NODE = 60.0


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_late_news_changes_nothing(seed: int) -> None:
    """Attempts are those that the policy allows, no output is lost, and the runs end in time."""
    random = seeded(seed)
    try_plan(__file__, seed, _plan(seed), draw_late_news(random, 1, 8))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_what_the_cluster_takes_away_it_gives_again(seed: int) -> None:
    """Lost pods and nodes, held Jobs and paused runs change no outcome, and use up no retry."""
    random = seeded(f"disruptions {seed}")
    try_plan(
        __file__,
        seed,
        _plan(seed),
        [*draw_late_news(random, 0, 4), *draw_deeds(random, "cluster", 1, 6)],
    )


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PLANS))
def test_what_people_do_leads_to_an_end(seed: int) -> None:
    """Whoever deletes and ends what: nothing runs twice, beside its end, or beside another."""
    random = seeded(f"interventions {seed}")
    disruptions, people = draw_deeds(random, "cluster", 0, 2), draw_deeds(random, "people", 1, 6)
    try_plan(
        __file__,
        seed,
        _plan(seed),
        [*draw_late_news(random, 0, 4), *disruptions, *people],
    )


def _plan(seed: int) -> Plan:
    return draw_plan(seeded(f"plan {seed}"))


def draw_late_news(random: Random, least: int, most: int) -> list[Trouble]:
    """Draw what goes wrong with news and requests."""
    return [draw_news(random) for _ in range(random.randint(least, most))]


def draw_deeds(random: Random, who: str, least: int, most: int) -> list[Trouble]:
    """Draw what a cluster or people do."""
    deeds = sorted(DISRUPTIONS if who == "cluster" else INTERVENTIONS)
    count = random.randint(least, most)
    return [draw_trouble(random, who, random.choice(deeds)) for _ in range(count)]


def try_plan(file: str, seed: int, plan: Plan, troubles: list[Trouble]) -> None:
    """Ride through a plan without trouble, and with it; `file` has the test."""
    calm, wrongs = run_virtually(ride(plan, seed))
    assert not wrongs, f"without trouble: {wrongs}"
    troubles = sorted((each.within(calm) for each in troubles), key=lambda each: each.at)
    again = f"HEADRACE_PLANS=1 HEADRACE_FIRST_PLAN={seed} python -m pytest {file}"
    told = "\n".join([again, *map(str, troubles)])
    seconds, wrongs = run_virtually(ride(plan, seed, troubles))
    assert not wrongs, "\n".join([*wrongs, told])
    assert seconds <= FACTOR * calm + _allowance(troubles, calm), told


def _allowance(troubles: Sequence[Trouble], calm: float) -> float:
    """Return how many seconds more than usual all runs may take."""
    deeds = [each for each in troubles if each.what in DISRUPTIONS | INTERVENTIONS]
    held = sum(each.seconds for each in deeds if each.what in HOLDS)
    nodes = NODE * sum(each.what == "a node is lost" for each in deeds)
    anew = sum(each.at + calm for each in deeds if each.what == "a run is deleted")
    return ALLOWANCE + EACH * len(deeds) + held + nodes + anew
