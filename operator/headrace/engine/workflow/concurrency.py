"""
The concurrency of a workflow: which tick may start a run, and which runs it replaces.

Knows the active runs (those that have not ended) and their order. Does not know schedules or
definitions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.siblings import NAMED, SiblingRun, have, in_order, limit_of, turn_words
from headrace.engine.text import listed


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
    """Names of runs, oldest first, without runs that are being cancelled already."""


@dataclass(frozen=True, slots=True)
class QueueRun:
    """Create the tick's run; it waits its turn."""

    reason: Reason
    message: str


TickDecision = StartRun | SkipTick | ReplaceRuns | QueueRun


def decide_ticks(
    concurrency: Concurrency, runs: Sequence[SiblingRun], active: Sequence[SiblingRun]
) -> tuple[TickDecision, ...]:
    """
    Decide on several due ticks, each after the previous ones.

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
    Decide on a due tick.

    Args:
        concurrency: What the author of the workflow asked for.
        run: The tick's run, as it would be created now. If it is active already, the tick was
            handled before a crash, and the run goes on.
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
    return QueueRun(Reason.WAITING_FOR_TURN, turn_words(limit, active))


def superseded(concurrency: Concurrency, active: Sequence[SiblingRun]) -> tuple[str, ...]:
    """
    Return the runs to cancel because a newer one takes their place; oldest first.

    Each turn asks this, not only a turn with a due tick. So a run by hand replaces others too, and
    a controller that crashed between creation and cancellation goes on.
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
    Return the message on runs that are cancelled because a newer one takes their place.

    Args:
        concurrency: What the author of the workflow asked for.
        cancelled: The names of the cancelled runs, oldest first; at least one.
        created: The names of the runs that are created now, oldest first.
        active: All runs of the workflow that have not ended.

    """
    newest = created[-1] if created else in_order(active)[-1].name
    verb, whose = ("is", "its") if len(cancelled) == 1 else ("are", "their")
    return (
        f"{listed(cancelled, NAMED)} {verb} cancelled: {newest} takes {whose} place, since "
        f"concurrency.policy is {concurrency.policy}"
    )


def _named(runs: Sequence[SiblingRun]) -> str:
    """Return the names of the first few runs, with a verb for their number."""
    names = [run.name for run in in_order(runs)]
    return f"{listed(names, NAMED)} {have(names)}"
