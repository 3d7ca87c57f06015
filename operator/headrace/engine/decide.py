"""
The one entry to the engine: an observed run in, a decision out.

Knows the order of the questions. The answers are the policies' (`verdict`) and `status`'s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.workflow import OnFailure
from headrace.engine import positions
from headrace.engine.actions import Action, EndAttempt, RunContext, StartAttempt
from headrace.engine.admission import Held, Refused, admit
from headrace.engine.attempts import close, follow
from headrace.engine.classify import Failure
from headrace.engine.definition import Definition, TaskDefinition
from headrace.engine.outcome import Ended, Look, Outcome
from headrace.engine.params import resolve
from headrace.engine.retention import expired_jobs, jobs_expire
from headrace.engine.run import ObservedRun, ObservedTask, RunLog, TaskLog
from headrace.engine.status import RUN_STATUS_INTERVAL, Standing, refused, run_log, waiting
from headrace.engine.steering import course, deadline
from headrace.engine.upstream import tally
from headrace.engine.verdict import Abort, Start, TaskView, Turn, Verdict, Wait, judge

LOG_DELAY = timedelta(seconds=1)
"""How long an attempt that goes as it should may stay unrecorded: quick tasks save a write."""


_QUIET = frozenset({Reason.PENDING, Reason.STARTING, Reason.RUNNING, Reason.WAITING_FOR_RETRY})


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write down first, what to do then, what to tell, and when to look again."""

    records: Mapping[str, TaskLog] = field(default_factory=dict)
    """Logs of tasks that changed. They are written before any action is carried out."""
    actions: tuple[Action, ...] = ()
    status: RunLog | None = None
    """The run's status, if it is to be written now."""
    look_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One task after this turn's judgement."""

    task: TaskDefinition
    verdict: Verdict
    log: TaskLog
    seen: ObservedTask | None = None


def decide(run: ObservedRun, now: datetime) -> Decision:
    """Decide what a run needs now. The same observation and time give the same decision."""
    if run.log.finished is not None:
        return _after_the_end(run, now)
    answer = admit(run, now)
    if isinstance(answer, Refused):
        return _with_status(run, refused(run, answer, now), now, Decision())
    if isinstance(answer, Held):
        held = Decision(look_again_at=answer.until)
        return _with_status(run, waiting(run, answer), now, held)
    judged = _judge_all(run, now)
    standing = Standing(
        run, {name: (each.task, each.verdict, each.log) for name, each in judged.items()}
    )
    decision = Decision(
        records=dict(_records(judged, now)),
        actions=tuple(_actions(judged, run)),
        look_again_at=min(_wake_ups(judged, run, now), default=None),
    )
    return _with_status(run, run_log(standing, now), now, decision)


def _judge_all(run: ObservedRun, now: datetime) -> dict[str, Judged]:
    """Judge started tasks, then those that wait for them, then `finally` tasks."""
    assert run.definition is not None  # noqa: S101 - `admit` has looked
    begun = positions.read(run.log.positions)
    turn = Turn(now, run.uid, course(run, now))
    judged: dict[str, Judged] = {}
    for name, task in run.definition.tasks.items():
        if name in run.tasks or name in run.deleted or task.position in begun:
            view = TaskView(turn, task, begun=True, obstacle=run.obstacles.get(name))
            judged[name] = _judge_one(view, run.tasks.get(name))
    turn = replace(turn, halted=_halt(run.definition, judged))
    for name in run.definition.graph.order:
        if name not in judged:
            judged[name] = _judge_waiting(turn, run.definition.tasks[name], judged, run)
    turn = replace(turn, unfinished=_unfinished(judged, run))
    for name, task in run.definition.tasks.items():
        if name not in judged:
            view = TaskView(turn, task, obstacle=run.obstacles.get(name))
            judged[name] = _judge_one(view, None)
    return judged


def _judge_one(view: TaskView, seen: ObservedTask | None) -> Judged:
    """Bring the task's log up to date, then ask the policies, twice if they end an attempt."""
    if seen is None:
        return _settle(view, judge(view), None)
    policy, now = view.task.retry, view.turn.now
    log = follow(seen.log, seen.sighting, policy, now)
    view = replace(view, log=log, sighting=seen.sighting, exists=True)
    verdict = judge(view)
    if isinstance(verdict, Abort):
        log = close(log, Failure(verdict.reason, verdict.message), policy, now)
        view = replace(view, log=log)
        verdict = judge(view)
    return _settle(view, verdict, seen)


def _settle(view: TaskView, verdict: Verdict, seen: ObservedTask | None) -> Judged:
    """Write the verdict into the task's log."""
    log = view.log
    if isinstance(verdict, Ended) and log.outcome is None:
        log = replace(
            log,
            outcome=verdict.outcome,
            reason=verdict.reason,
            message=verdict.message,
            finished=view.turn.now,
            next_attempt=None,
        )
    elif isinstance(verdict, Wait):
        retry_at = verdict.until if not view.attempt_open and log.count else None
        log = replace(
            log, reason=verdict.reason, message=verdict.message, next_attempt=retry_at
        )
    return Judged(view.task, verdict, log, seen)


