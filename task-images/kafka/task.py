"""
The program of the template `kafka`: takes messages into files or a table, or sends lines of files.

Knows the parameters. Taking is `consuming`, sending `producing`, the way there `brokers`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from brokers import Way, check_topic, made, partitions, sentence
from confluent_kafka import Consumer, KafkaException, Producer
from consuming import Bounds, Intake
from producing import Delivery, lines_of
from stores import Files, Store, open_table
from task_contract import WrongInput, given, info, run, values_for, write_outputs

_GROUP = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters."""

    servers: str
    topic: str
    action: str = "consume"
    group: str = ""
    saveTo: str = ""  # noqa: N815 - the names of parameters
    table: str = ""
    database: bytes | None = None
    files: str = ""
    keyField: str = ""  # noqa: N815
    format: str = "json"
    begin: str = "earliest"
    untilEnd: bool = True  # noqa: N815
    maxMessages: int = 1_000_000  # noqa: N815
    maxSeconds: int = 600  # noqa: N815
    batchMessages: int = 10_000  # noqa: N815
    flushSeconds: float = 10.0  # noqa: N815
    user: str = ""
    password: bytes | None = None
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    timeoutSeconds: int = 30  # noqa: N815

    def way(self) -> Way:
        """Return how to reach the brokers."""
        return Way(
            self.servers,
            self.user,
            self.password,
            self.mechanism,
            self.tls,
            self.ca,
            self.certificate,
            self.key,
            max(1, self.timeoutSeconds),
        )


def main() -> None:
    """Do what the parameters say."""
    asked = values_for(Asked)
    verbs = {"consume": consume, "produce": produce}
    if asked.action not in verbs:
        raise WrongInput(f"action is {asked.action[:80]!r}; take consume or produce")
    check_topic(asked.topic)
    try:
        verbs[asked.action](asked)
    except KafkaException as error:
        raise sentence(error.args[0]) from error


def consume(asked: Asked) -> None:
    """Take messages into a store."""
    if min(asked.maxMessages, asked.batchMessages, asked.maxSeconds) < 1:
        raise WrongInput(
            "maxMessages, maxSeconds and batchMessages must be 1 or more; correct them"
        )
    about, way = given(), asked.way()
    item = "" if about.item is None else str(about.item.index)
    store = _store(asked)
    group = asked.group or _name("headrace", about.namespace, about.workflow, about.task, item)
    consumer = made(
        way,
        Consumer,
        group_id=group,
        enable_auto_commit=False,
        enable_partition_eof=True,
        auto_offset_reset="error",
        queued_max_messages_kbytes=32_768,
        fetch_wait_max_ms=100,  # The end of a partition is told after that.
    )
    try:
        numbers = partitions(consumer, way, asked.topic)
        intake = Intake(consumer, store, asked.topic, asked.format, way.timeout)
        intake.begin(numbers, asked.begin)
        bounds = (asked.maxMessages, asked.maxSeconds, asked.untilEnd)
        intake.run(Bounds(*bounds, asked.batchMessages, asked.flushSeconds))
        lag = intake.lag()
    finally:
        consumer.close()
    write_outputs(messages=intake.taken, bytes=intake.size, files=store.files, lag=lag)
    info(f"{intake.taken:,} messages of {asked.topic} are stored", lag=lag)


def produce(asked: Asked) -> None:
    """Send the lines of files."""
    if not asked.files:
        raise WrongInput("files is missing; give the path of a file, or a pattern")
    about, way = given(), asked.way()
    item = "" if about.item is None else str(about.item.index)
    # Never that of another run: it counts the lines of these files.
    group = _name(asked.group or "headrace-sent", about.namespace, about.run, about.task, item)
    consumer = made(way, Consumer, group_id=group, enable_auto_commit=False)
    producer = made(
        way,
        Producer,
        transactional_id=group,
        linger_ms=20,
        compression_type="lz4",
        queue_buffering_max_kbytes=65_536,
    )
    try:
        partitions(consumer, way, asked.topic)
        delivery = Delivery(producer, consumer, asked.topic, asked.keyField, way.timeout)
        delivery.run(lines_of(asked.files), max(1, asked.batchMessages))
    finally:
        consumer.close()
    write_outputs(messages=delivery.sent, bytes=delivery.size, files=0, lag=0)
    info(f"{delivery.sent:,} lines were sent to {asked.topic}")


def _store(asked: Asked) -> Store:
    if bool(asked.saveTo) == bool(asked.table):
        raise WrongInput("give saveTo or table, one of both: where the messages go")
    return open_table(asked.database, asked.table) if asked.table else Files(Path(asked.saveTo))


def _name(*words: str) -> str:
    return ".".join(_GROUP.sub("-", each) for each in words if each)


if __name__ == "__main__":
    run(main)
