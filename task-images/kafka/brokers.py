"""
Brokers of Kafka: the way there, and in one sentence what their errors mean.

Knows confluent-kafka's settings and error codes. Knows nothing of files and tables.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from task_contract import End, TryAgain, WrongInput

QUIET = logging.getLogger("librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
SHOWN = 300
SASL = "SASL authentication error"
ENOUGH = 5
_SERVERS = re.compile(r"[A-Za-z0-9.:\[\]-]+:[0-9]{1,5}(,[A-Za-z0-9.:\[\]-]+:[0-9]{1,5})*")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_REFUSED = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - the library's own names
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)
_WRONG = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.INVALID_GROUP_ID,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.MSG_SIZE_TOO_LARGE,
    }
)


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach brokers."""

    servers: str
    user: str = ""
    password: bytes | None = None
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = None
    timeout: int = 30
    heard: list[KafkaError] = field(default_factory=list)
    """Errors that are told beside an answer: why there is none."""

    def settings(self) -> dict[str, Any]:
        """
        Return the settings of a client.

        Raises:
            WrongInput: They do not fit together.

        """
        if _SERVERS.fullmatch(self.servers) is None:
            raise WrongInput("servers is no list of host:port; correct it")
        given = {"ssl.ca.pem": self.ca, "ssl.certificate.pem": self.certificate}
        given["ssl.key.pem"] = self.key
        if not self.tls and any(each is not None for each in given.values()):
            raise WrongInput("ca, certificate and key need tls: true; set it")
        if (self.password is None) != (not self.user):
            raise WrongInput("user and password belong together; give both or none")
        protocol = ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")
        made: dict[str, Any] = {
            "bootstrap.servers": self.servers,
            "security.protocol": protocol,
            "client.id": "headrace",
            "enable.metrics.push": False,
            "allow.auto.create.topics": False,
            "reconnect.backoff.max.ms": 1000,
            "logger": QUIET,
            "error_cb": self.heard.append,
        }
        made |= {name: each.decode() for name, each in given.items() if each is not None}
        if self.user:
            made |= {"sasl.mechanism": self.mechanism, "sasl.username": self.user}
            made["sasl.password"] = (self.password or b"").decode()
        return made


def made(way: Way, kind: Callable[[Mapping[str, Any]], Any], **more: Any) -> Any:
    """
    Return a client.

    Raises:
        WrongInput: A setting is refused.

    """
    named = {name.replace("_", "."): value for name, value in more.items()}
    try:
        return kind({**way.settings(), **named})
    except KafkaException as error:
        raise WrongInput(f"{words(error.args[0])}; correct the parameters") from error
    except (ValueError, TypeError, UnicodeError) as error:
        raise WrongInput(f"a parameter cannot be read: {error}; correct it") from error


def check_topic(name: str) -> None:
    """
    Check the name of a topic: it is also that of a folder.

    Raises:
        WrongInput: No topic can have it.

    """
    if _TOPIC.fullmatch(name) is None or name in (".", ".."):
        raise WrongInput(f"topic {name[:80]!r} is no name of a topic; correct it")


def partitions(client: Any, way: Way, topic: str) -> list[int]:
    """
    Return the numbers of a topic's partitions, once brokers have answered.

    Raises:
        End: They do not answer, refuse, or have no such topic.

    """
    end = time.monotonic() + way.timeout
    while True:
        try:
            found = client.list_topics(topic, timeout=min(2.0, way.timeout)).topics[topic]
        except KafkaException as error:
            client.poll(0)  # Only here the client tells why.
            reason = next(filter(_final, reversed(way.heard)), None) or _repeated(way.heard)
            if reason is not None or time.monotonic() >= end:
                last = way.heard[-1] if way.heard else error.args[0]
                raise sentence(reason or last) from error
            continue
        if found.error is not None:
            raise sentence(found.error, f"topic {topic}: ")
        return sorted(found.partitions)


def sentence(error: KafkaError, what: str = "") -> End:
    """Return what an error means for the task."""
    said = f"{what}{words(error)}"
    code = error.code()
    if code in _REFUSED or SASL in said:
        return WrongInput(
            f"the brokers refuse the credentials: {said}; correct user, password or ACL"
        )
    if _is_tls(error):
        return End(f"TLS fails: {said}; correct ca, or renew the certificate")
    if code in _WRONG:
        return WrongInput(f"{said}; correct the parameters, or create the topic")
    return TryAgain(f"the brokers are away: {said}")


def words(error: KafkaError) -> str:
    """Return what an error says, on one line and without addresses of memory."""
    return re.sub(r"^\[thrd:[^]]*\]: ", "", " ".join(error.str().split()))[:SHOWN]


def _repeated(heard: list[KafkaError]) -> KafkaError | None:
    """Return a refusal of brokers that hang up without a word; once may be a lost connection."""
    found = [each for each in heard if SASL in each.str()]
    return found[-1] if len(found) >= ENOUGH else None


def _final(error: KafkaError) -> bool:
    return error.code() in _REFUSED or _is_tls(error)


def _is_tls(error: KafkaError) -> bool:
    return error.code() == KafkaError._SSL or "SSL handshake failed" in error.str()  # noqa: SLF001
