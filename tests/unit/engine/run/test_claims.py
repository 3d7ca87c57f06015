"""What a run asks of pools, and what its waiting tasks say: `headrace.engine.run.claims`."""

from typing import Any

import pytest

from headrace.api.v1alpha1.for_each import ForEach
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import FanOut
from headrace.engine.room import NO_ROOM, Claim, Grant, PoolView, Rank, Room
from headrace.engine.run.decide import QUEUE_INTERVAL, STATUS_PATIENCE, Decision, decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import Share, StartAttempt
from support.builders import at, last, task, workflow

POOL = "db"
TWO = workflow(task("a", pool=POOL), task("b", pool=POOL), last("tidy"))
FULL = PoolView(1, 1, 2, ("etl-0/x",))


def run(definition: Definition = TWO, room: Room | None = NO_ROOM, **fields: Any) -> ObservedRun:
    """Return a run that has begun."""
    return ObservedRun(RunKey("default", "etl-1"), "uid-1", at(0), definition, room=room, **fields)


def claims(definition: Definition = TWO, **fields: Any) -> dict[str, Claim]:
    """Return what a run asks for in its first turn."""
    return dict(decide(run(definition, **fields), at(1)).claims)


def waiting(view: PoolView = FULL, **places: int) -> Room:
    """Return the answer of a pool that has given nothing."""
    return Room(claims(), {}, places, {POOL: view})


def started(decision: Decision) -> list[str]:
    """Return the tasks that start."""
    return [each.task for each in decision.actions if isinstance(each, StartAttempt)]


def test_a_task_in_a_pool_asks_before_it_starts() -> None:
    """Nothing starts in the first turn."""
    decision = decide(run(), at(1))
    assert ["a", "b"] == list(decision.claims)
    assert [] == started(decision)


def test_a_world_without_pools_lets_all_tasks_start() -> None:
    """On a laptop, nobody could answer."""
    decision = decide(run(room=None), at(1))
    assert ["a", "b"] == started(decision)
    assert {} == decision.claims


def test_what_was_granted_starts_and_is_asked_for_until_the_next_turn() -> None:
    """Until its Job is there, its claim keeps the slot."""
    room = Room(claims(), {"a": Grant(1, 1)}, {"b": 1}, {POOL: FULL})
    decision = decide(run(room=room), at(2))
    assert ["a"] == started(decision)
    assert {"a", "b"} == decision.claims.keys()
    (start,) = decision.actions
    assert isinstance(start, StartAttempt)
    assert Share(POOL, 1) == start.share


def test_a_grant_for_another_attempt_starts_nothing() -> None:
    """Each attempt asks anew."""
    room = Room(claims(), {"a": Grant(2, 1)}, {"b": 1}, {POOL: FULL})
    assert [] == started(decide(run(room=room), at(2)))


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({}, {"a": (0, -1, 0), "b": (0, -1, 1)}, id="without priorities"),
        pytest.param(
            {"priority": -10}, {"a": (10, -1, 0), "b": (10, -1, 1)}, id="the run has a priority"
        ),
    ],
)
def test_a_claim_has_its_place_in_the_order(
    fields: dict[str, Any], want: dict[str, tuple[int, int, int]]
) -> None:
    """Negative numbers: the smallest rank comes first."""
    ranks = {name: claim.rank for name, claim in claims(**fields).items()}
    assert want == {name: (r.priority, r.path, r.position) for name, r in ranks.items()}


def test_the_priority_of_a_run_replaces_that_of_its_workflow() -> None:
    """The priority of the task is added to either."""
    definition = workflow(task("a", pool=POOL, priority=2), priority=5)
    assert 7 == claims(definition)["a"].priority
    assert -8 == claims(definition, priority=-10)["a"].priority


def test_the_longest_path_after_a_task_counts() -> None:
    """`a` has two tasks after it."""
    definition = workflow(
        *(task("a", pool=POOL), task("b", "a"), task("c", "b"), task("d", pool=POOL))
    )
    assert {"a": -3, "d": -1} == {name: c.rank.path for name, c in claims(definition).items()}


