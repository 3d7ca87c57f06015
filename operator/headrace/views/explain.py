"""
Why something does not run, or how it ended, in sentences: the page behind `headrace explain`.

The controller has judged already; here its reasons are put in the order in which people ask: the
thing itself, what keeps it, what keeps that, and what to do. Knows objects as JSON and the time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.text import and_more, duration, listed
from headrace.views.ages import age
from headrace.views.cures import cure
from headrace.views.objects import (
    Object,
    condition,
    ended,
    entries,
    field,
    instant,
    message,
    name,
    namespace,
    number,
    path_of_webhooks,
    reason,
    state,
    succeeded,
    text,
)
from headrace.views.steering import STEERS, desired
from headrace.views.tones import Tone, tone

_MOST: Final = 20
"""How many tasks are explained."""
_NAMED: Final = 3
_UNSEEN: Final = timedelta(seconds=10)
"""A controller sees a new object within a second; after this time, there may be none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is known."""

    about: str
    """What it is about: `run nightly`, `task load`."""
    reason: str
    message: str
    since: datetime | None = None
    cure: str = ""

    def sentence(self, now: datetime) -> str:
        """Write it for people, on one line."""
        since = f" (since {age(self.since, now)})" if self.since else ""
        words = f": {' '.join(self.message.split())}" if self.message else ""
        advice = f" → {self.cure}" if self.cure else ""
        return f"{self.about}: {self.reason}{since}{words}{advice}"

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        since = None if self.since is None else self.since.isoformat().replace("+00:00", "Z")
        return {**asdict(self), "since": since}


def of_run(
    run: Object,
    tasks: Sequence[Object],
    definition: Object | None,
    events: Mapping[str, Sequence[str]],
    now: datetime,
) -> list[Finding]:
    """
    Explain a run.

    Args:
        run: The WorkflowRun.
        tasks: All its tasks, from `all_tasks`.
        definition: The pinned spec of its workflow; None: it is not known.
        events: Kubernetes' own words on tasks that have not begun to run, by task.
        now: The time.

    """
    unseen = _unseen(run, f"run {name(run)}", now)
    if unseen is not None:
        return [unseen]
    findings = [_whole(run), *_wish(run)]
    telling = [task for task in tasks if _tells(task, run)]
    upstream = _upstream(definition)
    for task in telling[:_MOST]:
        findings += _of_task(run, task, upstream, tasks, events)
    if len(telling) > _MOST:
        findings.append(Finding(f"run {name(run)}", "Others", and_more(len(telling) - _MOST)))
    waiting = [text(each, "spec", "task") for each in tasks if _waits(each)]
    if waiting:
        words = f"{listed(waiting, _NAMED)} start after the tasks that they depend on"
        findings.append(Finding("tasks", Reason.WAITING_FOR_UPSTREAM, words))
    return findings


def of_task(
    run: Object,
    task: Object,
    tasks: Sequence[Object],
    definition: Object | None,
    events: Mapping[str, Sequence[str]],
) -> list[Finding]:
    """Explain one task of a run, and the tasks that keep it waiting, the first cause last."""
    return list(_of_task(run, task, _upstream(definition), tasks, events))


def of_workflow(workflow: Object, runs: Sequence[Object], now: datetime) -> list[Finding]:
    """Explain why a workflow starts runs, or starts none."""
    own = f"workflow {name(workflow)}"
    unseen = _unseen(workflow, own, now)
    if unseen is not None:
        return [unseen]
    return [
        *_definition(workflow, own),
        *_triggers(workflow, own, now),
        *_runs(workflow, own, runs),
    ]


def of_backfill(backfill: Object, runs: Sequence[Object], now: datetime) -> list[Finding]:
    """Explain how far a backfill is, and what keeps it or some of its runs."""
    own = f"backfill {name(backfill)}"
    unseen = _unseen(backfill, own, now)
    if unseen is not None:
        return [unseen]
    why, words = reason(backfill), message(backfill)
    progress = text(backfill, "status", "progress")
    if progress and not ended(backfill):
        words = f"{progress} logical times are done{f'; {words}' if words else ''}"
    since = instant(state(backfill), "lastTransitionTime")
    called = f"backfill/{name(backfill)}"
    advice = {
        "Paused": f"headrace resume {called}",
        "DryRun": f"headrace show {called} lists the runs",
        "InvalidDefinition": cure(why),
        "WorkflowNotFound": cure(why),
    }.get(why, "")
    bad = [name(run) for run in runs if ended(run) and not succeeded(run)]
    findings = [Finding(own, why, words, since, advice)]
    findings += [_whole(run) for run in runs if not ended(run)][:_MOST]
    if bad:
        again = f"headrace rerun {bad[0]}, or a backfill with --existing rerun-failed"
        findings.append(Finding("runs", Reason.FAILED, listed(bad, _NAMED), cure=again))
    return findings


def _definition(workflow: Object, own: str) -> Iterator[Finding]:
    ready = condition(workflow, "Ready")
    why = text(ready, "reason")
    since = instant(ready, "lastTransitionTime")
    yield Finding(own, why, text(ready, "message"), since, cure(why))
    missed = number(workflow, "status", "missedRuns")
    if missed:
        words = f"{missed} ticks have started no run since the workflow was created"
        advice = f"kubectl events --for workflow/{name(workflow)} -n {namespace(workflow)}"
        yield Finding(own, Reason.MISSED_SCHEDULE, words, cure=advice)


def _triggers(workflow: Object, own: str, now: datetime) -> Iterator[Finding]:
    if field(workflow, "spec", "suspend") is True:
        words = "its triggers are off: spec.suspend is true"
        advice = f"headrace resume workflow/{name(workflow)}"
        yield Finding(own, "Suspended", words, cure=advice)
        return
    upcoming = instant(workflow, "status", "nextRunTime")
    if upcoming is not None:
        left = duration(upcoming - now)
        yield Finding(own, "NextRun", f"at {text(workflow, 'status', 'nextRunTime')}, in {left}")
        return
    triggers = entries(workflow, "spec", "triggers")
    if any(field(each, "webhook") is not None for each in triggers):
        words = f"a delivery to {path_of_webhooks(workflow)} starts a run"
        advice = "if the sender is refused (401), the receiver's log says why"
        yield Finding(own, "TakesDeliveries", words, cure=advice)
        return
    words = "it has no schedule" if triggers else "it has no triggers, and has run once"
    yield Finding(own, "NoSchedule", words, cure=f"headrace start {name(workflow)}")


def _runs(workflow: Object, own: str, runs: Sequence[Object]) -> Iterator[Finding]:
    for run in [each for each in runs if not ended(each)][:_MOST]:
        yield _whole(run)
    last = text(workflow, "status", "lastRun")
    outcome = text(workflow, "status", "lastOutcome")
    if last and outcome:
        yield Finding(own, "LastRun", f"{last}; the newest finished run ended with {outcome}")


def _unseen(item: Object, own: str, now: datetime) -> Finding | None:
    """Say that no controller has looked at an object, or at its newest spec."""
    created = instant(item, "metadata", "creationTimestamp")
    seen = number(item, "status", "observedGeneration") >= number(item, "metadata", "generation")
    if entries(item, "status", "conditions") and seen:
        return None
    if created is not None and now - created < _UNSEEN:
        return Finding(own, Reason.PENDING, "it is new; the controller looks at it in a moment")
    words = "no controller has looked at it"
    if entries(item, "status", "conditions"):
        words = "no controller has looked at its newest change"
    where = f"see that it runs, and looks after namespace {namespace(item)}"
    return Finding(own, "NotSeen", words, created, where)


def _whole(run: Object) -> Finding:
    """Explain the run itself."""
    progress = text(run, "status", "progress")
    words = message(run)
    if not ended(run) and progress:
        words = f"{progress} tasks have ended{f'; {words}' if words else ''}"
    since = instant(run, "status", "since") or instant(state(run), "lastTransitionTime")
    why = reason(run)
    advice = cure(why, run=name(run), task="", workflow=text(run, "spec", "workflow"))
    if not entries(run, "status", "attention"):
        return Finding(f"run {name(run)}", why, words, since, advice)
    return Finding(f"run {name(run)}", why, words, since)


def _wish(run: Object) -> Iterator[Finding]:
    """Say what somebody wants of a run."""
    wanted = desired(run)
    steer = next((each for each in STEERS.values() if each.state == wanted), None)
    if wanted != "Run" and steer is not None and not ended(run):
        yield Finding(f"run {name(run)}", f"desiredState {wanted}", steer.effect)


def _tells(task: Object, run: Object) -> bool:
    """Return whether a task tells more than that it runs, waits its turn, or ended well."""
    mood = tone(task)
    if ended(task):
        return mood is Tone.BAD or (mood is Tone.OFF and not succeeded(run) and bool(message(task)))
    return not _waits(task) and reason(task) not in {Reason.RUNNING, Reason.PENDING}


def _waits(task: Object) -> bool:
    return not ended(task) and reason(task) == Reason.WAITING_FOR_UPSTREAM


def _upstream(definition: Object | None) -> Mapping[str, Sequence[str]]:
    return {
        text(task, "name"): [str(each) for each in entries(task, "dependsOn")]
        for task in entries(definition, "tasks")
    }


def _of_task(
    run: Object,
    task: Object,
    upstream: Mapping[str, Sequence[str]],
    tasks: Sequence[Object],
    events: Mapping[str, Sequence[str]],
) -> Iterator[Finding]:
    by_name = {text(each, "spec", "task"): each for each in tasks}
    open_, told = [task], {text(task, "spec", "task")}
    while open_ and len(told) <= _MOST:
        current = open_.pop(0)
        yield from _one(run, current, events)
        if not _waits(current):
            continue
        for before in upstream.get(text(current, "spec", "task"), ()):
            if before in by_name and before not in told and not ended(by_name[before]):
                told.add(before)
                open_.append(by_name[before])


def _one(run: Object, task: Object, events: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    own = text(task, "spec", "task")
    why, words = reason(task), message(task)
    upcoming = text(task, "status", "nextAttemptTime")
    if why == Reason.WAITING_FOR_RETRY and upcoming:
        words = f"the next attempt starts at {upcoming}; {words}"
    advice = cure(why, run=name(run), task=own, workflow=text(run, "spec", "workflow"))
    since = instant(state(task), "lastTransitionTime")
    yield Finding(f"task {own}", why, words, since, advice)
    for said in events.get(own, ()):
        if said not in words:
            yield Finding(f"task {own}", "Event", said)
