"""
Stories in ticks: do something, let the controller look, assert, again.

After every tick the invariants are checked, and that looking once more changes nothing. Nothing
here waits: time is what the story says.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.compile import Definition
from headrace.engine.outcome import Outcome
from headrace.engine.run.decide import Decision, decide
from headrace.engine.run.observed import ObservedRun, RunKey, RunKind, RunLog
from headrace.engine.task.actions import Action
from headrace.engine.task.observed import Attempt, TaskLog
from support.builders import at
from support.fake_cluster import (
    CrashError,
    FakeCluster,
    FakeJob,
    FakeRun,
    FakeTaskRun,
    LostAnswerError,
)
from support.fake_world import StaleError
from support.invariants import Invariants
from support.memory_stage import MemoryStage

SOON = 5
"""After so many looks at one moment there must be nothing left to do."""


class RestlessError(AssertionError):
    """The controller writes again and again although nothing happens."""


class Stage(Protocol):
    """A cluster, and a controller's world over it."""

    @property
    def cluster(self) -> FakeCluster:
        """What survives a crash of the controller, or what has the ways of a `FakeCluster`."""

    def add_run(self, definition: Definition | None, name: str, **fields: Any) -> FakeRun:
        """Let somebody create a run."""

    def add_workflow(self, name: str, definition: Definition) -> None:
        """Let somebody create a workflow that tasks can call."""

    def add_task_run(self, name: str) -> FakeRun:
        """Let somebody create a TaskRun on its own, and return it as a run."""

    def observe(self, run: FakeRun) -> ObservedRun | None:
        """Return what the world shows of a run."""

    def look(self, run: FakeRun) -> datetime | None:
        """Give a run a turn; return when the controller wants to look again."""

    def apply(self, run: FakeRun, actions: Sequence[Action]) -> None:
        """Ask the world for actions that no turn has decided upon."""

    def held(self, pool: str) -> int:
        """Return how many slots of a pool are held, as the controller counts them."""

    def due(self, run: FakeRun) -> datetime | None:
        """Return when the world has asked for a look at a run, in its last turn."""

    def restart(self) -> None:
        """End the controller's process and start another."""

    def wait_until(self, moment: datetime) -> None:
        """Let time pass."""


class Noted:
    """A stage on which all that the world shows is noted."""

    def __init__(self, stage: Stage, note: Callable[[ObservedRun | None], None]) -> None:
        self._stage = stage
        self._note = note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)

    def observe(self, run: FakeRun) -> ObservedRun | None:
        """Return what the world shows of a run."""
        shown = self._stage.observe(run)
        self._note(shown)
        return shown


