"""
The carriers of this machine for items without programs: waits, runs and questions.

Knows how to start more items of an attempt, and how to take them over from an earlier runner.
"""

from datetime import UTC, datetime

from headrace.engine.definition.work import Approvals, ChildRuns, Timers
from headrace.engine.task.actions import StartAttempt
from headrace.local.called_runs import CalledRuns
from headrace.local.item_questions import QuestionsAttempt
from headrace.local.reach import Reach
from headrace.local.records import AttemptRecord
from headrace.local.timers import TimersAttempt


class TimersCarrier:
    """Carries waits: their record says all."""

    def __init__(self, reach: Reach) -> None:
        """Let waits take their time, unless they are left out."""
        self._left_out = reach.no_wait

    def make(self, record: AttemptRecord, work: Timers) -> TimersAttempt:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record."""
        return TimersAttempt(record, record.created if self._left_out else None)

    def launch(self, attempt: TimersAttempt, start: StartAttempt[Timers]) -> None:
        """Do nothing: time passes by itself."""

    def find(self, record: AttemptRecord, work: Timers) -> TimersAttempt:  # noqa: ARG002 - the protocol's
        """Go on with the waits, or leave out the rest of them."""
        return TimersAttempt(record, datetime.now(UTC) if self._left_out else None)


class CalledRunsCarrier:
    """Carries the calls of a workflow as runs in this process."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: ChildRuns) -> CalledRuns:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record; its runs do not exist yet."""
        return CalledRuns(record, {})

    def launch(self, attempt: CalledRuns, start: StartAttempt[ChildRuns]) -> None:
        """Create the runs of the items that start."""
        attempt.more(start, self._reach.call)

    def find(self, record: AttemptRecord, work: ChildRuns) -> CalledRuns:  # noqa: ARG002 - the protocol's
        """Take over its runs."""
        total = record.each.total if record.each is not None else 0
        return CalledRuns(record, self._reach.find_items(record.task, record.number, total))


class QuestionsCarrier:
    """Carries questions about items to people."""

    def __init__(self, reach: Reach) -> None:
        """Work with these."""
        self._reach = reach

    def make(self, record: AttemptRecord, work: Approvals) -> QuestionsAttempt:  # noqa: ARG002 - the protocol's
        """Return the attempt of a record."""
        return QuestionsAttempt(record, self._reach.on_answer, self._reach.on_change)

    def launch(self, attempt: QuestionsAttempt, start: StartAttempt[Approvals]) -> None:
        """Ask about the items that start."""
        attempt.more(start, self._reach.on_asked)

    def find(self, record: AttemptRecord, work: Approvals) -> QuestionsAttempt:
        """Ask again, or keep the answers."""
        return self.make(record, work)
