"""
The `World` on this machine: one run, its attempts as processes, its logs in SQLite.

Each change is written to the store before it is used. The store is read only at the start, because
the runner's lock keeps others from writing. Decides nothing about tasks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.definition.work import Work
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog, Slots
from headrace.engine.task.actions import Action, EndAttempt, Evaluate, StartAttempt
from headrace.engine.task.observed import Evaluated, ObservedTask, Obstacle, TaskLog
from headrace.evaluation.answers import Asks, answers, no_answer, recorded
from headrace.evaluation.evaluator import NoAnswerError
from headrace.local import strays
from headrace.local.attempt import LiveAttempt
from headrace.local.carriers import LocalAttempt, Reach, carriers
from headrace.local.folder import StateFolder
from headrace.local.launcher import Launcher
from headrace.local.question import OpenQuestion, QuestionAttempt
from headrace.local.records import AttemptRecord, RunRecord, StoredAnswer
from headrace.local.starts import record_of
from headrace.local.store import Store, UnusableStateError

RECHECK_SECONDS: Final = 30.0
"""How late an instant is noticed at most, after the machine slept or its clock was put forward."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder, the database and the launcher of a run, and its limit."""

    folder: StateFolder
    store: Store
    """The folder's database."""
    launcher: Launcher
    evaluate: Asks
    """Evaluates questions."""
    slots: int | None = None
    """How many attempts may run at once; None: any number."""
    no_wait: bool = False
    """Whether waits end at once."""


