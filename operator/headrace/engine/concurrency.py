"""
How runs of one workflow share time: which tick may start a run, and which run may begin.

Knows the active runs (those that have not ended) and their order. Does not know schedules, or
what a run is made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy

LIMITS = {
    ConcurrencyPolicy.ALLOW: None,
    ConcurrencyPolicy.FORBID: 1,
    ConcurrencyPolicy.REPLACE: 1,
    ConcurrencyPolicy.QUEUE: 1,
}
"""How many runs are active at a time where `maxRuns` does not say it."""

NAMED = 3
"""How many runs a message names."""


@dataclass(frozen=True, slots=True)
class SiblingRun:
    """A run of the workflow that has not ended."""

    name: str
    created: datetime
    logical_time: datetime
    """Its tick; for a run without one, when it was created."""
    began: bool
    """Whether it has left the queue: its tasks may start."""
    cancelling: bool
    """Whether somebody asked for its end already."""

    @property
    def place(self) -> tuple[datetime, datetime, str]:
        """Where the run stands in the order of runs: by creation, then tick, then name."""
        return self.created, self.logical_time, self.name


@dataclass(frozen=True, slots=True)
class Start:
    """Create the tick's run; it begins at once."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Create no run; record the tick as missed."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Create the tick's run, and cancel these; it begins when all others have ended."""

    cancel: tuple[str, ...]
    """Names of runs, oldest first; those that are being cancelled already are not among them."""
    reason: Reason
    message: str
    """For the runs that are cancelled."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Create the tick's run; it waits its turn."""

    reason: Reason
    message: str


TickDecision = Start | Skip | Replace | Queue


@dataclass(frozen=True, slots=True)
class Begin:
    """The run's tasks may start."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Other runs come first."""

    reason: Reason
    message: str


def decide_ticks(
    concurrency: Concurrency, runs: Sequence[SiblingRun], active: Sequence[SiblingRun]
) -> tuple[TickDecision, ...]:
    """
    Decide what becomes of several due ticks, each in the light of the ones before.

    Args:
        concurrency: What the author of the workflow asked for.
        runs: The ticks' runs as they would be created now, oldest tick first.
        active: All runs of the workflow that have not ended.

    """
    decisions: list[TickDecision] = []
    known = list(active)
    for run in runs:
        decision = decide_tick(concurrency, run, known)
        decisions.append(decision)
        if not isinstance(decision, Skip) and run.name not in {other.name for other in known}:
            known.append(run)
    return tuple(decisions)


def decide_tick(
    concurrency: Concurrency, run: SiblingRun, active: Sequence[SiblingRun]
) -> TickDecision:
    """
    Decide what becomes of a due tick.

    Args:
        concurrency: What the author of the workflow asked for.
        run: The tick's run as it would be created now. If it is active already, the tick was
            dealt with before a crash, and the answer is to go on.
        active: All runs of the workflow that have not ended.

    """
    if not active or any(other.name == run.name for other in active):
        return Start()
    if concurrency.policy is ConcurrencyPolicy.FORBID:
        message = f"concurrency.policy is Forbid and {_named(active)} not ended; Queue would wait"
        return Skip(Reason.CONCURRENCY_FORBIDDEN, message)
    if concurrency.policy is ConcurrencyPolicy.REPLACE:
        cancel = tuple(other.name for other in in_order(active) if not other.cancelling)
        return Replace(cancel, Reason.CONCURRENCY_REPLACED, f"{run.name} takes its place")
    limit = limit_of(concurrency)
    if limit is None or len(active) < limit:
        return Start()
    return Queue(Reason.WAITING_FOR_TURN, _turn(limit, active))


def may_begin(
    concurrency: Concurrency, run: SiblingRun, active: Sequence[SiblingRun]
) -> Begin | Wait:
    """
    Decide whether a run that was created may start its tasks, whoever created it.

    Runs begin in the order of their creation. Nothing that somebody asked for by hand is lost:
    under Forbid and Replace too, such a run waits until there is room.

    Args:
        concurrency: What the author of the workflow asks for now.
        run: The run.
        active: All runs of the workflow that have not ended. This one may be among them, perhaps
            seen at another moment: no run waits for itself.

    """
    limit = limit_of(concurrency)
    others = [other for other in active if other.name != run.name]
    ahead = [other for other in others if other.began or other.place < run.place]
    if run.began or limit is None or len(ahead) < limit:
        return Begin()
    return Wait(Reason.WAITING_FOR_TURN, _turn(limit, ahead))


def superseded(concurrency: Concurrency, active: Sequence[SiblingRun]) -> tuple[str, ...]:
    """
    Return the runs to cancel because a newer one takes their place; oldest first.

    Asked at each turn and not only when a tick is due: so a run made by hand replaces too, and a
    controller that crashed between creating and cancelling goes on.
    """
    if concurrency.policy is not ConcurrencyPolicy.REPLACE:
        return ()
    return tuple(run.name for run in in_order(active)[:-1] if not run.cancelling)


def limit_of(concurrency: Concurrency) -> int | None:
    """Return how many runs may be active at a time; None if any number."""
    return concurrency.max_runs or LIMITS[concurrency.policy]


def in_order(runs: Sequence[SiblingRun]) -> list[SiblingRun]:
    """Return runs in the order in which they begin."""
    return sorted(runs, key=lambda run: run.place)


def _turn(limit: int, ahead: Sequence[SiblingRun]) -> str:
    runs = "1 run is" if limit == 1 else f"{limit} runs are"
    return f"{runs} allowed at a time, and {_named(ahead)} not ended"


def _named(runs: Sequence[SiblingRun]) -> str:
    """Return the names of the first few runs, with the verb that fits their number."""
    names = [run.name for run in in_order(runs)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more} {'has' if len(names) == 1 else 'have'}"
