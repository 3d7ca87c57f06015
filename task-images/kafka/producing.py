"""
Sends the lines of files to a topic: each once, also when it was killed in between.

Knows transactions. How many lines were sent is an offset of a group, committed together with them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from itertools import islice
from pathlib import Path
from typing import Any

from brokers import sentence
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from task_contract import TryAgain, WrongInput, info, progress

BATCH = 10_000


@dataclass
class Delivery:
    """The lines of some files, on their way to a topic."""

    producer: Any
    consumer: Any
    """Knows how many lines were sent."""
    topic: str
    key: str
    timeout: int
    sent: int = 0
    size: int = 0

    def run(self, lines: Iterator[bytes], batch: int = BATCH) -> None:
        """Send all lines that were not sent before."""
        self.producer.init_transactions(self.timeout)  # Ends what a killed attempt has begun.
        mark = TopicPartition(self.topic, 0)
        self.sent = done = self._before(mark)
        if done:
            info(f"{done:,} lines were sent by an earlier attempt")
        lines = islice(lines, done, None)
        while chunk := list(islice(lines, batch)):
            self._send(chunk, TopicPartition(self.topic, 0, self.sent + len(chunk)))
            self.sent += len(chunk)
            progress(self.sent, what="messages")

    def _before(self, mark: TopicPartition) -> int:
        try:
            (found,) = self.consumer.committed([mark], timeout=self.timeout)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return 0
            raise
        return max(0, found.offset)

    def _send(self, chunk: list[bytes], mark: TopicPartition) -> None:
        producer = self.producer
        wrong: list[KafkaError] = []
        producer.begin_transaction()
        for line in chunk:
            self._queue(line, lambda error, _message: error and wrong.append(error))
            self.size += len(line)
        producer.send_offsets_to_transaction(
            [mark], self.consumer.consumer_group_metadata(), self.timeout
        )
        if producer.flush(self.timeout) or wrong:
            producer.abort_transaction(self.timeout)
            if wrong:
                raise sentence(wrong[0])
            raise TryAgain(f"the brokers have not taken all messages within {self.timeout}s")
        producer.commit_transaction(self.timeout)

    def _queue(self, line: bytes, told: Any) -> None:
        key = key_of(line, self.key)
        while True:
            try:
                self.producer.produce(self.topic, line, key, on_delivery=told)
            except BufferError:
                self.producer.poll(1)
            else:
                return


def lines_of(pattern: str) -> Iterator[bytes]:
    """
    Return the lines of all files, in the order of their names.

    Raises:
        WrongInput: There is no file, or one cannot be read.

    """
    files = sorted(each for each in glob(pattern, recursive=True) if Path(each).is_file())  # noqa: PTH207
    if not files:
        raise WrongInput(f"there is no file {pattern[:200]!r}; correct files")
    try:
        for name in files:
            with Path(name).open("rb") as file:
                for line in file:
                    yield line.rstrip(b"\r\n")
    except OSError as error:
        raise WrongInput(f"{name} cannot be read: {error.strerror}; correct files") from error


def key_of(line: bytes, field: str) -> bytes | None:
    """
    Return the key of a line of JSON.

    Raises:
        WrongInput: It has none.

    """
    if not field:
        return None
    try:
        value = json.loads(line)[field]
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        shown = line[:80].decode(errors="replace")
        raise WrongInput(f"a line has no {field!r}: {shown!r}; correct keyField") from error