class LocalWorld:
    """
    One run on this machine. Create it inside a running event loop, with the run's lock held.

    Args:
        record: The run.
        definition: Its definition.
        workplace: Where it runs.

    """

    def __init__(self, record: RunRecord, definition: Definition, workplace: Workplace) -> None:
        store = workplace.store
        self._folder = workplace.folder
        self._store = store
        self._record = record
        self._definition = definition
        self._slots = _slots(workplace.slots)
        self._evaluate = workplace.evaluate
        self._evaluated: dict[str, Evaluated] = {}
        self._obstacles: dict[str, Obstacle] = {}
        self._changed = asyncio.Event()
        self._defect: UnusableStateError | None = None
        self._log = store.run_log(record.key.name)
        self._logged_at: datetime | None = None
        self._task_logs = store.task_logs(record.key.name)
        self._tasks_logged_at: dict[str, datetime] = {}
        self._attempts: dict[tuple[str, int], LocalAttempt] = {}
        reach = Reach(
            *(record, workplace.folder, workplace.launcher),
            *(self._keep_forced_end, self._changed.set, self._keep_answer),
            no_wait=workplace.no_wait,
        )
        self._carriers = carriers(reach)
        self._find_attempts()

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
        """End attempts, then start others, then evaluate expressions."""
        for action in actions:
            if isinstance(action, EndAttempt):
                attempt = self._attempts.get((action.task, action.number))
                if attempt is not None:
                    attempt.terminate()
        new = [
            action
            for action in actions
            if isinstance(action, StartAttempt)
            and (action.task, action.number) not in self._attempts
        ]
        if new:
            self._start(key, new)
        questions = [action for action in actions if isinstance(action, Evaluate)]
        if questions:
            await self._ask(questions)

    async def record(self, key: RunKey, status: RunLog) -> None:
        """Write the run's log."""
        now = datetime.now(UTC)
        self._store.write_run(key.name, status, now)
        self._log = status
        self._logged_at = now

    def snapshot(self) -> ObservedRun:
        """Return the observed run."""
        return ObservedRun(
            key=self._record.key,
            uid=self._record.uid,
            created=self._record.created,
            definition=self._definition,
            workflow=self._record.workflow,
            desired=self._record.desired,
            given=self._record.params,
            logical_time=self._record.logical_time,
            tasks=self._tasks(),
            slots=self._slots,
            obstacles=dict(self._obstacles),
            evaluated=dict(self._evaluated),
            log=self._log,
            logged_at=self._logged_at,
            tasks_logged_at=dict(self._tasks_logged_at),
        )

    def questions(self) -> list[OpenQuestion]:
        """Return the questions that somebody can answer now, in the order of their tasks."""
        asked = (each for each in self._attempts.values() if isinstance(each, QuestionAttempt))
        found = [each.open for each in asked]
        return [question for question in found if question is not None]

    def answer(self, question: OpenQuestion, given: StoredAnswer) -> None:
        """Take the answer to a question, if it is still open."""
        attempt = self._attempts.get((question.task, question.number))
        if isinstance(attempt, QuestionAttempt):
            attempt.answer(given)

    def look_again(self) -> None:
        """End the wait for a change."""
        self._changed.set()

    @property
    def only_asks(self) -> bool:
        """Whether nothing can go on before somebody answers a question."""
        again = any(log.next_attempt is not None for log in self._task_logs.values())
        return bool(self.questions()) and not (self._alive or again)

    @property
    def over(self) -> bool:
        """Whether the run has ended and no process of it runs any more."""
        return self._log.finished is not None and not self._alive

    async def change(self, until: datetime | None) -> None:
        """
        Wait for an event, or until an instant.

        It may return earlier: the timer of a machine that sleeps stands still, and its clock goes
        on.

        Raises:
            UnusableStateError: The event could not be stored.

        """
        if self._defect is not None:
            raise self._defect
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
        while self._alive:
            await self._changed.wait()
            self._changed.clear()
        strays.kill(f"{self._folder.run(self._record.key.name)}/")

    @property
    def _alive(self) -> int:
        return sum(attempt.alive for attempt in self._attempts.values())

    def _find_attempts(self) -> None:
        """Take over the attempts of an earlier runner, if there was one."""
        record = self._record
        for stored in self._store.attempts(record.key.name):
            work = self._definition.tasks[stored.task].work
            try:
                attempt = self._carriers[type(work)].find(stored, work)
            except FileNotFoundError:
                self._store.forget_attempt(record.key.name, stored)
            else:
                self._attempts[stored.task, stored.number] = attempt

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
        now = datetime.now(UTC)
        records = [record_of(start, self._definition.tasks[start.task], now) for start in starts]
        self._store.add_attempts(key.name, records, now)
        for start, record in zip(starts, records, strict=True):
            self._task_logs.setdefault(start.task, TaskLog())
            self._evaluated.pop(start.task, None)  # the attempt has them from now on
            self._launch(start, record)

    async def _ask(self, questions: Sequence[Evaluate]) -> None:
        for each in questions:
            self._obstacles.pop(each.task, None)
        try:
            self._evaluated.update(await self._values(questions))
        except NoAnswerError as error:
            self._obstacles.update(no_answer(questions, error, datetime.now(UTC)))
        self._changed.set()  # the engine must see it, and nothing else will happen

    async def _values(self, questions: Sequence[Evaluate]) -> dict[str, Evaluated]:
        """Return the values of a task's first attempt; for new tasks, evaluate."""
        known = {
            each.task: recorded(each, attempt.record.env, attempt.record.fields)
            for each in questions
            if (attempt := self._attempts.get((each.task, 1))) is not None
        }
        new = [each for each in questions if each.task not in known]
        return {**known, **await answers(self._evaluate, new)}

    def _launch(self, start: StartAttempt[Work], record: AttemptRecord) -> None:
        carrier = self._carriers[type(start.work)]
        attempt = self._attempts[record.task, record.number] = carrier.make(record, start.work)
        carrier.launch(attempt, start)
        self._changed.set()  # the engine must see it, since its clocks run from now on

    def _tasks(self) -> dict[str, ObservedTask]:
        made: dict[str, list[LocalAttempt]] = {}
        for (task, _), attempt in self._attempts.items():
            made.setdefault(task, []).append(attempt)
        return {
            name: ObservedTask(
                log,
                made[name][-1].sighting() if name in made else None,
                frozenset(
                    attempt.record.number for attempt in made.get(name, ())[:-1] if attempt.alive
                ),
            )
            for name, log in self._task_logs.items()
        }


def _slots(total: int | None) -> Slots | None:
    message = f"all {total} slots are taken (--max-parallel)"
    return Slots(total, message) if total is not None else None
