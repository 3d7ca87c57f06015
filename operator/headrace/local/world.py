"""
The `World` on this machine: one run, its attempts as processes, its logs in SQLite.

A run that a task calls has a world of its own, in the same process.

Each change is written to the store before it is used. The store is read only at the start, because
the runner's lock keeps others from writing. Decides nothing about tasks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Each, Work
from headrace.engine.run.context import context_of
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.task.actions import Action, Evaluate, StartAttempt, TakeOver
from headrace.engine.task.observed import Evaluated, TaskLog
from headrace.engine.task.obstacles import Obstacle
from headrace.evaluation.answers import no_answer
from headrace.evaluation.evaluator import NoAnswerError
from headrace.local import strays
from headrace.local.attempt import LiveAttempt
from headrace.local.calls import Calls
from headrace.local.carriers import LocalAttempt, carriers
from headrace.local.endings import carry_out
from headrace.local.expressions import values
from headrace.local.question import QuestionAttempt
from headrace.local.reach import Reach
from headrace.local.recorded import earlier_run, observed, take_over
from headrace.local.records import AttemptRecord, RunRecord
from headrace.local.sharing import fill, programs
from headrace.local.starts import record_of, refusal_of, request_of
from headrace.local.store import UnusableStateError
from headrace.local.takeover import observed_tasks, taken_over
from headrace.local.workplace import Workplace

RECHECK_SECONDS: Final = 30.0
"""How late an instant is noticed at most, after the machine slept or its clock was put forward."""


class LocalWorld:
    """
    One run on this machine. Create it inside a running event loop, with the run's lock held.

    Args:
        record: The run.
        definition: Its definition.
        workplace: Where it runs.
        caller: The place of the calling run, if a task of it has called this run.

    """

    def __init__(
        self,
        record: RunRecord,
        definition: Definition,
        workplace: Workplace,
        caller: Calls | None = None,
    ) -> None:
        store = workplace.store
        self._workplace = workplace
        self.claim = workplace.neighbours.claim
        self.calls = Calls(record, workplace, self._open, caller)
        """The place of the run among the runs of this process."""
        self.calls.worlds.append(self)
        self._folder = workplace.folder
        self._store = store
        self._record = record
        self._definition = definition
        self._evaluated: dict[str, Evaluated] = {}
        self._obstacles = dict[str, Obstacle]()
        self._changed = self.calls.changed
        self._defect: UnusableStateError | None = None
        self._log = store.run_log(record.key.name)
        self._logged_at: datetime | None = None
        self._task_logs = store.task_logs(record.key.name)
        self._tasks_logged_at: dict[str, datetime] = {}
        self._earlier = earlier_run(store, record)
        self._attempts: dict[tuple[str, int], LocalAttempt] = {}
        reach = Reach(
            *(record, workplace.folder, workplace.launcher, self._keep_forced_end),
            *(self._changed.set, self._again, self._task_logs.__getitem__),
            *(self.calls.call, self.calls.find, self.calls.find_items),
            *(partial(store.ask, record.key.name), self._keep_answer),
            no_wait=workplace.no_wait,
            pools=workplace.neighbours.pools,
        )
        self._carriers = carriers(reach)
        self._attempts.update(taken_over(store, record.key.name, definition, self._carriers))

    async def observe(self, key: RunKey) -> ObservedRun | None:
        """Return the observed run; None for any other key."""
        if key != self._record.key:
            return None
        return self.snapshot()

    async def log(self, key: RunKey, records: Mapping[str, TaskLog]) -> None:
        """Write tasks' logs."""
        now = datetime.now(UTC)
        self._store.write_tasks(key.name, records, now)
        self._task_logs.update(records)
        self._tasks_logged_at.update(dict.fromkeys(records, now))

    async def apply(self, key: RunKey, actions: Sequence[Action]) -> None:
        """End attempts, then start others and items, then evaluate expressions."""
        carry_out(actions, self._attempts)
        if done := [action for action in actions if isinstance(action, TakeOver)]:
            self._task_logs.update(take_over(self._store, key.name, done, datetime.now(UTC)))
            self._changed.set()  # the engine must see it, and nothing else will happen
        starts = [action for action in actions if isinstance(action, StartAttempt)]
        new = [each for each in starts if (each.task, each.number) not in self._attempts]
        for each in (each for each in starts if each not in new and isinstance(each.work, Each)):
            self._carriers[type(each.work)].launch(self._attempts[each.task, each.number], each)
            self._changed.set()
        if new:
            self._start(key, new)
        self.fill()
        questions = [action for action in actions if isinstance(action, Evaluate)]
        if questions:
            await self._ask(questions)

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Write the run's log."""
        now = datetime.now(UTC)
        self._store.write_run(key.name, status, now)
        self._log, self._logged_at = status, now
        if self.calls.is_called:
            self._changed.set()  # the calling run must see it

    def snapshot(self) -> ObservedRun:
        """Return the observed run."""
        record, neighbours = self._record, self._workplace.neighbours
        return replace(
            observed(record, self._definition, self.calls.callers),
            source=self._earlier,
            siblings=neighbours.beside(record, self._definition, self._log),
            room=neighbours.room(record.key, record.uid),
            tasks=observed_tasks(self._attempts, self._task_logs),
            slots=self._workplace.slots_beside(self.calls.elsewhere(self)),
            obstacles=dict(self._obstacles),
            evaluated=dict(self._evaluated),
            log=self._log,
            logged_at=self._logged_at,
            tasks_logged_at=dict(self._tasks_logged_at),
        )

    @property
    def definition(self) -> Definition:
        """Its definition."""
        return self._definition

    @property
    def attempts(self) -> Mapping[tuple[str, int], LocalAttempt]:
        """Its attempts, by task and number."""
        return self._attempts

    @property
    def task_logs(self) -> Mapping[str, TaskLog]:
        """What is on record of its tasks."""
        return self._task_logs

    @property
    def run(self) -> RunRecord:
        """The run."""
        return self._record

    @property
    def status(self) -> RunLog:
        """What is on record of the run."""
        return self._log

    @property
    def over(self) -> bool:
        """Whether the run has ended and no process of it runs any more."""
        return self._log.finished is not None and not self._alive

    async def change(self, until: datetime | None) -> None:
        """
        Start the items that have a slot; then wait for an event, or until an instant.

        It may return earlier: the timer of a machine that sleeps stands still, and its clock goes
        on.

        Raises:
            UnusableStateError: The event could not be stored.

        """
        if self._defect is not None:
            raise self._defect
        for world in self.calls.worlds:
            world.fill()
        seconds = None
        if until is not None:
            left = (until - datetime.now(UTC)).total_seconds()
            seconds = min(max(0.0, left), RECHECK_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def fill(self) -> None:
        """Start the items that have a slot."""
        slots = self._workplace.slots_beside(self.calls.elsewhere(self))
        fill(self._attempts.values(), self._definition, slots)

    def desire(self, desired: DesiredState) -> None:
        """Change the desired state of the run."""
        self._store.desire(self._record.key.name, desired)
        self._record = replace(self._record, desired=desired)
        self._changed.set()

    def kill(self) -> None:
        """Kill all attempts now."""
        for attempt in self._attempts.values():
            attempt.kill()
        self._changed.set()

    async def clear(self) -> None:
        """End all processes, also strays outside of their process groups."""
        self.kill()
        while any(world.processes for world in self.calls.worlds):
            await self._changed.wait()
            self._changed.clear()
        for world in self.calls.worlds:
            strays.kill(f"{self._folder.run(world.run.key.name)}/")

    def _open(self, record: RunRecord, definition: Definition, caller: Calls) -> "LocalWorld":
        return LocalWorld(record, definition, self._workplace, caller)

    @property
    def processes(self) -> int:
        """How many programs may still run. A called run counts its own."""
        return sum(map(programs, self._attempts.values()))

    @property
    def _alive(self) -> int:
        return sum(attempt.alive for attempt in self._attempts.values())

    def _keep_forced_end(self, attempt: LiveAttempt) -> None:
        record = attempt.record
        try:
            if record.forced_end is not None:
                self._store.save_forced_end(self._record.key.name, record, record.forced_end)
        except UnusableStateError as error:
            self._defect = error  # this may be a timer's turn, and nobody hears it there
        self._changed.set()

    def _keep_answer(self, attempt: QuestionAttempt) -> None:
        self._store.save_answer(self._record.key.name, attempt.record)
        self._changed.set()

    def _start(self, key: RunKey, starts: Sequence[StartAttempt[Work]]) -> None:
        """Store new attempts, then start them."""
        now, tasks = datetime.now(UTC), self._definition.tasks
        refused = {start.task: denied for start in starts if (denied := refusal_of(start, now))}
        self._obstacles.update(refused)
        self._changed.set()  # the engine must see what was refused
        good = [start for start in starts if start.task not in refused]
        made = [attempt.record for attempt in self._attempts.values()]
        records = [record_of(start, tasks[start.task], now, made) for start in good]
        logs = {each.task: each.begins_with for each in good if each.begins_with is not None}
        found_by = {each.task: each.cache.hash for each in good if each.cache is not None}
        self._store.add_attempts(key.name, records, now, logs, found_by)
        for start, record in zip(good, records, strict=True):
            self._task_logs.setdefault(start.task, start.begins_with or TaskLog())
            self._evaluated.pop(start.task, None)  # the attempt has them from now on
            self._launch(start, record)

    async def _ask(self, questions: Sequence[Evaluate]) -> None:
        for each in questions:
            self._obstacles.pop(each.task, None)
        try:
            self._evaluated.update(await values(self._workplace, self._attempts, questions))
        except NoAnswerError as error:
            self._obstacles.update(no_answer(questions, error, datetime.now(UTC)))
        self._changed.set()  # the engine must see it, and nothing else will happen

    def _launch(self, start: StartAttempt[Work], record: AttemptRecord) -> None:
        carrier = self._carriers[type(start.work)]
        attempt = self._attempts[record.task, record.number] = carrier.make(record, start.work)
        carrier.launch(attempt, start)
        self._changed.set()  # the engine must see it, since its clocks run from now on

    def _again(self, record: AttemptRecord) -> StartAttempt[Work]:
        """Return the request for a recorded attempt."""
        context = context_of(self.snapshot(), self._definition)
        return request_of(record, self._definition.tasks[record.task], context)
