"""
The one entry to the engine: an observed run in, a decision out.

Knows the order of the questions. The policies (`verdict`) and `status` give the answers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.course import Course
from headrace.engine.definition.compile import Definition
from headrace.engine.places import NO_PLACES, Places
from headrace.engine.room import Claim
from headrace.engine.run.admission import Held, Refused, admit
from headrace.engine.run.caching import take_from_cache
from headrace.engine.run.claims import LOOK_AGAIN
from headrace.engine.run.companions import companions
from headrace.engine.run.context import context_of
from headrace.engine.run.continued import continued
from headrace.engine.run.inheritance import inherited
from headrace.engine.run.job_retention import expired_jobs, jobs_expire
from headrace.engine.run.leftovers import closed, endings, remains
from headrace.engine.run.marks import failures
from headrace.engine.run.nested import ended_with, passed_on
from headrace.engine.run.observed import ObservedRun, RunKind, RunLog
from headrace.engine.run.outputs import asks, until
from headrace.engine.run.questions import evaluate
from headrace.engine.run.records import Records, write_up
from headrace.engine.run.status import RunView, refused, run_log, waiting
from headrace.engine.run.steering import course, deadlines
from headrace.engine.run.survey import Survey, survey
from headrace.engine.run.takeover import Stage, take_over
from headrace.engine.task.actions import (
    Action,
    EndAttempt,
    PassOn,
    RunContext,
    StartAttempt,
    TakeOver,
)
from headrace.engine.task.item_starts import held_until, items_to_start
from headrace.engine.task.judgement import Judged
from headrace.engine.task.observed import TaskLog
from headrace.engine.task.terms import NO_TERMS, Terms, terms_of
from headrace.engine.task.timeout import total_deadline
from headrace.engine.task.verdict import Ask, Reuse, Start, Wait
from headrace.engine.task.work import start_attempt, start_more

RUN_STATUS_INTERVAL = timedelta(seconds=1)
"""The shortest time between two writes of a run's counts."""

STATUS_PATIENCE = timedelta(seconds=4)
"""How much longer a write of the counts may wait, while slots of pools wait for the run."""

QUEUE_INTERVAL = timedelta(seconds=10)
"""The shortest time between two writes only for places in queues, which change all the time."""

START_CHECK = timedelta(seconds=1)
"""When to look at the result of a start or of expressions. Neither a refused start nor a value is
an object, so no event wakes us."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The logs to write first, the actions, the status, and the time of the next look."""

    records: Mapping[str, TaskLog] = field(default_factory=dict)
    """Logs of tasks that changed. They are written before any action is carried out."""
    actions: tuple[Action, ...] = ()
    status: RunLog | None = None
    """The run's status, if this turn writes it."""
    status_first: bool = False
    """Whether a start relies on ends that only this status records: it is written before the
    actions. A crash in between then loses no end, and an end never changes."""
    status_waits: bool = False
    """Whether the status may wait for the next turn, if that one is asked for already."""
    look_again_at: datetime | None = None
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """What the run asks of pools, by task. It replaces what the last turn asked."""


def decide(run: ObservedRun, now: datetime) -> Decision:
    """Decide on a run. The same observation and time give the same decision."""
    if run.log.finished is not None:
        return _after_the_end(run, now)
    steered = course(run, now)
    answer = admit(run, steered, now)
    if isinstance(answer, Refused):
        return _refuse(run, answer, now)
    if isinstance(answer, Held):
        return _with_status(run, waiting(run, answer), now, Decision(look_again_at=answer.until))
    run = inherited(run)
    stage = take_over(run, answer, steered, now)
    if stage is not None:
        return _in_stage(run, stage, now)
    return _judge(run, answer, steered, now)


def _judge(run: ObservedRun, definition: Definition, steered: Course, now: datetime) -> Decision:
    """Judge all tasks of a run that has begun."""
    found = survey(run, definition, steered, now)
    records = write_up(run, found.judged, now)
    status = run.log
    if run.key.kind is RunKind.WORKFLOW_RUN:  # else the log of its one task says it all
        status = run_log(RunView(run, definition, found, steered, records.now, now))
    beside = companions(run)
    actions = tuple(_actions(run, definition, found, steered, now))
    outputs = tuple(asks(run, definition, found, status, now))
    waits = bool(outputs) or _start(actions)
    check = now + START_CHECK if waits else None
    due = (
        *(beside.next_overstay(now), until(run, now), check),
        *_wake_ups(replace(run, log=status), found, records, now),
    )
    decision = Decision(
        records=records.now,
        actions=(*actions, *outputs, *beside.overstaying(now)),
        look_again_at=min((instant for instant in due if instant is not None), default=None),
        claims=found.claims,
    )
    return decision if status is run.log else _with_status(run, status, now, decision)


def _in_stage(run: ObservedRun, stage: Stage | Refused, now: datetime) -> Decision:
    """Take over what a rerun does not repeat. No task is judged before."""
    if isinstance(stage, Refused):
        return _refuse(run, stage, now)
    due = (*deadlines(run), stage.until or now)
    step = Decision(actions=stage.actions, look_again_at=min(due))
    return _with_status(run, stage.status, now, step)