class Story:
    """A controller, a cluster in memory, and one run to look at."""

    look_again: datetime | None = None
    """When the controller has asked to look again."""

    def __init__(
        self,
        definition: Definition | None,
        name: str = "etl-1",
        *,
        stage: Stage | None = None,
        **fields: Any,
    ) -> None:
        self.stage = stage or MemoryStage()
        self.cluster = self.stage.cluster
        self.run = self.another_run(definition, name, **fields)
        self.invariants = Invariants(self.cluster)
        self._began = self.cluster.now

    @classmethod
    def of(cls, stage: Stage, key: RunKey) -> "Story":
        """Return the story of a run that is on a stage already."""
        story = cls.__new__(cls)
        story.stage, story.cluster = stage, stage.cluster
        story.run = stage.cluster.runs[key]
        story.invariants = Invariants(story.cluster)
        story._began = story.cluster.now  # noqa: SLF001 - its own
        return story

    def another_run(self, definition: Definition | None, name: str, **fields: Any) -> FakeRun:
        """Let somebody create a run."""
        return self.stage.add_run(definition, name, **fields)

    # --- the controller -----------------------------------------------------------------------

    def tick(self, run: FakeRun | None = None) -> None:
        """Let the controller look until there is nothing left to do at this moment."""
        run = run or self.run
        self._decides_the_same_twice(run)
        looks, steps = 0, _steps(run)
        while looks < SOON:
            before = len(self.cluster.writes)
            self.look_again = self.stage.look(run)
            self.invariants.check(run, self.look_again)
            self.look_again = earliest(self.look_again, self.stage.due(run))
            at_once = self.look_again is not None and self.look_again <= self.cluster.now
            if len(self.cluster.writes) == before and not at_once:
                self.invariants.settled(run, self.look_again)
                return
            # What starts or ends may let another task start: a chain of waits that are over
            # takes a look for each. There are only so many tasks.
            looks, steps = (looks + 1 if _steps(run) == steps else 0), _steps(run)
        raise RestlessError(self.cluster.writes[-SOON:])

    def tick_all(self) -> None:
        """Let the controller look at all runs until there is nothing left to do at this moment."""
        for _ in range(SOON):
            before, moments = len(self.cluster.writes), []
            for run in tuple(self.cluster.runs.values()):
                self.tick(run)
                moments.append(self.look_again)
            self.look_again = earliest(*moments)
            if len(self.cluster.writes) == before:
                return
        raise RestlessError(self.cluster.writes[-SOON:])

    def pass_all(self, times: int, seconds: float = 1) -> None:
        """Let time pass, so many times; the controller looks at all runs after each."""
        for _ in range(times):
            self.stage.wait_until(self.cluster.now + timedelta(seconds=seconds))
            self.tick_all()

    def called(self, task: str, run: FakeRun | None = None) -> FakeRun:
        """Return the run that a task's newest attempt has called."""
        record = (run or self.run).task_runs[task]
        return record.called[max(record.called)]

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the controller looks whenever it has asked to, and at the end."""
        end = self.cluster.now + timedelta(seconds=seconds)
        while self.look_again is not None and self.look_again < end:
            self.stage.wait_until(self.look_again)
            self.tick()
        self.stage.wait_until(end)
        self.tick()

    def restart(self) -> None:
        """End the controller's process and start another."""
        self.stage.restart()

    def decision(self, run: FakeRun | None = None) -> Decision:
        """Return what would be decided now."""
        observed = self.stage.observe(run or self.run)
        assert observed is not None
        return decide(observed, self.cluster.now)

    def _decides_the_same_twice(self, run: FakeRun) -> None:
        """Law 1, and invariant 11: one observation has one decision."""
        assert self.decision(run) == self.decision(run)

    # --- what happens -------------------------------------------------------------------------

    def begin(self, *tasks: str) -> None:
        """Let programs run."""
        for task in tasks:
            self.cluster.begin(self.job(task))
        self.tick()

    def succeed(self, *tasks: str, output: str = "") -> None:
        """Let programs end well."""
        for task in tasks:
            self.cluster.end(self.job(task), output=output)
        self.tick()

    def fail(self, *tasks: str, code: int | None = 1, reason: Reason | None = None) -> None:
        """Let programs end badly."""
        for task in tasks:
            self.cluster.end(self.job(task), code, **({"reason": reason} if reason else {}))
        self.tick()

    def answer(self, task: str, choice: str, by: str = "alice", comment: str = "") -> None:
        """Let somebody answer the question of a task."""
        self.cluster.answer(self.job(task), choice, by, comment)
        self.tick()

    def stall(self, task: str, waiting: Reason | None, message: str = "") -> None:
        """Keep a program from running."""
        self.cluster.stall(self.job(task), waiting, message)
        self.tick()

    def steer(self, desired: DesiredState) -> None:
        """Let somebody change what is wanted of the run."""
        self.cluster.steer(self.run, desired)
        self.tick()

    # --- what is to be seen -------------------------------------------------------------------

    @property
    def status(self) -> RunLog:
        """Return what the run's status says."""
        return self.run.log

    def at(self, seconds: float) -> datetime:
        """Return a moment, in seconds after the story's begin."""
        return self._began + timedelta(seconds=seconds)

    @property
    def told(self) -> tuple[bool | None, Reason]:
        """Return the run's Succeeded condition: yes, no or not yet, and the reason."""
        return self.run.log.succeeded, self.run.log.reason

    @property
    def alive(self) -> set[str]:
        """Return the tasks of which something runs and is not being removed."""
        jobs = {name: record.jobs.values() for name, record in self.run.task_runs.items()}
        return {
            name
            for name, made in jobs.items()
            if any(job.sighting.alive and not job.sighting.leaving for job in made)
        }

    @property
    def outcomes(self) -> dict[str, Outcome | None]:
        """Return how the tasks that started ended, as their TaskRuns say."""
        return {name: record.log.outcome for name, record in self.run.task_runs.items()}

    @property
    def jobs_made(self) -> dict[tuple[str, int], int]:
        """Return how many Jobs were made for each attempt of each task."""
        made = self.cluster.jobs_made.items()
        return {(task, number): n for (uid, task, number), n in made if uid == self.run.uid}

    def record(self, task: str) -> FakeTaskRun:
        """Return a task's TaskRun."""
        return self.run.task_runs[task]

    def log(self, task: str) -> TaskLog:
        """Return what a TaskRun's status says."""
        return self.record(task).log

    def attempt(self, task: str) -> Attempt:
        """Return the newest attempt in a TaskRun's status."""
        return self.log(task).attempts[-1]

    def job(self, task: str) -> FakeJob:
        """Return the Job of a task's newest attempt."""
        return self.record(task).newest()

    def pod(self, task: str) -> str | None:
        """Return the name of the pod of a task's newest attempt."""
        instance = self.job(task).sighting.where.instance
        return None if instance is None else instance.name

    def reason(self, task: str) -> Reason:
        """Return the reason of a TaskRun's Succeeded condition."""
        return self.log(task).reason

    def attention(self) -> dict[str, Reason]:
        """Return what needs somebody's attention."""
        return {each.task: each.reason for each in self.run.log.attention}


def in_memory_only(because: str) -> pytest.MarkDecorator:
    """Keep a scenario off the stage of a cluster, because of what it is about."""
    assert because
    return pytest.mark.parametrize("new_story", ["memory"], indirect=True)


def _steps(run: FakeRun) -> int:
    """Count the starts and ends of tasks that are on record."""
    records = run.task_runs.values()
    return len(records) + sum(each.log.outcome is not None for each in records)


def turn(story: Story) -> None:
    """Let the controller look; start it again when it ends."""
    try:
        story.tick()
    except CrashError:
        story.restart()
        turn(story)
    except (LostAnswerError, StaleError):
        turn(story)


NewStory = Callable[..., Story]
"""Begins a story on some stage."""


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of some moments, if there is any."""
    return min((each for each in moments if each is not None), default=None)


def alone(definition: Definition) -> Story:
    """Return the story of a TaskRun on its own."""
    (name,) = definition.tasks
    story = Story(None, name="unused")
    story.cluster.runs.clear()
    key = RunKey("default", name, RunKind.TASK_RUN)
    run = FakeRun(key, f"uid-{name}", definition, at(0), workflow="")
    run.task_runs[name] = FakeTaskRun()
    story.cluster.runs[key] = story.run = run
    return story
