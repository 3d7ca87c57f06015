"""
The runs that start because a run of another workflow has ended: one for each end.

Knows the triggers, the ends, and which ends are handled. Does not know the workflow's own runs:
`starts` decides whether a run may begin beside them.
"""

import json
from base64 import b32encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any, Final

from headrace.api.v1alpha1.params import MAX_TEXT, ParamGiven
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import MAX_DEPTH, EndedRun, TriggerKind
from headrace.api.v1alpha1.trigger import RunOutcome, Trigger, WorkflowTrigger
from headrace.engine.text import listed
from headrace.engine.workflow.ends import Handled, ObservedUpstream, Record, RunEnd, Upstream
from headrace.engine.workflow.observed import NewRun, ObservedWorkflow
from headrace.engine.workflow.schedule import Note

LATE: Final = timedelta(minutes=10)
"""How much later than a newer end an end may be seen. The controller writes both times, so only a
clock that is set back makes them differ by more than seconds."""

MOST_HANDLED: Final = 500
"""How many handled ends the record names one by one."""

NAMED: Final = 3
"""How many runs a message names."""


@dataclass(frozen=True, slots=True)
class Following:
    """The ends of a turn."""

    runs: tuple[NewRun, ...] = ()
    """A run for each new end, the earliest end first."""
    record: Record = field(default_factory=dict)
    """Stored after the creation of the runs, which can be repeated."""
    missed: int = 0
    """How many new ends start no run although a trigger names their outcome."""
    notes: tuple[Note, ...] = ()


def upstreams(
    triggers: Iterable[Trigger], namespace: str
) -> Mapping[Upstream, list[WorkflowTrigger]]:
    """Return the workflows that triggers of a workflow in this namespace name."""
    found: dict[Upstream, list[WorkflowTrigger]] = {}
    for trigger in triggers:
        other = trigger.workflow
        if other is not None:
            upstream = Upstream(other.namespace or namespace, other.name)
            found.setdefault(upstream, []).append(other)
    return found


def end_run_name(workflow: str, uid: str) -> str:
    """
    Return the name of the run that the end of a run starts.

    The name is the lock. The part after the last dash is no number, so it is no tick's run.
    """
    digest = b32encode(sha256(uid.encode()).digest()).decode().lower()
    return f"{workflow}-e{digest[:9]}"


def follow(
    workflow: ObservedWorkflow, triggers: Iterable[Trigger], begin: datetime, *, suspended: bool
) -> Following:
    """
    Return the runs that ends of other workflows' runs start.

    Args:
        workflow: The workflow that follows, with the ended runs and the record of handled ones.
        triggers: Its triggers.
        begin: Since when a trigger without a record exists: earlier ends start nothing.
        suspended: Whether no trigger starts a run. The ends meanwhile are missed.

    """
    followed = upstreams(triggers, workflow.namespace)
    parts = {}
    for upstream, wanted in followed.items():
        handled = workflow.log.followed.get(upstream, Handled(begin))
        seen = workflow.upstreams.get(upstream, ObservedUpstream())
        parts[upstream] = _part(upstream, wanted, seen, handled, suspended=suspended)
    ordered = sorted(chain.from_iterable(part.starts for part in parts.values()), key=_place)
    return Following(
        runs=tuple(_run(workflow.name, *start) for start in ordered),
        record={upstream: part.handled for upstream, part in parts.items()},
        missed=sum(part.missed for part in parts.values()),
        notes=tuple(chain.from_iterable(part.notes for part in parts.values())),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one upstream workflow gives."""

    starts: tuple["_Start", ...]
    handled: Handled
    missed: int
    notes: tuple[Note, ...]


_Start = tuple[Upstream, WorkflowTrigger, RunEnd]


def _place(start: _Start) -> tuple[datetime, str]:
    _, _, end = start
    return end.finished, end.uid


def _part(
    upstream: Upstream,
    wanted: Sequence[WorkflowTrigger],
    seen: ObservedUpstream,
    handled: Handled,
    *,
    suspended: bool,
) -> _Part:
    new = [end for end in seen.ends if end not in handled]
    chosen = [(end, trigger) for end in new if (trigger := _of_outcome(wanted, end.outcome))]
    deep = [end for end, _ in chosen if end.depth >= MAX_DEPTH]
    notes = _notes(upstream, seen, [end for end, _ in chosen], deep)
    none = suspended or not seen.exported
    starting = [] if none else [pair for pair in chosen if pair[0].depth < MAX_DEPTH]
    return _Part(
        starts=tuple((upstream, trigger, end) for end, trigger in starting),
        handled=_with(handled, new, seen.ends),
        missed=len(chosen) - len(starting),
        notes=() if suspended else notes,
    )


def _of_outcome(wanted: Sequence[WorkflowTrigger], outcome: RunOutcome) -> WorkflowTrigger | None:
    """Return the first trigger for an outcome: several for one upstream start one run."""
    return next((trigger for trigger in wanted if outcome in trigger.outcomes), None)


def _run(workflow: str, upstream: Upstream, trigger: WorkflowTrigger, end: RunEnd) -> NewRun:
    return NewRun(
        name=end_run_name(workflow, end.uid),
        trigger=TriggerKind.WORKFLOW,
        logical_time=end.logical_time,
        interval=end.interval,
        params=_params(trigger, end.outputs),
        triggered_by=EndedRun(
            namespace=upstream.namespace,
            workflow=upstream.name,
            name=end.name,
            uid=end.uid,
            depth=end.depth + 1,
        ),
    )


def _params(trigger: WorkflowTrigger, outputs: Mapping[str, Any]) -> tuple[ParamGiven, ...]:
    """Return the parameters that outputs give. What is no text, whole number or bool is JSON."""
    return tuple(
        ParamGiven(name=each.name, value=_value(outputs[each.output]))
        for each in trigger.params_from
        if outputs.get(each.output) is not None
    )


def _value(output: Any) -> bool | int | str:
    if isinstance(output, bool | int | str):
        return output
    return json.dumps(output, ensure_ascii=False, separators=(",", ":"))[:MAX_TEXT]


def _with(handled: Handled, new: Collection[RunEnd], known: Iterable[RunEnd]) -> Handled:
    """Add new ends to the record. It stays small: ends of long ago are one instant."""
    if not new:
        return handled
    newest = max(end.finished for end in new)
    until = max(handled.until, newest - LATE)
    later = sorted((end for end in known if end.finished > until), key=lambda end: end.finished)
    if len(later) > MOST_HANDLED:
        until = later[-MOST_HANDLED - 1].finished
    return Handled(until, frozenset(end.uid for end in later if end.finished > until))


def _notes(
    upstream: Upstream, seen: ObservedUpstream, chosen: Sequence[RunEnd], deep: Sequence[RunEnd]
) -> tuple[Note, ...]:
    """Return why ends start no run."""
    if chosen and not seen.exported:
        message = (
            f"workflow {upstream.name} in namespace {upstream.namespace} does not export to this"
            " namespace; add it to that workflow's exportTo"
        )
        return (Note(Reason.NOT_EXPORTED, message),)
    if deep:
        message = (
            f"{listed([end.name for end in deep], NAMED)} ended after {MAX_DEPTH} ends that each"
            " started the next run; the workflows seem to start each other in a circle: remove a"
            " trigger"
        )
        return (Note(Reason.TRIGGERED_TOO_DEEP, message),)
    return ()
