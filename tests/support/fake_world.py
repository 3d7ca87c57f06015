"""
A world in memory: keeps the rules of `headrace.loop.runs.World` over a `FakeCluster`.

Like the world of a real cluster it works on what it was told: own writes at once, the doings of
others later, and what it only remembers (refusals, deletions, times of writes) ends with it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import CANCELLING, DesiredState
from headrace.engine.definition.ways import CACHE_KEY, FROM, MESSAGE, PARAM
from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRun,
    ChildRuns,
    Container,
    Each,
    FanOut,
    Timer,
    Timers,
    Work,
)
from headrace.engine.pool.allot import allot
from headrace.engine.pool.observed import Holder, ObservedPool, PoolKey
from headrace.engine.room import Claim
from headrace.engine.run.inheritance import needs_source
from headrace.engine.run.nested import NestedRun, may_follow, sighting_of
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.siblings import SiblingRun
from headrace.engine.task.actions import (
    Action,
    EndAttempt,
    Evaluate,
    PassOn,
    StartAttempt,
    TakeOver,
)
from headrace.engine.task.cache import result_of
from headrace.engine.task.cached import CachedResult, CacheEntry, CacheQuestion
from headrace.engine.task.classify import KINDS, Kind
from headrace.engine.task.observed import Evaluated, ObservedTask, Sighting, TaskLog
from headrace.engine.task.obstacles import Busy, Denied, Obstacle
from headrace.engine.task.timer import ONLY_ATTEMPT, wait_sighting
from headrace.evaluation.answers import answers, recorded
from headrace.evaluation.lookups import with_lookups
from headrace.loop.pool_book import PoolBook
from support.evaluation import evaluate_here
from support.fake_children import chosen, observed, start_items
from support.fake_cluster import FakeCluster, FakeJob, FakeRun, FakeTaskRun

AGAIN = timedelta(seconds=30)
"""How long a refusal that may pass is left alone."""


class StaleError(Exception):
    """A write met something newer than what was decided upon."""


class FakeWorld:
    """One process of the controller. A new one over the same cluster is its restart."""

    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self._obstacles: dict[RunKey, dict[str, Obstacle]] = {}
        self._evaluated: dict[RunKey, dict[str, Evaluated]] = {}
        self._logged: dict[RunKey, datetime] = {}
        self._tasks_logged: dict[RunKey, dict[str, datetime]] = {}
        self._named: set[str] = set()
        self.woken: set[RunKey] = set()
        """Runs that need another turn: what happened to them is no write of anybody else."""
        self._book = PoolBook(_attempt, lambda pool: self._named.add(pool.name), lambda _: None)
        cluster.tell()  # a list says what is; of what is gone it says nothing
        for run in cluster.runs.values():
            run.forget_deleted()
        for job in cluster.jobs():
            job.told = None if job.removed else job.sighting

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return the run as it was told."""
        run = self.cluster.runs.get(key)
        if run is None:
            self._book.forget(key)
            return None
        self._pool_turns()
        there = {name: each for name, each in run.task_runs.items() if not each.told_deleted}
        shown = ObservedRun(
            key=key,
            uid=run.uid,
            created=run.created,
            definition=run.definition,
            workflow=run.workflow,
            generation=run.generation,
            desired=run.told_desired,
            given=run.given,
            logical_time=run.logical_time,
            interval=run.interval,
            trigger=run.trigger,
            priority=run.priority,
            passed=run.passed,
            callers=run.callers,
            tasks={name: _observed(record, self.cluster.now) for name, record in there.items()},
            deleted=frozenset(run.task_runs.keys() - there.keys()),
            departing=frozenset(_departing(run, there)),
            siblings=tuple(self._siblings(run)),
            obstacles=dict(self._obstacles.get(key, {})),
            evaluated=dict(self._evaluated.get(key, {})),
            log=_alone(run) if run.alone else run.told,
            logged_at=self._logged.get(key),
            tasks_logged_at=dict(self._tasks_logged.get(key, {})),
            refusal=run.refusal,
            hindrance=run.hindrance,
            room=self._book.room(key, run.uid),
            rerun=run.rerun,
            cache=run.cache,
        )
        return replace(shown, source=self._source(run)) if needs_source(shown) else shown

    def _source(self, run: FakeRun) -> ObservedRun | None:
        """Return the run that a run repeats, as the server has it."""
        assert run.rerun is not None
        earlier = self.cluster.runs.get(RunKey(run.key.namespace, run.rerun.name))
        if earlier is None:
            return None
        records = earlier.task_runs.items()
        return ObservedRun(
            *(earlier.key, earlier.uid, earlier.created, earlier.definition),
            workflow=earlier.workflow,
            given=earlier.given,
            logical_time=earlier.logical_time,
            interval=earlier.interval,
            rerun=earlier.rerun,
            tasks={
                name: ObservedTask(each.log, cache_hash=each.cache_hash)
                for name, each in records
                if not each.deleted
            },
            log=earlier.log,
        )

    def claim(self, key: RunKey, claims: Mapping[str, Claim]) -> None:
        """Replace what a run asks of pools."""
        self._book.claim(key, claims)
        self._pool_turns()

    def _pool_turns(self) -> None:
        """Let each pool with claims look at who runs, and give out what is free."""
        for name in dict.fromkeys((*self.cluster.pools, *self._named)):
            key = PoolKey("default", name)
            claims, given = self._book.waiting(key), self._book.given(key)
            slots = self.cluster.pools.get(name)
            pool = ObservedPool(name, slots, tuple(self._holders(name)), claims, given)
            self._book.settle(key, allot(pool, self.cluster.now))

    def held(self, pool: str) -> int:
        """Return how many slots of a pool are held."""
        return sum(holder.slots for holder in self._holders(pool))

    def _holders(self, pool: str) -> Iterator[Holder]:
        for run in self.cluster.runs.values():
            for task, record in (*run.task_runs.items(), *run.remains.items()):
                for number, job in record.jobs.items():
                    told = job.told
                    if told is None or not told.alive or job.share is None:
                        continue
                    if job.share.pool == pool:
                        slots = job.share.each * programs_of(job)
                        attempt = _attempt(run.key, run.uid, task, number)
                        yield Holder(attempt, run.key.name, task, slots)

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write tasks' logs, each if it is still the one that was decided upon."""
        for task, log in records.items():
            record = self.cluster.runs[key].task_runs[task]
            if record.deleted or record.told_version != record.version:
                record.told, record.told_version = record.log, record.version
                record.told_deleted = record.deleted
                raise StaleError(task)
            self.cluster.write(f"log {task}", lambda r=record, new=log: _keep(r, new))  # type: ignore[misc] # mypy infers no lambda defaults
            record.told, record.told_version = record.log, record.version
            self._tasks_logged.setdefault(key, {})[task] = self.cluster.now

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """Make and remove Jobs, and evaluate expressions."""
        run = self.cluster.runs[key]
        for action in actions:
            match action:
                case StartAttempt():
                    self._start(run, action)
                case TakeOver():
                    self._take_over(run, action)
                    self.woken.add(key)
                case EndAttempt():
                    self._end(run, action)
                case PassOn():
                    self._pass_on(run, action)
                case Evaluate():
                    await self._evaluate(run, action)
                    self.woken.add(key)

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Write the run's status, if it is still the one that was decided upon."""
        run = self.cluster.runs[key]
        if run.told_version != run.version:
            run.told, run.told_version = run.log, run.version
            raise StaleError(key.name)

        def effect() -> None:
            run.log, run.version = status, run.version + 1

        self.cluster.write("status", effect)
        run.told, run.told_version = run.log, run.version
        self._logged[key] = self.cluster.now

    def _take_over(self, run: FakeRun, action: TakeOver) -> None:
        known = self._obstacles.setdefault(run.key, {})
        known.pop(action.task, None)
        if action.task in self.cluster.no_task_runs:
            known[action.task] = self._obstacle(*self.cluster.no_task_runs[action.task])
            return
        if action.task not in run.task_runs or run.task_runs[action.task].told_deleted:
            cluster, task = self.cluster, action.task
            new = FakeTaskRun() if action.attempt is None else self._new(action.attempt)
            new.cache_hash = action.found_by
            cluster.write(f"create {task}", lambda: _create(cluster, run, task, new))
        self._begin(run, action.task, action.log)
        self._evaluated.get(run.key, {}).pop(action.task, None)

    def _begin(self, run: FakeRun, task: str, log: TaskLog) -> None:
        """Write the first log of a TaskRun, unless it shows results already."""
        record = run.task_runs[task]
        if record.log.outcome is None and record.log.items is None and not record.log.count:
            self.cluster.write(f"begin {task}", lambda: _keep(record, log))
        record.told, record.told_version = record.log, record.version

    def _start(self, run: FakeRun, start: StartAttempt) -> None:
        task, cluster = start.task, self.cluster
        known = self._obstacles.setdefault(run.key, {})
        known.pop(task, None)
        if task in cluster.no_task_runs:
            known[task] = self._obstacle(*cluster.no_task_runs[task])
            return
        if task not in run.task_runs or run.task_runs[task].told_deleted:
            new = self._new(start)
            cluster.write(f"create {task}", lambda: _create(cluster, run, task, new))
        if start.begins_with is not None:
            self._begin(run, task, start.begins_with)
        if task in cluster.refusals and not isinstance(start.work, Timer | Timers):
            obstacle = self._obstacle(*cluster.refusals[task])
            if isinstance(obstacle, Denied) and isinstance(start.work, Each):
                obstacle = replace(obstacle, items=start.work.begin)
            known[task] = obstacle
            return
        if isinstance(start.work, Each):
            self._work_on_items(run, start)
        else:
            self._work(run, start)

    def _work_on_items(self, run: FakeRun, start: StartAttempt) -> None:
        """Make what items have besides the TaskRun."""
        if not self.cluster.guarded and _names_approvers(start.work):
            busy = Busy(Reason.APPROVAL_NOT_GUARDED, "no policy", self.cluster.now + AGAIN)
            self._obstacles[run.key][start.task] = busy
            return
        start_items(self.cluster, run, start)
        self._evaluated.get(run.key, {}).pop(start.task, None)

    def _work(self, run: FakeRun, start: StartAttempt) -> None:
        """Make what an attempt has besides its TaskRun."""
        task, cluster = start.task, self.cluster
        known = self._obstacles.setdefault(run.key, {})
        if isinstance(start.work, Timer):
            self._evaluated.get(run.key, {}).pop(task, None)
            return
        jobs, number, work = run.task_runs[task].jobs, start.number, start.work
        if isinstance(work, ChildRun):
            if number not in run.task_runs[task].called:
                cluster.write(
                    f"call {task}/{number}",
                    lambda: cluster.call(run, start),
                )
            self._evaluated.get(run.key, {}).pop(task, None)
            return
        if number not in jobs or jobs[number].removed:
            if isinstance(work, Approval):
                if work.asked.approvers is not None and not cluster.guarded:
                    words = (Reason.APPROVAL_NOT_GUARDED, "no policy")
                    known[task] = Busy(*words, cluster.now + AGAIN)
                    return
                cluster.write(f"ask {task}/{number}", lambda: cluster.ask(run, task, number, work))
            else:
                cluster.write(f"start {task}/{number}", lambda: cluster.make_job(run, start))
        jobs[number].told = jobs[number].sighting
        self._evaluated.get(run.key, {}).pop(task, None)

    def _new(self, start: StartAttempt[Work]) -> FakeTaskRun:
        match start.work:
            case Container(body) | FanOut(body):
                env = {each.name: each.value for each in body.env if each.value is not None}
                return FakeTaskRun(env=env, **_cached(start))
            case Timer(until=until):
                return FakeTaskRun(made=self.cluster.now, until=until)
            case Timers(ends=ends) as work:
                return FakeTaskRun(made=self.cluster.now, until=max(ends), each=work)
            case ChildRuns() | Approvals() as work:
                return FakeTaskRun(made=self.cluster.now, each=work)
            case ChildRun(params=params):
                paths = {PARAM.format(n): value for n, value in enumerate(params.values())}
                return FakeTaskRun(fields=paths)
            case Approval(asked):
                return FakeTaskRun(fields={MESSAGE: asked.message})

    async def _evaluate(self, run: FakeRun, request: Evaluate) -> None:
        """Find values; those of a task that has begun are in its TaskRun."""
        record = run.task_runs.get(request.task)
        if record is None or run.alone:
            found = await answers(evaluate_here, [request])
        else:
            env = {n: record.env[n] for n in request.env}
            known = recorded(request, env, record.fields)
            items = {path: each for path, each in request.fields.items() if path == FROM}
            (again,) = (
                await answers(evaluate_here, [Evaluate(request.task, fields=items)])
            ).values()
            fields = {**known.fields, **again.fields}
            found = {request.task: replace(known, fields=fields)}
        looked = with_lookups(found, [request], self._results)
        self._evaluated.setdefault(run.key, {}).update(looked)

    def _results(self, question: CacheQuestion, entry: CacheEntry) -> Iterator[CachedResult]:
        """Yield the results of all runs of a workflow that are there."""
        for run in self.cluster.runs.values():
            for record in run.task_runs.values() if run.workflow == question.workflow else ():
                result = result_of(run.key.name, record.told)
                if record.cache_hash == entry.hash and not record.deleted and result is not None:
                    yield result

    def _end(self, run: FakeRun, end: EndAttempt) -> None:
        record = run.task_runs.get(end.task)
        if record is not None and record.children:
            for child in chosen(record, end.number, end.items):
                self._end_child(end, child)
            return
        job = record.jobs.get(end.number) if record is not None else None
        if job is not None and job.asks is not None:
            if job.sighting.alive or job.sighting.unclosed:
                self.cluster.write(
                    f"close {end.task}/{end.number}", lambda: self.cluster.close(job)
                )
        elif job is not None and not job.sighting.leaving:
            self.cluster.write(f"end {end.task}/{end.number}", lambda: self.cluster.remove_job(job))

    def _end_child(self, end: EndAttempt, child: FakeRun | FakeJob) -> None:
        if isinstance(child, FakeRun):
            self._hand_down(child, PassOn(end.task, end.number, DesiredState.CANCEL))
        elif child.sighting.alive or child.sighting.unclosed:
            self.cluster.write(f"close {end.task}/{end.number}", lambda: self.cluster.close(child))

    def _pass_on(self, run: FakeRun, action: PassOn) -> None:
        record = run.task_runs[action.task]
        if record.each is None:
            self._hand_down(record.called[action.number], action)
        for child in chosen(record, action.number, action.items):
            assert isinstance(child, FakeRun)
            self._hand_down(child, action)

    def _hand_down(self, called: FakeRun, action: PassOn) -> None:
        def effect() -> None:
            called.passed = action.desired

        if may_follow(called.passed, action.desired) and called.log.finished is None:
            self.cluster.write(f"pass {action.desired} to {action.task}/{action.number}", effect)

    def _obstacle(self, reason: Reason, message: str) -> Obstacle:
        if KINDS.get(reason) is Kind.DEFINITION:
            return Denied(reason, message, self.cluster.now)
        return Busy(reason, message, self.cluster.now + AGAIN)

    def _siblings(self, run: FakeRun) -> list[SiblingRun]:
        return [
            SiblingRun(
                other.key.name,
                other.created,
                other.logical_time or other.created,
                began=other.told.started is not None,
                cancelling=other.told_desired in CANCELLING or other.passed in CANCELLING,
                inside=other.workflow in other.callers,
            )
            for other in self.cluster.runs.values()
            if other.workflow == run.workflow and other.told.finished is None
        ]