def test_a_fan_out_asks_for_as_many_programs_as_may_run() -> None:
    """`maxParallel`, or all items."""
    each = ForEach(items=[1, 2, 3, 4], max_parallel=3)
    definition = workflow(
        task("some", pool=POOL, for_each=each, pool_slots=2),
        task("all", pool=POOL, for_each=ForEach(items=[1, 2, 3, 4])),
    )
    asked = claims(definition)
    assert (3, 2) == (asked["some"].programs, asked["some"].each)
    assert 4 == asked["all"].programs


def test_a_fan_out_runs_as_many_items_as_it_was_given() -> None:
    """The pool had less room than there are items."""
    definition = workflow(task("all", pool=POOL, for_each=ForEach(items=[1, 2, 3, 4])))
    room = Room(claims(definition), {"all": Grant(1, 2)})
    (start,) = decide(run(definition, room), at(2)).actions
    assert isinstance(start, StartAttempt)
    assert isinstance(start.work, FanOut)
    assert 2 == start.work.max_parallel


@pytest.mark.parametrize(
    ("view", "reason", "message"),
    [
        pytest.param(
            FULL,
            Reason.WAITING_FOR_POOL,
            "1 of 1 slots of pool db are taken by etl-0/x; place 7 of 2 in its queue;"
            " 1 more of this run waits for the pool",
            id="all slots are taken",
        ),
        pytest.param(
            PoolView(None),
            Reason.POOL_NOT_FOUND,
            "there is no Pool 'db' in this namespace; create it, or correct the task's pool;"
            " 1 more of this run waits for the pool",
            id="there is no pool",
        ),
        pytest.param(
            PoolView(0),
            Reason.WAITING_FOR_POOL,
            "pool db has 0 slots, so nothing starts; raise its spec.slots;"
            " 1 more of this run waits for the pool",
            id="the pool has no slots",
        ),
    ],
)
def test_a_run_names_the_first_task_that_waits_for_a_pool(
    view: PoolView, reason: Reason, message: str
) -> None:
    """One line for each pool, however many tasks wait."""
    status = decide(run(room=waiting(view, a=9, b=7)), at(2)).status
    assert status is not None
    assert [("b", reason, message)] == [
        (watched.task, watched.reason, watched.message) for watched in status.attention
    ]


def test_a_new_place_in_a_queue_is_no_reason_to_write_at_once() -> None:
    """Places change with every task that starts anywhere."""
    first = decide(run(room=waiting(a=9, b=7)), at(2)).status
    assert isinstance(first, RunLog)
    seen = run(room=waiting(a=8, b=6), log=first, logged_at=at(2))
    soon = decide(seen, at(4))
    assert (None, at(2) + QUEUE_INTERVAL) == (soon.status, soon.look_again_at)
    assert decide(seen, at(2) + QUEUE_INTERVAL).status is not None


def test_counts_may_wait_for_another_turn_but_not_for_long() -> None:
    """They come at last, however often the run is given slots."""
    first = decide(run(room=waiting(a=9, b=7)), at(2)).status
    assert isinstance(first, RunLog)
    seen = run(room=waiting(a=8, b=6), log=first, logged_at=at(2))
    due = at(2) + QUEUE_INTERVAL
    late = due + STATUS_PATIENCE
    assert [True, False] == [decide(seen, when).status_waits for when in (due, late)]
    assert not decide(run(room=waiting(a=9, b=7)), at(2)).status_waits


def test_a_steered_run_asks_for_nothing() -> None:
    """Paused and cancelled runs leave the queue."""
    for desired in (DesiredState.PAUSE, DesiredState.CANCEL):
        assert {} == decide(run(room=waiting(a=1, b=2), desired=desired), at(2)).claims


def test_finally_tasks_come_after_tasks_that_wait_for_a_pool() -> None:
    """They were not judged in this turn, and have not ended."""
    assert [] == started(decide(run(room=waiting(a=1, b=2)), at(2)))


def test_ranks_are_compared_in_the_order_of_their_parts() -> None:
    """Priority, path, age, position."""
    ranks = [Rank(0, -1, at(0), 1), Rank(0, -1, at(0), 0), Rank(0, -2, at(9), 9)]
    highest = replace_priority(ranks[0], -5)
    assert [highest, ranks[2], ranks[1], ranks[0]] == sorted([*ranks, highest])


def replace_priority(rank: Rank, priority: int) -> Rank:
    """Return a rank with another priority."""
    return rank._replace(priority=priority)
