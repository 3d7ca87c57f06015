"""The template `kafka`: its program against a broker of the test (kfake), killed and repeated."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.certificates import Certificates
from support.kfake import broker
from support.postgres import NetPostgres
from task_images.canary import VALUE, Canary
from task_images.forking import Fork, Forked
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.programs import IMAGES, Ended, called

CALLS = r"^(__main__|consuming|producing|stores|brokers)\.|^os\.(replace|fsync)"
COUNT = 60


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    """Return the address of a broker with topics of three partitions."""
    topics = (*(f"t{number}" for number in range(64)), "orders", "odd", "hostile")
    with broker(*(f"{topic}:3" for topic in topics)) as address:
        yield address


@pytest.fixture
def kafka(forked: Fork, tmp_path: Path) -> Forked:
    return forked("kafka", tmp_path)


def lines_in(folder: Path, count: int = COUNT) -> Path:
    """Write a file with lines to send."""
    file = folder / "lines.jsonl"
    file.write_text("".join(f'{{"id": "{number}"}}\n' for number in range(count)))
    return file


def send(program: Forked, servers: str, topic: str, folder: Path, run: str = "r") -> Ended:
    """Send lines to a topic."""
    given = {"servers": servers, "topic": topic, "action": "produce", "keyField": "id"}
    about = {"HEADRACE_RUN": run, "HEADRACE_TASK": topic}
    return program.run({**given, "files": str(lines_in(folder))}, about)


def stored(folder: Path) -> list[dict[str, Any]]:
    """Return all messages in files."""
    assert [] == list(folder.rglob("*.part"))
    return [json.loads(line) for file in folder.rglob("*.jsonl") for line in file.open()]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return sorted(int(each["value"]["id"]) for each in rows)


def test_lines_are_sent_and_stored_once(kafka: Forked, servers: str, tmp_path: Path) -> None:
    """Also where both tasks run again; a file's name tells its offsets."""
    for _ in range(2):
        done = send(kafka, servers, "orders", tmp_path)
        assert (0, COUNT) == (done.code, done.outputs["messages"]), done
    given = {"servers": servers, "topic": "orders", "saveTo": "in", "batchMessages": 10}
    first = kafka.run({**given, "maxMessages": 25})
    assert (0, 25, COUNT - 25) == (first.code, first.outputs["messages"], first.outputs["lag"] - 3)
    rest = kafka.run(given)
    assert (0, COUNT - 25) == (rest.code, rest.outputs["messages"]), rest
    assert (0, 0) == ((again := kafka.run(given)).code, again.outputs["messages"])
    assert list(range(COUNT)) == ids(stored(tmp_path / "in"))
    for file in (tmp_path / "in").rglob("*.jsonl"):
        offsets = [json.loads(line)["offset"] for line in file.open()]
        assert [offsets[0], offsets[-1]] == [int(each) for each in file.stem.split("-")]


def test_a_consumer_killed_anywhere_stores_each_message_once(
    killed: Killed, kafka: Forked, servers: str, tmp_path: Path
) -> None:
    send(kafka, servers, "t0", tmp_path)

    def fresh(number: int) -> dict[str, Any]:
        place = {"saveTo": f"in{number}", "group": f"files-{number}"}
        return {"servers": servers, "topic": "t0", "batchMessages": 8, **place}

    def check(number: int, _done: Ended) -> None:
        assert list(range(COUNT)) == ids(stored(tmp_path / f"in{number}"))

    killed("kafka", tmp_path, fresh, check, calls=CALLS)


def test_a_consumer_killed_anywhere_has_each_row_once(
    killed: Killed, kafka: Forked, servers: str, tmp_path: Path, postgres_server: NetPostgres
) -> None:
    send(kafka, servers, "t1", tmp_path)
    open_url = postgres_server.new_database()
    url = open_url.replace("@", f":{quote(VALUE, safe='')}@")
    place = {"servers": servers, "topic": "t1", "batchMessages": 8, "database": url}

    def fresh(number: int) -> dict[str, Any]:
        return {**place, "table": f"orders{number}", "group": f"rows-{number}"}

    def check(number: int, _done: Ended) -> None:
        counts = "count(*), count(DISTINCT value)"
        database = url.rpartition("/")[2].partition("?")[0]
        found = postgres_server.query(database, f"SELECT {counts} FROM orders{number}")  # noqa: S608
        assert [str(COUNT), str(COUNT)] == found.replace("|", " ").split()

    killed("kafka", tmp_path, fresh, check, calls=CALLS)


def test_a_producer_killed_anywhere_has_sent_each_line_once(
    killed: Killed, kafka: Forked, servers: str, tmp_path: Path
) -> None:
    files = str(lines_in(tmp_path))
    given = {"servers": servers, "action": "produce", "batchMessages": 20, "files": files}

    def fresh(number: int) -> dict[str, Any]:
        return {**given, "topic": f"t{20 + number}"}

    def check(number: int, _done: Ended) -> None:
        place = f"sent{number}"
        kafka.run({"servers": servers, "topic": f"t{20 + number}", "saveTo": place, "group": place})
        assert list(range(COUNT)) == ids(stored(tmp_path / place))

    killed("kafka", tmp_path, fresh, check, calls=CALLS)


