"""
The carriers of this machine: one line of the table for each kind of work.

Knows how to start an attempt, and how to take one over from an earlier runner. Decides nothing
about tasks.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from headrace.engine.definition.work import (
    Approval,
    Approvals,
    ChildRun,
    ChildRuns,
    Container,
    FanOut,
    Timer,
    Timers,
    Work,
)
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.observed import Sighting, TaskLog
from headrace.local.attempt import LiveAttempt
from headrace.local.called_run import CalledRun
from headrace.local.each_carriers import CalledRunsCarrier, QuestionsCarrier, TimersCarrier
from headrace.local.item_programs import ItemPrograms
from headrace.local.items import FanOutAttempt
from headrace.local.process import grace_seconds
from headrace.local.question import QuestionAttempt
from headrace.local.reach import Reach
from headrace.local.records import AttemptRecord
from headrace.local.supervision import CannotStartError
from headrace.local.timer import TimerAttempt
from headrace.manifests.names import job_name


class LocalAttempt(Protocol):
    """An attempt of any kind on this machine."""

    @property
    def record(self) -> AttemptRecord:
        """Its stored record."""

    @property
    def alive(self) -> bool:
        """Whether a process of it still runs."""

    def terminate(self) -> None:
        """Ask it to end; after a grace period, kill it."""

    def kill(self) -> None:
        """Kill it now."""

    def sighting(self) -> Sighting:
        """Return its sighting."""


class Carrier(Protocol):
    """Creates the attempts of one kind of work, and takes them over."""

    def make(self, record: AttemptRecord, work: Any) -> LocalAttempt:
        """Return the attempt of a new record; it does not run yet."""

    def launch(self, attempt: Any, start: StartAttempt[Any]) -> None:
        """Start an attempt, or more of its items. If it cannot start, it has ended with why."""

    def find(self, record: AttemptRecord, work: Any) -> LocalAttempt:
        """
        Take over an attempt of an earlier runner.

        Raises:
            FileNotFoundError: if it was never started.

        """


class ProcessCarrier:
    """Carries a container's program as a process, or in a container of podman or docker."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: Container) -> LiveAttempt:
        """Return the attempt of a record, with the grace period of its task."""
        reach = self._reach
        files = reach.folder.attempt(reach.run.key.name, record.task, record.number)
        grace = grace_seconds(work.body.termination_grace_period_seconds)
        return LiveAttempt(record, files, reach.on_forced_end, reach.on_change, grace)

    def launch(self, attempt: LiveAttempt, start: StartAttempt[Container]) -> None:
        """Start its program."""
        reach = self._reach
        files = reach.folder.attempt(reach.run.key.name, start.task, start.number)
        try:
            files.folder.mkdir(parents=True, exist_ok=True)
            program = reach.launcher.program(start, files)
        except (CannotStartError, OSError) as error:
            attempt.refuse(str(error))
        else:
            attempt.start(program)

    def find(self, record: AttemptRecord, work: Container) -> LiveAttempt:
        """Take over its process."""
        attempt, run = self.make(record, work), self._reach.run
        name = job_name(run.key.name, run.uid, record.task, record.number)
        attempt.find(self._reach.launcher.removal(name))
        return attempt


class TimerCarrier:
    """Carries a wait: its record says all."""

    def __init__(self, reach: Reach) -> None:
        """Let waits take their time, unless they are left out."""
        self._left_out = reach.no_wait

    def make(self, record: AttemptRecord, work: Timer) -> TimerAttempt:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record."""
        return TimerAttempt(record, record.created if self._left_out else None)

    def launch(self, attempt: TimerAttempt, start: StartAttempt[Timer]) -> None:
        """Do nothing: time passes by itself."""

    def find(self, record: AttemptRecord, work: Timer) -> TimerAttempt:  # noqa: ARG002 - the protocol's
        """Go on with a wait, or leave out the rest of it."""
        return TimerAttempt(record, datetime.now(UTC) if self._left_out else None)


class ItemsCarrier:
    """Carries items: each is a process, or a container, of its own. A slot starts it."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: FanOut) -> FanOutAttempt:
        """Return the attempt of a record; its items wait for slots."""
        programs = ItemPrograms(record, self._reach)
        return FanOutAttempt(record, programs, work.max_parallel, self._reach.on_change)

    def launch(self, attempt: FanOutAttempt, start: StartAttempt[FanOut]) -> None:
        """Do nothing: its items wait for slots."""

    def find(self, record: AttemptRecord, work: FanOut) -> FanOutAttempt:
        """Take over its items. Those that never started wait for slots."""
        attempt = self.make(record, work)
        open_ = _open_items(self._reach.log_of(record.task), record)
        attempt.find(open_, narrow=self._reach.pools and work.body.pool is not None)
        return attempt


def _open_items(log: TaskLog, record: AttemptRecord) -> Places:
    """Return the items of an attempt that have not ended by the log."""
    assert record.items is not None  # noqa: S101 - the carrier stored them
    judged = log.items is not None and log.count == record.number
    return log.items.open if log.items is not None and judged else record.items.todo


class CalledRunCarrier:
    """Carries the call of a workflow as a run in this process."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: ChildRun) -> CalledRun:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record; its run does not exist yet."""
        return CalledRun(record)

    def launch(self, attempt: CalledRun, start: StartAttempt[ChildRun]) -> None:
        """Create its run."""
        attempt.world = self._reach.call(start, None)

    def find(self, record: AttemptRecord, work: ChildRun) -> CalledRun:
        """Take over its run."""
        attempt = self.make(record, work)
        attempt.world = self._reach.find_called(record.task, record.number)
        return attempt


class QuestionCarrier:
    """Carries a question to people: its record says what is asked."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: Approval) -> QuestionAttempt:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record."""
        return QuestionAttempt(record, self._reach.on_answer, self._reach.on_change)

    def launch(self, attempt: QuestionAttempt, start: StartAttempt[Approval]) -> None:
        """Do nothing: it waits for somebody."""

    def find(self, record: AttemptRecord, work: Approval) -> QuestionAttempt:
        """Ask again, or keep the answer."""
        return self.make(record, work)


def carriers(reach: Reach) -> Mapping[type[Work], Carrier]:
    """Return the carrier of each kind of work."""
    return {
        Container: ProcessCarrier(reach),
        FanOut: ItemsCarrier(reach),
        Timer: TimerCarrier(reach),
        ChildRun: CalledRunCarrier(reach),
        Approval: QuestionCarrier(reach),
        Timers: TimersCarrier(reach),
        ChildRuns: CalledRunsCarrier(reach),
        Approvals: QuestionsCarrier(reach),
    }
