"""
Takes messages of a topic in batches into a store, and commits offsets behind it.

Knows bounds and the order of steps. Offsets in the store come before those of the group: after a
crash between the two, nothing is stored twice and nothing is left out.
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brokers import sentence
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from stores import Row, Store
from task_contract import CheckFailed, TryAgain, info, progress

AT_ONCE = 500
LOOK_SECONDS = 0.1
"""How long a look waits for more: the library waits so long unless it has all it may give."""
MOST_HELD = 16 * 1024 * 1024
"""Bytes of values: as rows they take some times as much memory."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When it is enough."""

    messages: int
    seconds: int
    until_end: bool
    batch: int
    flush_seconds: float


@dataclass
class Intake:
    """One run of a consumer over all partitions of a topic."""

    consumer: Any
    store: Store
    topic: str
    form: str
    timeout: int
    taken: int = 0
    size: int = 0
    _next: dict[int, int] = field(default_factory=dict)
    _pending: dict[int, list[Row]] = field(default_factory=dict)
    _since: float = 0.0
    _held: int = 0
    """How many bytes wait for their batch."""

    def begin(self, partitions: list[int], begin: str) -> None:
        """
        Go to where the store, else the group, else a beginning is.

        Raises:
            CheckFailed: Messages in between are gone.

        """
        committed = self._committed(partitions)
        for number in partitions:
            asked = TopicPartition(self.topic, number)
            low, high = self.consumer.get_watermark_offsets(asked, timeout=self.timeout)
            stored = self.store.position(self.topic, number)
            known = max(
                (each for each in (stored, committed.get(number)) if each is not None), default=None
            )
            if known is None:
                known = low if begin == "earliest" else high
            if not low <= known <= high:
                raise CheckFailed(
                    f"partition {number} of {self.topic} has offsets {low} to {high}, and {known}"
                    " is the next one: messages were removed, or the topic was made anew; take"
                    " another group, and another place for the messages"
                )
            self._next[number] = known
        # Also before the first message: with `latest`, a second run must not begin behind it.
        self._commit()
        self.consumer.assign([TopicPartition(self.topic, *each) for each in self._next.items()])

    def run(self, bounds: Bounds) -> None:
        """Take messages until it is enough."""
        began = self._since = time.monotonic()
        left = set(self._next)
        while self.taken < bounds.messages and (left or not bounds.until_end):
            if time.monotonic() - began >= bounds.seconds:
                info(f"stopped after {bounds.seconds}s, as maxSeconds says")
                break
            for message in self.consumer.consume(
                min(AT_ONCE, bounds.messages - self.taken), LOOK_SECONDS
            ):
                self._take(message, left)
            waiting = sum(map(len, self._pending.values()))
            due = time.monotonic() - self._since >= bounds.flush_seconds
            if waiting >= bounds.batch or self._held >= MOST_HELD or (waiting and due):
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Store what was taken, then commit its offsets."""
        self._since = time.monotonic()
        if not self._pending:
            return
        self.store.save(self.topic, self._pending)
        self._next |= {number: rows[-1]["offset"] + 1 for number, rows in self._pending.items()}
        self._pending, self._held = {}, 0
        self._commit()
        progress(self.taken, what="messages")

    def lag(self) -> int:
        """Return how many offsets are left now."""
        ends = (
            self.consumer.get_watermark_offsets(
                TopicPartition(self.topic, each), timeout=self.timeout
            )
            for each in self._next
        )
        return sum(end[1] - at for end, at in zip(ends, self._next.values(), strict=True))

    def _take(self, message: Any, left: set[int]) -> None:
        error = message.error()
        if error is None:
            row = row_of(message, self.form)
            self._pending.setdefault(message.partition(), []).append(row)
            self.taken += 1
            self.size += len(message.value() or b"")
            self._held += len(message.value() or b"")
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's own name
            left.discard(message.partition())
        elif not error.retriable():
            raise sentence(error)

    def _committed(self, partitions: list[int]) -> Mapping[int, int]:
        asked = [TopicPartition(self.topic, each) for each in partitions]
        try:
            found = self.consumer.committed(asked, timeout=self.timeout)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return {}
            raise
        return {each.partition: each.offset for each in found if each.offset >= 0}

    def _commit(self) -> None:
        offsets = [TopicPartition(self.topic, *each) for each in self._next.items()]
        for each in self.consumer.commit(offsets=offsets, asynchronous=False):
            if each.error is not None:
                raise TryAgain(f"offsets cannot be committed: {each.error.str()}")


def row_of(message: Any, form: str) -> Row:
    """
    Return a message as values of JSON.

    Raises:
        CheckFailed: It has another form.

    """
    place = f"{message.topic()}, partition {message.partition()}, offset {message.offset()}"
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "time": message.timestamp()[1],
        "key": _plain(message.key()),
        "value": _value(message.value(), form, place),
        "headers": [[name, _plain(value)] for name, value in message.headers() or ()],
    }


def _value(data: bytes | None, form: str, place: str) -> Any:
    if data is None:
        return None
    if form == "bytes":
        return base64.b64encode(data).decode()
    try:
        return data.decode() if form == "text" else json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CheckFailed(f"{place}: it is no {form}: {error}; correct format") from error


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _plain(data: bytes | None) -> str | None:
    """Return text, or base64 of what is none."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(data).decode()}"