def _attempt(key: RunKey, uid: str, task: str, number: int) -> str:
    return f"{key.name}/{uid}/{task}/{number}"


def programs_of(job: FakeJob) -> int:
    """Return how many programs of a Job may run at the same time."""
    if job.sighting.items is None:
        return 1
    return max(1, min(job.parallel, len(job.todo) - len(job.sighting.items.ended)))


def _create(cluster: FakeCluster, run: FakeRun, task: str, new: FakeTaskRun) -> None:
    run.task_runs[task] = new
    if new.until is not None:  # The TaskRun of a wait is its attempt.
        cluster.jobs_made[run.uid, task, ONLY_ATTEMPT] += 1


def _cached(start: StartAttempt[Work]) -> dict[str, Any]:
    """Return what a TaskRun says of the cache of its task."""
    entry = start.cache
    return {} if entry is None else {"fields": {CACHE_KEY: entry.key}, "cache_hash": entry.hash}


def _names_approvers(work: Each[Any]) -> bool:
    return isinstance(work, Approvals) and work.of.asked.approvers is not None


def _observed(record: FakeTaskRun, now: datetime) -> ObservedTask:
    if record.each is not None:
        return observed(record, now)
    if record.until is not None:
        return ObservedTask(log=record.told, sighting=wait_sighting(record.made, record.until))
    told = {number: job.told for number, job in record.jobs.items() if job.told is not None}
    told |= {number: _called(number, run) for number, run in record.called.items()}
    newest = told[max(told)] if told else None
    return ObservedTask(
        log=record.told,
        sighting=newest,
        lingering=frozenset(n for n, each in told.items() if each is not newest and each.alive),
    )