def test_hostile_texts_are_data(
    hostile: Hostile, kafka: Forked, servers: str, tmp_path: Path
) -> None:
    """As keys and values they arrive as they are; as names they are refused."""
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(f"{json.dumps({'k': each})}\n" for each in hostile.texts))
    place = {"servers": servers, "topic": "hostile"}
    sent = kafka.run({**place, "action": "produce", "files": str(file), "keyField": "k"})
    done = kafka.run({**place, "saveTo": "in"})
    rows = stored(tmp_path / "in")
    assert sorted(hostile.texts) == sorted(each["value"]["k"] for each in rows)
    assert all(each["key"] == each["value"]["k"] for each in rows)
    plain = {"servers": servers, "saveTo": "x", "timeoutSeconds": 1}
    names = kafka.run_all({**plain, "topic": each} for each in hostile.texts)
    wrong = kafka.run_all({**plain, "topic": "t0", "servers": each} for each in hostile.texts[:36])
    some = hostile.texts[::50]
    tables = kafka.run_all(
        {**plain, "saveTo": "", "topic": "t0", "table": each, "database": "sqlite://"}
        for each in some
    )
    files = kafka.run_all({**place, "action": "produce", "files": f"/n/{each}"} for each in some)
    hostile.check([sent, done, *names, *wrong, *tables, *files], hosts={"127.0.0.1"})


def test_not_json_is_told_with_its_place(kafka: Forked, servers: str, tmp_path: Path) -> None:
    """And nothing behind it is left out: the offsets are not committed."""
    (tmp_path / "lines").write_text("{}\nnot json\n")
    place = {"servers": servers, "topic": "odd"}
    kafka.run({**place, "action": "produce", "files": str(tmp_path / "lines")})
    done = kafka.run({**place, "saveTo": "in"})
    assert (3, True) == (done.code, "it is no json" in done.last), done
    assert (0, 2) == (
        (text := kafka.run({**place, "saveTo": "in", "format": "text"})).code,
        text.outputs["messages"],
    )


def test_odd_json_ends_with_a_sentence(kafka: Forked, servers: str, tmp_path: Path) -> None:
    """Lists in lists in lists; half a character, which no table can have."""
    for number, (text, more, says) in enumerate(
        (
            ("[" * 100_000, {"saveTo": "in"}, "it is no json"),
            ('"\\ud800"', {"table": "t", "database": "sqlite:///odd.db"}, "half a character"),
        )
    ):
        (tmp_path / "lines").write_text(f"{text}\n")
        place = {"servers": servers, "topic": f"t{5 + number}"}
        assert 0 == kafka.run({**place, "action": "produce", "files": str(tmp_path / "lines")}).code
        done = kafka.run({**place, **more})
        assert (3, True, "") == (done.code, says in done.last, done.errors), done


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no such topic": ({"topic": "nothing"}, 2, "create the topic"),
    "nobody is there": ({"servers": "127.0.0.1:1"}, 75, "the brokers are away"),
    "two places": ({"table": "x"}, 2, "give saveTo or table"),
    "a place that is a file": ({"saveTo": "/dev/null/x"}, 1, "make room, or correct saveTo"),
    "half of the credentials": ({"user": "a"}, 2, "give both or none"),
    "a CA without TLS": ({"ca": "x"}, 2, "need tls: true"),
    "no database": ({"saveTo": "", "table": "x"}, 2, "table needs database"),
    "no URL": ({"saveTo": "", "table": "x", "database": "x"}, 2, "database is no URL"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_parameters_end_with_a_sentence(
    kafka: Forked, servers: str, tmp_path: Path, case: str
) -> None:
    given, code, says = WRONG[case]
    send(kafka, servers, "t2", tmp_path)
    base = {"servers": servers, "topic": "t2", "saveTo": "in", "timeoutSeconds": 2}
    done = kafka.run({**base, "group": case.replace(" ", "-"), **given})
    assert (code, True, "") == (done.code, says in done.last, done.errors), done


def test_a_full_disk_leaves_no_half_file(
    python_of: Callable[[str], Path], kafka: Forked, servers: str, tmp_path: Path
) -> None:
    send(kafka, servers, "t3", tmp_path)
    limited = tmp_path / "limited.py"
    task = IMAGES / "kafka" / "task.py"
    limited.write_text(
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))\n"
        f"sys.path.insert(0, {str(task.parent)!r})\n"
        f"runpy.run_path({str(task)!r}, run_name='__main__')\n"
    )
    given = {"servers": servers, "topic": "t3", "saveTo": "in"}
    done = called(python_of("kafka"), limited, tmp_path, **given)
    assert (1, True) == (done.code, "make room" in done.last), done
    assert 0 == kafka.run(given).code
    assert list(range(COUNT)) == ids(stored(tmp_path / "in"))


@pytest.mark.parametrize("shown", ["valid", "expired"])
def test_a_password_and_a_certificate_are_checked_and_never_told(
    kafka: Forked, tmp_path: Path, canary: Canary, certificates: Certificates, shown: str
) -> None:
    tls = ("-cert", str(certificates.certificate(shown)), "-key", str(certificates.key(shown)))
    sasl = ("-user", "ann", "-password-file", str(canary.file))
    secrets = {"password_FILE": str(canary.file), "ca": certificates.ca.read_text()}
    with broker(*tls, *sasl, "t:1") as address:
        base = {"servers": address, "topic": "t", "saveTo": "in", "timeoutSeconds": 8}
        given = {**base, "tls": True, "user": "ann", **secrets}
        with canary.watched():
            done = kafka.run(given)
        canary.check(done, tmp_path)
        if shown == "expired":
            assert (1, True) == (done.code, "TLS fails" in done.last), done
            return
        assert 0 == done.code, done
        refused = kafka.run({**given, "user": "bob"})
        assert (2, True) == (refused.code, "refuse the credentials" in refused.last), refused
        stranger = kafka.run({**given, "ca": ""})
        assert 1 == stranger.code, stranger