def _refuse(run: ObservedRun, why: Refused, now: datetime) -> Decision:
    """End a run that cannot go on, once none of its programs runs any more."""
    end = refused(run, why, now)
    over = _wind_up(run, end.message, now)
    left = remains(run, run.tasks)
    if not left:
        return replace(over, status=end.after(run.log, now))
    held = Held(why.reason, f"{why.message}; {left[min(left)]} still runs")
    return _with_status(run, waiting(run, held), now, over)


def _actions(
    run: ObservedRun, definition: Definition, found: Survey, steered: Course, now: datetime
) -> Iterator[Action]:
    """Yield the attempts to end, to steer and to start, and the expressions to evaluate."""
    context: RunContext | None = None
    for name, task in found.judged.items():
        if task.seen is not None:
            yield from endings(name, task.log, task.seen)
            yield from passed_on(task, steered)
        more = _more_items(run, task, steered, now)
        if more:
            context = context or context_of(run, definition)
            yield start_more(task.task, task.log, more, context)
        match task.verdict:
            case Start():
                context = context or context_of(run, definition)
                yield continued(run, start_attempt(task.task, task.verdict, context, now), task)
            case Reuse():
                context = context or context_of(run, definition)
                yield take_from_cache(task.task, task.verdict, context, now)
            case Ask(conditional):
                yield evaluate(task.task, run, definition, found, conditional=conditional)


def _more_items(run: ObservedRun, task: Judged, steered: Course, now: datetime) -> Places:
    """Return the items of a task's open attempt that start now, if the world has room."""
    if task.seen is None or held_until(run.obstacles.get(task.task.name), now) is not None:
        return NO_PLACES
    return items_to_start(task.task, task.log, task.seen.sighting, steered)


def _wake_ups(
    run: ObservedRun, found: Survey, records: Records, now: datetime
) -> Iterator[datetime]:
    """Yield the times of the next look without an event."""
    due = [*deadlines(run), records.later, now + LOOK_AGAIN if found.parked else None]
    due += [held_until(obstacle, now) for obstacle in run.obstacles.values()]
    for judged in found.judged.values():
        match judged.verdict:
            case Start() | Ask():
                due.append(now + START_CHECK)
            case Wait():
                due.append(judged.verdict.until)
                due.append(total_deadline(judged.task.timeouts, judged.log))
    yield from (instant for instant in due if instant is not None and instant > now)


def _with_status(run: ObservedRun, status: RunLog, now: datetime, decision: Decision) -> Decision:
    """Add the run's status: at once if its state changes, else at most once in an interval."""
    status = status.after(run.log, now)
    if status == run.log:
        return decision
    if status.marks != run.log.marks and _start(decision.actions):
        return replace(decision, status=status, status_first=True)
    weighty = (
        status.finished is not None
        or status.started != run.log.started
        or status.inheritance != run.log.inheritance
        or failures(status) != failures(run.log)
    )
    last = run.logged_at
    if weighty or status.reason is not run.log.reason or last is None or last > now:
        return replace(decision, status=status)
    moved = _without_places(status) != _without_places(run.log)
    due = last + (RUN_STATUS_INTERVAL if moved else QUEUE_INTERVAL)
    if now >= due:
        return replace(decision, status=status, status_waits=now < due + STATUS_PATIENCE)
    return replace(decision, look_again_at=min(due, decision.look_again_at or due))


def _without_places(log: RunLog) -> RunLog:
    """Return a log without the places of its tasks in the queues of pools."""
    attention = tuple(
        replace(watched, message="") if watched.reason is Reason.WAITING_FOR_POOL else watched
        for watched in log.attention
    )
    return replace(log, attention=attention)


def _start(actions: Iterable[Action]) -> bool:
    """Return whether a task starts, or is taken over. It may rely on the end of another task."""
    return any(isinstance(action, StartAttempt | TakeOver) for action in actions)


def _after_the_end(run: ObservedRun, now: datetime) -> Decision:
    """End leftover attempts, delete old Jobs, and record the generation of the spec."""
    over = _wind_up(run, run.log.message or run.log.reason, now)
    limit = jobs_expire(run)
    beside = companions(run)
    ends = dict.fromkeys((*over.actions, *expired_jobs(run, now), *beside.overstaying(now)))
    due = (limit, beside.next_overstay(now))
    again = min((instant for instant in due if instant is not None and instant > now), default=None)
    log = replace(run.log, observed_generation=run.generation)
    # A TaskRun's spec never changes, and the log of a task on its own is its whole status.
    news = log != run.log and run.key.kind is RunKind.WORKFLOW_RUN
    status = log if news else None
    return replace(over, actions=tuple(ends), status=status, look_again_at=again)


def _wind_up(run: ObservedRun, why: str, now: datetime) -> Decision:
    """Close the logs of tasks of an ended run, and end their attempts."""
    logs = {name: closed(seen, why, now, _terms(run, name)) for name, seen in run.tasks.items()}
    ends: list[EndAttempt | PassOn] = []
    for name, seen in run.tasks.items():
        ends.extend((*endings(name, logs[name], seen), *ended_with(name, seen)))
    records = {name: log for name, log in logs.items() if log is not run.tasks[name].log}
    return Decision(records=records, actions=tuple(ends))


def _terms(run: ObservedRun, name: str) -> Terms:
    """Return what a task must give to succeed, if its definition is there."""
    task = run.definition.tasks.get(name) if run.definition is not None else None
    return terms_of(task) if task is not None else NO_TERMS
