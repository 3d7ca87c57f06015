"""How runs of one workflow share time: `headrace.engine.workflow.concurrency`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.run.admission import Begin, WaitTurn, may_begin
from headrace.engine.siblings import SiblingRun, limit_of
from headrace.engine.workflow.concurrency import (
    QueueRun,
    ReplaceRuns,
    SkipTick,
    StartRun,
    decide_tick,
    decide_ticks,
    superseded,
)

UNHURRIED = settings(deadline=None)  # a loaded machine is no defect

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def run(name: str, *, began: bool = False, cancelling: bool = False) -> SiblingRun:
    """Return a run that was created as many minutes past noon as its name says: `r7`."""
    created = NOON + timedelta(minutes=int(name[1:]))
    return SiblingRun(name, created, created, began, cancelling)


def running(*names: str) -> list[SiblingRun]:
    """Return runs that have begun."""
    return [run(name, began=True) for name in names]


def policy(name: str, max_runs: int | None = None) -> Concurrency:
    """Return a concurrency."""
    return Concurrency(policy=ConcurrencyPolicy(name), max_runs=max_runs)


ALLOW, FORBID, REPLACE, QUEUE = (policy(name) for name in ("Allow", "Forbid", "Replace", "Queue"))
FORBIDDEN = "concurrency.policy is Forbid and r1 has not ended; Queue would wait"
TURN = "1 run is allowed at a time, and r1 has not ended"

TICKS = [
    pytest.param(ALLOW, [], StartRun(), id="Allow starts a run that is alone"),
    pytest.param(ALLOW, running("r1", "r2"), StartRun(), id="Allow starts any number of runs"),
    pytest.param(
        policy("Allow", 2), running("r1"), StartRun(), id="Allow starts a run below maxRuns"
    ),
    pytest.param(
        policy("Allow", 2),
        running("r1", "r2"),
        QueueRun(
            Reason.WAITING_FOR_TURN, "2 runs are allowed at a time, and r1, r2 have not ended"
        ),
        id="Allow creates a run at maxRuns, which waits",
    ),
    pytest.param(FORBID, [], StartRun(), id="Forbid starts a run that is alone"),
    pytest.param(
        *(FORBID, running("r1"), SkipTick(Reason.CONCURRENCY_FORBIDDEN, FORBIDDEN)),
        id="Forbid skips a tick while a run is active",
    ),
    pytest.param(
        *(FORBID, [run("r1")], SkipTick(Reason.CONCURRENCY_FORBIDDEN, FORBIDDEN)),
        id="Forbid skips a tick while a run waits to begin",
    ),
    pytest.param(
        FORBID,
        [run("r1", began=True, cancelling=True)],
        SkipTick(Reason.CONCURRENCY_FORBIDDEN, FORBIDDEN),
        id="Forbid skips a tick while a run is being cancelled",
    ),
    pytest.param(REPLACE, [], StartRun(), id="Replace starts a run that is alone"),
    pytest.param(
        REPLACE,
        [*running("r2"), run("r1")],
        ReplaceRuns(("r1", "r2")),
        id="Replace cancels all active runs, oldest first",
    ),
    pytest.param(
        REPLACE,
        [run("r1", began=True, cancelling=True), *running("r2")],
        ReplaceRuns(("r2",)),
        id="Replace does not cancel a run twice",
    ),
    pytest.param(QUEUE, [], StartRun(), id="Queue starts a run that is alone"),
    pytest.param(
        *(QUEUE, running("r1"), QueueRun(Reason.WAITING_FOR_TURN, TURN)),
        id="Queue lets one run begin by default",
    ),
    pytest.param(
        policy("Queue", 2), running("r1"), StartRun(), id="Queue starts a run below maxRuns"
    ),
    pytest.param(FORBID, running("r9"), StartRun(), id="Forbid does not count the tick's own run"),
    pytest.param(
        REPLACE, running("r1", "r9"), StartRun(), id="Replace does not cancel the tick's own run"
    ),
]


@pytest.mark.parametrize(("concurrency", "active", "want"), TICKS)
def test_what_becomes_of_a_tick(
    concurrency: Concurrency, active: Sequence[SiblingRun], want: object
) -> None:
    """The policy gives one answer for each set of active runs."""
    assert want == decide_tick(concurrency, run("r9"), active)


@pytest.mark.parametrize(
    ("concurrency", "want"),
    [
        pytest.param(ALLOW, [StartRun, StartRun, StartRun], id="Allow starts all"),
        pytest.param(FORBID, [StartRun, SkipTick, SkipTick], id="Forbid starts the first"),
        pytest.param(REPLACE, [StartRun, ReplaceRuns, ReplaceRuns], id="Replace keeps the last"),
        pytest.param(QUEUE, [StartRun, QueueRun, QueueRun], id="Queue lines them up"),
        pytest.param(policy("Queue", 2), [StartRun, StartRun, QueueRun], id="Queue knows maxRuns"),
    ],
)
def test_each_of_several_ticks_counts_for_the_next(
    concurrency: Concurrency, want: list[type]
) -> None:
    """Ticks that are caught up together are decided one after the other."""
    runs = [run("r1"), run("r2"), run("r3")]
    decisions = decide_ticks(concurrency, runs, [])
    assert want == [type(decision) for decision in decisions]


def test_a_skipped_tick_forbids_nothing() -> None:
    """The message of a second skip names the run that is active, not the tick skipped before."""
    _, second, third = decide_ticks(FORBID, [run("r1"), run("r2"), run("r3")], [])
    want = SkipTick(Reason.CONCURRENCY_FORBIDDEN, FORBIDDEN)
    assert [want, want] == [second, third]


def test_a_crash_between_ticks_changes_no_decision() -> None:
    """The first run of two was made before a crash: the second is decided as it was before."""
    runs = [run("r1"), run("r2")]
    assert [StartRun, SkipTick] == [type(d) for d in decide_ticks(FORBID, runs, runs[:1])]


# --- who may begin ----------------------------------------------------------------------------

WAIT = WaitTurn(Reason.WAITING_FOR_TURN, TURN)

ADMISSION = [
    pytest.param(ALLOW, running("r1", "r2"), Begin(), id="Allow lets any number of runs begin"),
    pytest.param(policy("Allow", 1), running("r1"), WAIT, id="Allow lets a run wait at maxRuns"),
    pytest.param(FORBID, [], Begin(), id="Forbid lets a run begin that is alone"),
    pytest.param(FORBID, running("r1"), WAIT, id="Forbid lets a run by hand wait its turn"),
    pytest.param(
        REPLACE, running("r1"), WAIT, id="Replace lets a run wait until the old one has ended"
    ),
    pytest.param(QUEUE, [run("r1")], WAIT, id="Queue lets a run wait for older ones"),
    pytest.param(QUEUE, [run("r7")], Begin(), id="Queue lets a run begin before younger ones"),
    pytest.param(
        QUEUE,
        running("r7"),
        WaitTurn(Reason.WAITING_FOR_TURN, "1 run is allowed at a time, and r7 has not ended"),
        id="Queue lets a run wait for a younger one that has begun",
    ),
    pytest.param(
        policy("Queue", 2), running("r1"), Begin(), id="Queue lets a run begin below maxRuns"
    ),
    pytest.param(
        policy("Queue", 2),
        [*running("r1", "r7"), run("r2"), run("r3"), run("r4")],
        WaitTurn(
            Reason.WAITING_FOR_TURN,
            "2 runs are allowed at a time; r3, r4, r7 and others come first",
        ),
        id="a message names the three that are next to it",
    ),
]


@pytest.mark.parametrize(("concurrency", "others", "want"), ADMISSION)
def test_whether_a_run_may_begin(
    concurrency: Concurrency, others: list[SiblingRun], want: Begin | WaitTurn
) -> None:
    """A run begins when fewer than the limit have begun or are ahead of it."""
    me = run("r5")
    assert want == may_begin(concurrency, me, others)
    assert want == may_begin(concurrency, me, [me, *others])


def test_no_run_waits_for_itself() -> None:
    """A run that was seen twice, at two moments, does not stand in its own way."""
    assert Begin() == may_begin(QUEUE, run("r5"), [run("r5", began=True)])


def test_a_run_that_began_stays_begun() -> None:
    """A lower limit stops no run that has left the queue."""
    assert Begin() == may_begin(QUEUE, run("r5", began=True), running("r1", "r2"))


def test_ticks_caught_up_in_one_second_begin_in_their_order() -> None:
    """Creation times are whole seconds: the tick decides between equals, then the name."""
    runs = [
        SiblingRun(name, NOON, NOON - timedelta(hours=hours), began=False, cancelling=False)
        for name, hours in (("c", 3), ("a", 2), ("b", 1))
    ]
    answers = [may_begin(QUEUE, one, runs) for one in runs]
    assert [Begin, WaitTurn, WaitTurn] == [type(answer) for answer in answers]


def test_a_run_by_hand_replaces_too() -> None:
    """Under Replace each run but the newest is to be cancelled, once."""
    active = [run("r3"), *running("r2"), run("r1", began=True, cancelling=True)]
    want = ("r2",)
    assert want == superseded(REPLACE, active)
    assert not superseded(REPLACE, [])


@pytest.mark.parametrize("concurrency", [ALLOW, FORBID, QUEUE], ids=lambda c: str(c.policy))
def test_other_policies_cancel_nothing(concurrency: Concurrency) -> None:
    """Only Replace ends a run that somebody asked for."""
    assert not superseded(concurrency, running("r1", "r2"))


# --- what holds for every history -------------------------------------------------------------

POLICIES = st.one_of(
    st.sampled_from([ALLOW, FORBID, REPLACE, QUEUE]),
    st.builds(policy, st.sampled_from(["Allow", "Queue"]), st.integers(1, 3)),
)
STEPS = st.lists(st.sampled_from(["tick", "by hand", "end the oldest", "end the newest"]))


@UNHURRIED
@given(POLICIES, STEPS)
def test_runs_share_time_within_the_limit(concurrency: Concurrency, steps: list[str]) -> None:
    """At no time have more runs begun than allowed, and room is never left unused."""
    active: list[SiblingRun] = []
    for number, step in enumerate(steps):
        new = run(f"r{number}")
        if step == "by hand" or (
            step == "tick" and not isinstance(decide_tick(concurrency, new, active), SkipTick)
        ):
            active.append(new)
        elif step != "tick" and active:
            begun = [one for one in active if one.began]
            active.remove(begun[0 if step == "end the oldest" else -1])
        for one in list(active):
            if may_begin(concurrency, one, active) == Begin():
                active[active.index(one)] = replace(one, began=True)
        begun_now = sum(one.began for one in active)
        limit = limit_of(concurrency)
        want = len(active) if limit is None else min(limit, len(active))
        assert want == begun_now