def _judge_waiting(
    turn: Turn, task: TaskDefinition, judged: Mapping[str, Judged], run: ObservedRun
) -> Judged:
    """Judge a task that has not started by how its upstream tasks look."""
    ends: dict[str, Ended] = {}
    for name in task.upstream:
        verdict = judged[name].verdict
        if isinstance(verdict, Ended):
            ends[name] = verdict
    view = TaskView(
        turn,
        task,
        obstacle=run.obstacles.get(task.name),
        upstream=tally(len(task.upstream), ends.values()),
        failed_upstream=tuple(n for n, end in ends.items() if end.look is Look.FAILURE),
        open_upstream=tuple(n for n in task.upstream if n not in ends),
    )
    return _judge_one(view, None)


def _halt(definition: Definition, judged: Mapping[str, Judged]) -> str | None:
    """Return the failed task that `onFailure: Stop` stops the run for."""
    if definition.on_failure is not OnFailure.STOP:
        return None
    for name, each in judged.items():
        failed = isinstance(each.verdict, Ended) and each.verdict.outcome is Outcome.FAILED
        if failed and not each.task.allow_failure and not each.task.is_finally:
            return name
    return None


def _unfinished(judged: Mapping[str, Judged], run: ObservedRun) -> str | None:
    """Return a task that `finally` tasks wait for: one not ended, or still being removed."""
    for name, each in judged.items():
        if each.task.is_finally:
            continue
        if not isinstance(each.verdict, Ended) or _still_there(run.tasks.get(name)):
            return name
    return None


def _still_there(seen: ObservedTask | None) -> bool:
    if seen is None:
        return False
    return bool(seen.lingering) or (seen.sighting is not None and seen.sighting.alive)


def _records(judged: Mapping[str, Judged], now: datetime) -> Iterator[tuple[str, TaskLog]]:
    for name, each in judged.items():
        if each.seen is None:
            continue
        log = replace(each.log, observed_generation=each.seen.generation)
        if log != each.seen.log and _worth_writing(each.seen.log, log, now):
            yield name, log


def _worth_writing(old: TaskLog, new: TaskLog, now: datetime) -> bool:
    """Write ends and troubles at once, and what goes as it should only after a while."""
    last = new.last
    if new.outcome is not None or last is None or not last.open:
        return True
    if new.reason not in (Reason.STARTING, Reason.RUNNING) or old.reason not in _QUIET:
        return True
    return last.created is None or now >= last.created + LOG_DELAY


def _actions(judged: Mapping[str, Judged], run: ObservedRun) -> Iterator[Action]:
    context = _context(run)
    for name, each in judged.items():
        yield from _ends(name, each.log, each.seen)
        if isinstance(each.verdict, Start):
            yield StartAttempt(each.task, each.verdict.number, context, each.verdict.memory)


def _ends(name: str, log: TaskLog, seen: ObservedTask | None) -> Iterator[EndAttempt]:
    """End what still runs of attempts that are over."""
    if seen is None:
        return
    for number in sorted(seen.lingering):
        yield EndAttempt(name, number)
    sighting = seen.sighting
    if sighting is None or not sighting.alive or sighting.leaving:
        return
    over = log.outcome is not None or sighting.number < log.count
    if over or (log.last is not None and not log.last.open and sighting.number == log.count):
        yield EndAttempt(name, sighting.number)


def _after_the_end(run: ObservedRun, now: datetime) -> Decision:
    """End what still runs, and let go of Jobs that nobody needs any more."""
    limit = jobs_expire(run)
    return Decision(
        actions=(*_leftovers(run), *expired_jobs(run, now)),
        look_again_at=limit if limit is not None and limit > now else None,
    )


def _leftovers(run: ObservedRun) -> Iterator[Action]:
    for name, seen in run.tasks.items():
        yield from _ends(name, replace(seen.log, outcome=seen.log.outcome or Outcome.FAILED), seen)


def _wake_ups(
    judged: Mapping[str, Judged], run: ObservedRun, now: datetime
) -> Iterator[datetime]:
    limit = deadline(run)
    if limit is not None and limit > now:
        yield limit
    for each in judged.values():
        if isinstance(each.verdict, Wait) and each.verdict.until is not None:
            yield each.verdict.until
        last = each.log.last
        if each.seen is None or last is None or not last.open or last.created is None:
            continue
        if last.created + LOG_DELAY > now:
            yield last.created + LOG_DELAY


def _with_status(
    run: ObservedRun, status: RunLog, now: datetime, decision: Decision
) -> Decision:
    """Add the run's status: at once when it begins or ends, else at most once a second."""
    if status == run.log:
        return decision
    weighty = status.finished is not None or run.log.started != status.started
    due = run.logged_at + RUN_STATUS_INTERVAL if run.logged_at is not None else now
    if weighty or now >= due:
        return replace(decision, status=status)
    again = min(due, decision.look_again_at or due)
    return replace(decision, look_again_at=again)


def _context(run: ObservedRun) -> RunContext:
    assert run.definition is not None  # noqa: S101 - `admit` has looked
    return RunContext(
        namespace=run.key.namespace,
        run=run.key.name,
        run_uid=run.uid,
        workflow=run.workflow,
        logical_time=(run.logical_time or run.created).isoformat().replace("+00:00", "Z"),
        interval=run.interval,
        params=resolve(run.definition.params, run.given),
    )
