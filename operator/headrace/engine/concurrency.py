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
class StartRun:
    """Create the tick's run; it begins at once."""


@dataclass(frozen=True, slots=True)
class SkipTick:
    """Create no run; record the tick as missed."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ReplaceRuns:
    """Create the tick's run, and cancel these; it begins when all others have ended."""

    cancel: tuple[str, ...]
    """Names of runs, oldest first; those that are being cancelled already are not among them."""


@dataclass(frozen=True, slots=True)
class QueueRun:
    """Create the tick's run; it waits its turn."""

    reason: Reason
    message: str


TickDecision = StartRun | SkipTick | ReplaceRuns | QueueRun


@dataclass(frozen=True, slots=True)
class Begin:
    """The run's tasks may start."""


@dataclass(frozen=True, slots=True)
class WaitTurn:
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
        if not isinstance(decision, SkipTick) and run.name not in {other.name for other in known}:
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
        return StartRun()
    if concurrency.policy is ConcurrencyPolicy.FORBID:
        message = f"concurrency.policy is Forbid and {_named(active)} not ended; Queue would wait"
        return SkipTick(Reason.CONCURRENCY_FORBIDDEN, message)
    if concurrency.policy is ConcurrencyPolicy.REPLACE:
        cancel = tuple(other.name for other in in_order(active) if not other.cancelling)
        return ReplaceRuns(cancel)
    limit = limit_of(concurrency)
    if limit is None or len(active) < limit:
        return StartRun()
    return QueueRun(Reason.WAITING_FOR_TURN, _turn(limit, active))


def may_begin(
    concurrency: Concurrency, run: SiblingRun, active: Sequence[SiblingRun]
) -> Begin | WaitTurn:
    """
    Decide whether a run that was created may start its tasks, whoever created it.

    Runs begin in the order of their creation. Under Forbid and Replace too, a run that somebody
    made by hand waits until there is room; under Replace `superseded` ends all but the newest.

    Args:
        concurrency: What the author of the workflow asks for now, and not what was asked for when
            the run was created: until it begins, a run follows its workflow.
        run: The run.
        active: All runs of the workflow that have not ended. This one may be among them, perhaps
            seen at another moment: no run waits for itself.

    """
    limit = limit_of(concurrency)
    others = [other for other in active if other.name != run.name]
    ahead = [other for other in others if other.began or other.place < run.place]
    if run.began or limit is None or len(ahead) < limit:
        return Begin()
    return WaitTurn(Reason.WAITING_FOR_TURN, _turn(limit, ahead))


def superseded(concurrency: Concurrency, active: Sequence[SiblingRun]) -> tuple[str, ...]:
    """
    Return the runs to cancel because a newer one takes their place; oldest first.

    Asked at each turn and not only when a tick is due: so a run made by hand replaces too, and a
    controller that crashed between creating and cancelling goes on.
    """
    if concurrency.policy is not ConcurrencyPolicy.REPLACE:
        return ()
    return tuple(run.name for run in in_order(active)[:-1] if not run.cancelling)


def replaced(
    concurrency: Concurrency,
    cancelled: Sequence[str],
    created: Sequence[str],
    active: Sequence[SiblingRun],
) -> str:
    """
    Say which runs are cancelled because a newer one takes their place.

    Args:
        concurrency: What the author of the workflow asked for.
        cancelled: The names of the runs that go, oldest first; at least one.
        created: The names of the runs that are made now, oldest first.
        active: All runs of the workflow that have not ended.

    """
    newest = created[-1] if created else in_order(active)[-1].name
    verb, whose = ("is", "its") if len(cancelled) == 1 else ("are", "their")
    return (
        f"{_list(cancelled)} {verb} cancelled: {newest} takes {whose} place, since "
        f"concurrency.policy is {concurrency.policy}"
    )


def limit_of(concurrency: Concurrency) -> int | None:
    """Return how many runs may be active at a time; None if any number."""
    return concurrency.max_runs or LIMITS[concurrency.policy]


def in_order(runs: Sequence[SiblingRun]) -> list[SiblingRun]:
    """Return runs in the order in which they begin."""
    return sorted(runs, key=lambda run: run.place)


def _turn(limit: int, ahead: Sequence[SiblingRun]) -> str:
    """
    Say whom a run waits for: of many the last few, which are the next to it.

    A queue of a thousand runs moves each time that one ends. What is told of a run must not change
    with that, or each end costs a write for each run that waits: so neither the head of the queue
    nor its length is named, and a run's message changes a few times in all.
    """
    runs = "1 run is" if limit == 1 else f"{limit} runs are"
    names = [run.name for run in in_order(ahead)]
    nearest = names[-NAMED:]
    if len(names) > NAMED:
        return f"{runs} allowed at a time; {', '.join(nearest)} and others come first"
    return f"{runs} allowed at a time, and {', '.join(nearest)} {_have(names)} not ended"


def _named(runs: Sequence[SiblingRun]) -> str:
    """Return the names of the first few runs, with the verb that fits their number."""
    names = [run.name for run in in_order(runs)]
    return f"{_list(names)} {_have(names)}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"