def _called(number: int, run: FakeRun) -> Sighting:
    """Return the attempt that a called run is; of a deleted one something may still run."""
    shown = sighting_of(
        NestedRun(run.key.name, number, run.created, run.told, run.passed, run.deleted)
    )
    jobs = (job for record in run.task_runs.values() for job in record.jobs.values())
    runs_on = run.deleted and any(job.told is not None and job.told.alive for job in jobs)
    return replace(shown, alive=True) if runs_on else shown


def _departing(run: FakeRun, there: Collection[str]) -> Iterator[str]:
    """Yield the tasks without a TaskRun of which something may still run."""
    for name, record in (*run.task_runs.items(), *run.remains.items()):
        jobs = (*record.jobs.values(), *_questions(record))
        runs_on = any(job.told is not None and job.told.alive for job in jobs)
        if name not in there and runs_on:
            yield name


def _questions(record: FakeTaskRun) -> Iterator[FakeJob]:
    yield from (each for each in record.children.values() if isinstance(each, FakeJob))


def _keep(record: FakeTaskRun, log: TaskLog) -> None:
    record.log, record.version = log, record.version + 1


def _alone(run: FakeRun) -> RunLog:
    """Return what the log of a task on its own says of it as a run."""
    (record,) = run.task_runs.values()
    return RunLog(started=run.created, finished=record.told.finished)


def newest(run: FakeRun, task: str) -> FakeJob:
    """Return the Job of a task's newest attempt."""
    return run.task_runs[task].newest()
