"""
The questions of a task's items to somebody at this machine: each is asked and answered by itself.

Knows which items were asked about. Knows no terminal, and no clock.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from headrace.engine.definition.work import Approval, Approvals
from headrace.engine.places import Places
from headrace.engine.task.actions import StartAttempt
from headrace.engine.task.each import asked_for, own
from headrace.engine.task.item_children import AllItems, together
from headrace.engine.task.observed import Sighting
from headrace.local.question import OpenQuestion, QuestionAttempt
from headrace.local.records import AttemptRecord, ItemQuestion


class QuestionsAttempt:
    """
    The attempt of a task that asks for each item.

    Args:
        record: The stored record.
        on_answer: Called before an answer counts: it must be stored first.
        on_change: Called when a question is withdrawn.

    """

    def __init__(
        self,
        record: AttemptRecord,
        on_answer: Callable[[QuestionAttempt], None],
        on_change: Callable[[], None],
    ) -> None:
        assert record.each is not None  # noqa: S101 - its carrier stored it
        self.record = record
        self._each = record.each
        self._on_answer = on_answer
        self._on_change = on_change
        self._asked = {
            index: self._question(index, each) for index, each in self._each.questions.items()
        }

    @property
    def alive(self) -> bool:
        """Nothing of it runs."""
        return False

    def open(self) -> Iterator[OpenQuestion]:
        """Yield the questions that somebody can answer."""
        for index, asked in self._asked.items():
            if asked.open is not None:
                yield replace(asked.open, item=index)

    def take(self, known: Mapping[int, ItemQuestion]) -> None:
        """Take the answers that somebody has written into the store."""
        for index, each in known.items():
            if each.answer is not None and index in self._asked:
                self._asked[index].answer(each.answer)

    def at(self, index: int | None) -> QuestionAttempt | None:
        """Return the question about an item."""
        return None if index is None else self._asked.get(index)

    def more(
        self,
        start: StartAttempt[Approvals],
        store: Callable[[AttemptRecord, Mapping[int, ItemQuestion]], None],
    ) -> None:
        """Ask about the items that start, once that is stored."""
        now, asked = datetime.now(UTC), self._each.asked
        assert asked is not None  # noqa: S101 - its carrier stored it
        new = {
            index: ItemQuestion(
                now, asked_for(Approval(asked), own(self._each.given, index), now).asked
            )
            for index in start.work.begin
            if index not in self._asked
        }
        store(self.record, new)
        self._asked |= {index: self._question(index, each) for index, each in new.items()}

    def terminate(self) -> None:
        """Withdraw its questions: the task has ended."""
        self.end(None)

    def end(self, items: Places | None) -> None:
        """Withdraw the questions about some items; None: about all."""
        for index, asked in self._asked.items():
            if items is None or index in items:
                asked.terminate()

    def kill(self) -> None:
        """Withdraw the questions for this runner; another one asks again."""
        for asked in self._asked.values():
            asked.kill()

    def sighting(self) -> Sighting:
        """Return its sighting."""
        record, now = self.record, datetime.now(UTC)
        shown = {index: asked.sighting() for index, asked in self._asked.items()}
        all_ = AllItems(self._each.total, record.created, self._each.digest)
        return together(record.number, all_, shown, now)

    def _question(self, index: int, known: ItemQuestion) -> QuestionAttempt:
        record = replace(
            self.record,
            created=known.created,
            asked=known.asked,
            answer=known.answer,
            each=None,
            index=index,
        )
        return QuestionAttempt(record, self._on_answer, self._on_change)
