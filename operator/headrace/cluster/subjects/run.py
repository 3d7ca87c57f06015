"""
The world of runs in a Kubernetes cluster: reads the caches, writes through the API server.

Knows the objects of a run. Decides nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from headrace.api.v1alpha1.reasons import Reason
from headrace.cluster.belonging import Place, attempt_id, place_of
from headrace.cluster.caches import Caches
from headrace.cluster.carriers.reach import Reach
from headrace.cluster.carriers.table import carriers
from headrace.cluster.definitions import Definitions
from headrace.cluster.expressions import Expressions
from headrace.cluster.flight import some_at_a_time
from headrace.cluster.gather import Gatherer, TaskPictures, task_log
from headrace.cluster.hooks import Hooks
from headrace.cluster.kinds import TASK_RUNS, WORKFLOW_RUNS
from headrace.cluster.run_log import run_log
from headrace.cluster.run_reader import run_reader
from headrace.cluster.second_look import SecondLook
from headrace.cluster.specs import Specs
from headrace.cluster.start import Starter
from headrace.cluster.statuses import Memory, Status, StatusWriter, version_of
from headrace.engine.definition.work import Program
from headrace.engine.outcome import Outcome
from headrace.engine.run.observed import ObservedRun, RunKey, RunKind, RunLog
from headrace.engine.task.actions import (
    Action,
    EndAttempt,
    Evaluate,
    PassOn,
    StartAttempt,
    TakeOver,
)
from headrace.engine.task.news import news
from headrace.engine.task.observed import EMPTY, ObservedTask, TaskLog
from headrace.engine.task.obstacles import Obstacle
from headrace.kube.client import Client
from headrace.kube.errors import StaleError
from headrace.loop.pool_book import PoolBook
from headrace.manifests.conditions import Past
from headrace.manifests.kube import OwnObject
from headrace.manifests.run_status import has_ended, run_status
from headrace.manifests.task_status import has_outcome, task_status
from headrace.manifests.work_spec import runs_programs


class ClusterWorld:
    """Keeps the promises of `headrace.loop.runs.World` over the Kubernetes API."""

    def __init__(self, caches: Caches, client: Client, hooks: Hooks) -> None:
        """Read and write through these caches."""
        clock = hooks.clock
        self._caches = caches
        self._client = client
        self._clock = clock
        self.definitions = Definitions(client, caches.templates)
        self._hooks = hooks
        reach = Reach(caches, client, clock, hooks.later)
        kinds = carriers(reach)
        self.pictures = TaskPictures(kinds.values())
        gatherer = Gatherer(caches, client, self.pictures, hooks.later, self._saw)
        specs = Specs(client)
        self._reader = run_reader(caches, client, self.definitions, gatherer, specs, hooks)
        self._starter = Starter(reach, kinds, hooks.cache_asked)
        self._expressions = Expressions(specs, hooks.evaluate, clock, caches)
        self._statuses = StatusWriter(client)
        self._second_look = SecondLook(caches, client)
        self._memories: dict[RunKey, Memory] = {}
        self.pools = PoolBook(attempt_id, hooks.hurry, hooks.hurry)
        self.claim = self.pools.claim

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return the observed run, or None if it is gone."""
        self._look(key)
        run = await self._reader.read(key)
        if run is None:
            self._forget(key)
            return None
        self._caches.awaited.learn(run)
        self._caches.line.learn(run)
        memory = self._memories[key]
        if run.log.finished is not None:  # Nothing more is written for ended tasks.
            over = {task for task, seen in run.tasks.items() if seen.log.outcome is not None}
            memory.items = {task: item for task, item in memory.items.items() if task not in over}
            memory.evaluated.clear()
        return replace(
            run,
            obstacles=dict(memory.obstacles),
            evaluated=dict(memory.evaluated),
            logged_at=memory.logged,
            tasks_logged_at=dict(memory.tasks_logged),
            room=self.pools.room(key, memory.uid),
        )

    def _look(self, key: RunKey) -> None:
        """Note the version of the run in this turn. Forget another run of this name."""
        item = self._run_object(key)
        if item is None:
            return
        meta, now = item.metadata, self._clock()
        version = version_of(meta)
        known = self._memories.get(key)
        if known is None or known.uid != meta.uid:
            known = self._memories[key] = Memory(meta.uid, version, now)
        known.run, known.looked = version, now
        known.items = {}

    def _saw(
        self, key: RunKey, items: dict[str, OwnObject], shown: Mapping[str, ObservedTask]
    ) -> None:
        """Note the TaskRuns in this turn, and their states."""
        if key in self._memories:
            memory = self._memories[key]
            memory.items, memory.seen = items, shown

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write TaskRuns' statuses, each only over the version of the decision."""
        known = await self._look_twice(key, records)
        written = [self._log(key, name, known.get(name, EMPTY), records[name]) for name in records]
        await some_at_a_time(written)

    async def _look_twice(
        self, key: RunKey, records: Mapping[str, TaskLog]
    ) -> Mapping[str, TaskLog]:
        """Return the logs on record. Refuse to close an attempt if the caches know more by now."""
        there = {task: item for task in records if (item := self._task_run(key, task)) is not None}
        known = {task: self.pictures.of(item).log for task, item in there.items()}
        programs = [task for task, item in there.items() if runs_programs(item.spec)]
        logs = {task: (known[task], records[task]) for task in programs}
        memory = self._memories.get(key)
        for task in await self._second_look.ask(key, logs):
            if memory is not None and memory.seen.get(task) is not self.pictures.of(there[task]):
                raise StaleError(f"{key.kind} {key.namespace}/{key.name}: news was on its way")
        return known

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """
        Create and delete Jobs, and evaluate expressions.

        A refusal of the API server becomes an obstacle.
        """
        memory, item = self._memories.get(key), self._run_object(key)
        if memory is not None and (item is None or item.metadata.uid != memory.uid):
            raise StaleError(f"{key.kind} {key.namespace}/{key.name} is another one now")
        questions = [action for action in actions if isinstance(action, Evaluate)]
        others = [action for action in actions if not isinstance(action, Evaluate)]
        asked = [self._evaluate(key, questions)] if questions else []
        await some_at_a_time([*asked, *(self._apply(key, action) for action in others)])

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Write the WorkflowRun's status; for a TaskRun on its own, its log is the status."""
        if key.kind is RunKind.TASK_RUN:
            await self._record_alone(key, status)
            return
        item = self._caches.runs.get(key.namespace, key.name)
        if item is None:
            return
        memory = self._memories.get(key)
        version = None if memory is None else memory.run
        put = Status(WORKFLOW_RUNS, self._caches.runs, run_status(status, self._past(item)))
        written = await self._statuses.write(item, put, version)
        if memory is not None:
            memory.run, memory.logged = version_of(written.metadata), memory.looked
        if status.finished is not None:
            events = self._hooks.events
            tell = events.tell if status.succeeded else events.warn
            message = status.message or "all tasks ended"
            await tell(WORKFLOW_RUNS, item.metadata, status.reason, message)

    async def complain(self, key: RunKey, reason: Reason, message: str) -> None:
        """Show in the status why a turn failed, if it can be written."""
        item = self._run_object(key)
        if item is None or has_ended(item.status):
            return
        past = self._past(item)
        if key.kind is RunKind.TASK_RUN:
            task, readable = task_log(item)
            log = replace(task, reason=reason, message=message)
            if readable and log != task:  # Otherwise the log would be lost.
                put = Status(TASK_RUNS, self._caches.task_runs, task_status(log, past))
                await self._statuses.write(item, put)
        else:
            run = run_log(item)
            shown = replace(run, reason=reason, message=message).after(run, self._clock())
            if shown != run:
                put = Status(WORKFLOW_RUNS, self._caches.runs, run_status(shown, past))
                await self._statuses.write(item, put)

    async def _record_alone(self, key: RunKey, status: RunLog) -> None:
        """Write the end of a TaskRun on its own that could not begin."""
        item = self._caches.task_runs.get(key.namespace, key.name)
        if item is None or has_outcome(item.status) or status.finished is None:
            return
        refused = TaskLog(
            outcome=Outcome.FAILED,
            reason=status.reason,
            message=status.message,
            finished=status.finished,
            observed_generation=status.observed_generation,
        )
        await self._log(key, key.name, task_log(item)[0], refused)

    async def _log(self, key: RunKey, task: str, known: TaskLog, log: TaskLog) -> None:
        memory, item = self._memories.get(key), self._task_run(key, task)
        if item is None or (memory is not None and task not in memory.items):
            raise StaleError(f"the TaskRun of {task} has come or gone")
        put = Status(TASK_RUNS, self._caches.task_runs, task_status(log, self._past(item)))
        version = None if memory is None else version_of(memory.items[task].metadata)
        written = await self._statuses.write(item, put, version)
        for reason, message in news(known, log):
            self._hooks.events.warn_later(TASK_RUNS, item.metadata, reason, message)
        if memory is None:
            return
        memory.items[task] = written
        if log.outcome is None:
            memory.tasks_logged[task] = self._clock()
        else:
            memory.tasks_logged.pop(task, None)  # There are no further writes.

    async def _evaluate(self, key: RunKey, questions: Sequence[Evaluate]) -> None:
        """Find values, remember them, and ask for a turn. A task on its own has none on record."""
        of_a_run = key.kind is RunKind.WORKFLOW_RUN
        items = {each.task: self._task_run(key, each.task) for each in questions}
        begun = {task: item for task, item in items.items() if item is not None and of_a_run}
        found = await self._expressions.values(begun, questions)
        if key in self._memories:
            self._memories[key].learn(found)
        self._hooks.later(key, 0.0)  # A value is no object, so no event will follow.

    async def _apply(self, key: RunKey, action: Action) -> None:
        match action:
            case StartAttempt():
                self._caches.awaited.starts(key, action.task)
                alone = self._run_object(key) if key.kind is RunKind.TASK_RUN else None
                obstacle = await self._starter.start(action, alone)
                self._remember(key, action.task, obstacle)
                if obstacle is None:
                    self._made(key, action.task)
                    if isinstance(action.work, Program):
                        self._hooks.job_created(key)
            case TakeOver(task):
                self._remember(key, task, await self._starter.take_over(action))
                self._hooks.later(key, 0.0)  # Nobody else does anything for the task to go on.
            case EndAttempt(task) | PassOn(task):
                memory, item = self._memories.get(key), self._task_run(key, task)
                if memory is not None and task in memory.items:
                    place = Place(key, memory.uid, task)
                    await self._starter.change(place, memory.items[task].metadata.uid, action)
                elif item is not None:
                    await self._starter.change(place_of(item), item.metadata.uid, action)

    def _made(self, key: RunKey, task: str) -> None:
        """Note the TaskRun that was created for a task, so that its log can be written."""
        memory, item = self._memories.get(key), self._task_run(key, task)
        if memory is not None and item is not None:
            memory.items.setdefault(task, item)

    def _run_object(self, key: RunKey) -> OwnObject | None:
        alone = key.kind is RunKind.TASK_RUN
        store = self._caches.task_runs if alone else self._caches.runs
        return store.get(key.namespace, key.name)

    def _past(self, item: OwnObject) -> Past:
        now = self._clock()
        return Past.of(item.status, item.metadata.creation_timestamp or now, now)

    def _task_run(self, key: RunKey, task: str) -> OwnObject | None:
        if key.kind is RunKind.TASK_RUN:
            return self._run_object(key)
        memory = self._memories.get(key)
        if memory is not None and task in memory.items:
            return self._caches.task_runs.get(*memory.items[task].metadata.key)
        run = self._run_object(key)
        uid = memory.uid if memory is not None else run.metadata.uid if run is not None else ""
        return self._caches.task_run(Place(key, uid, task))

    def _remember(self, key: RunKey, task: str, obstacle: Obstacle | None) -> None:
        memory = self._memories.get(key)
        if memory is not None:
            memory.note(task, obstacle)
        if obstacle is not None:
            self._hooks.later(key, 0.0)  # Nothing was created, so no event will follow.

    def _forget(self, key: RunKey) -> None:
        self._caches.awaited.forget(key)
        self._memories.pop(key, None)
        self.pools.forget(key)
        for _, _, store in self._caches.watched():
            store.forget(key)
