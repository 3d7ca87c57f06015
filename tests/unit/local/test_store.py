"""What survives the runner: `headrace.local.store`."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.api.v1alpha1.approval import ApprovalRequest
from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.definition.expressions.results import as_text
from headrace.engine.outcome import Outcome
from headrace.engine.places import Places
from headrace.engine.run.observed import Counts, RunKey, RunLog, Watched
from headrace.engine.task.observed import Attempt, One, TaskLog
from headrace.local.records import (
    AttemptRecord,
    ForcedEnd,
    ItemsRecord,
    RunRecord,
    StoredAnswer,
)
from headrace.local.schema import ITEM_WORK, ITEMS, SCHEMA, VERSION
from headrace.local.store import Store, UnusableStateError

NOON = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ASKED = ApprovalRequest(message="Go on?", choices=("yes", "no"))
RUN = RunRecord(
    key=RunKey("default", "etl-1"),
    uid="uid",
    workflow="etl",
    created=NOON,
    spec='{"tasks":[]}',
    folder="/pipelines",
    params={"region": "eu", "count": 3, "fast": True},
    logical_time=NOON,
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    with Store(database) as store:
        yield store


def reopened(store: Store, database: Path) -> Store:
    """Return the store as the next runner finds it."""
    store.close()
    return Store(database)


def test_a_run_is_read_back_as_it_was_asked_for(store: Store, database: Path) -> None:
    """All of it, with the types of its parameters."""
    store.add_run(RUN)

    assert RUN == reopened(store, database).run("etl-1")


def test_a_text_that_is_no_valid_unicode_is_kept(store: Store, database: Path) -> None:
    """JSON in a manifest may hold half of a character."""
    odd = replace(RUN, params={"region": "\ud800\n'"})
    store.add_run(odd)

    assert odd == reopened(store, database).run("etl-1")


def test_logs_are_read_back_as_they_were_written(store: Store, database: Path) -> None:
    """To the microsecond: a difference would be a change, and be written again."""
    attempt = Attempt(1, created=NOON, finished=NOON, progress=One(2), reason=Reason.NON_ZERO_EXIT)
    log = TaskLog(
        attempts=(attempt,),
        count=1,
        user_failures=1,
        outcome=Outcome.FAILED,
        reason=Reason.NON_ZERO_EXIT,
        message="no",
        started=NOON,
        finished=NOON,
        outputs={"rows": 3},
        observed_generation=1,
    )
    run_log = RunLog(
        started=NOON,
        counts=Counts(total=2, running=1),
        positions="0",
        attention=(Watched("load", Reason.NON_ZERO_EXIT, "no", NOON),),
        observed_generation=1,
    )
    store.add_run(RUN)
    store.add_attempts("etl-1", [AttemptRecord("load", 1, NOON)], NOON)

    store.write_tasks("etl-1", {"load": log}, NOON)
    store.write_run("etl-1", run_log, NOON)

    again = reopened(store, database)
    assert {"load": log} == again.task_logs("etl-1")
    assert run_log == again.run_log("etl-1")


def test_attempts_are_kept_with_why_they_were_ended(store: Store, database: Path) -> None:
    """What a runner has begun to do to an attempt, the next one must know."""
    first, second = AttemptRecord("load", 1, NOON), AttemptRecord("load", 2, NOON, "512Mi", 60)
    forced_end = ForcedEnd(Reason.ATTEMPT_TIMEOUT, "too long")
    store.add_run(RUN)
    store.add_attempts("etl-1", [first], NOON)
    store.add_attempts("etl-1", [second], NOON)

    store.save_forced_end("etl-1", first, forced_end)

    again = reopened(store, database)
    assert [replace(first, forced_end=forced_end), second] == again.attempts("etl-1")
    assert {"load": TaskLog()} == again.task_logs("etl-1")


def test_items_are_kept_with_their_attempts(store: Store, database: Path) -> None:
    """A task has its items once; each attempt has those that it runs, and why some were ended."""
    items = ["a", 7, 2.5, True, {"k": [None, "\n é"]}, NOON]
    kept = [*items[:5], as_text(NOON)]
    first = AttemptRecord("each", 1, NOON, items=ItemsRecord(items, Places.of([0, 1, 2, 5])))
    second = AttemptRecord("each", 2, NOON, items=ItemsRecord(items, Places.of([1])))
    forced_end = ForcedEnd(Reason.ATTEMPT_TIMEOUT, "too long")
    store.add_run(RUN)
    store.add_attempts("etl-1", [first, AttemptRecord("load", 1, NOON)], NOON)
    store.add_attempts("etl-1", [second], NOON)

    store.save_forced_end("etl-1", replace(second, items=None, index=1), forced_end)

    one, two, load = reopened(store, database).attempts("etl-1")
    assert ItemsRecord(kept, Places.of([0, 1, 2, 5])) == one.items
    assert ItemsRecord(kept, Places.of([1]), {1: forced_end}) == two.items
    assert (None, None) == (two.forced_end, load.items)


def test_a_run_is_forgotten_with_its_items(store: Store) -> None:
    """Nothing of it is left, so that a run of the same name could follow."""
    record = AttemptRecord("each", 1, NOON, items=ItemsRecord(["a"], Places.of([0])))
    for _ in range(2):
        store.add_run(RUN)
        store.add_attempts("etl-1", [record], NOON)
        store.save_forced_end("etl-1", replace(record, index=0), ForcedEnd(Reason.CANCELLED, ""))
        store.forget_run("etl-1")


def test_an_attempt_is_made_once(store: Store) -> None:
    """The second try fails as a whole, and changes nothing."""
    record = AttemptRecord("load", 1, NOON)
    store.add_run(RUN)
    store.add_attempts("etl-1", [record], NOON)

    with pytest.raises(UnusableStateError):
        store.add_attempts("etl-1", [AttemptRecord("other", 1, NOON), record], NOON)

    assert [record] == store.attempts("etl-1")
    assert ["load"] == list(store.task_logs("etl-1"))


def test_unfinished_runs_are_found_newest_first(store: Store) -> None:
    """One of them is to be resumed: of this workflow, and not ended."""
    for name, workflow, hour in (("a", "etl", 1), ("b", "etl", 2), ("c", "etl", 3), ("d", "x", 4)):
        key, created = RunKey("default", name), NOON.replace(hour=hour)
        store.add_run(replace(RUN, key=key, workflow=workflow, created=created))

    store.write_run("c", RunLog(succeeded=True, started=NOON, finished=NOON), NOON)

    assert ["b", "a"] == store.unfinished("etl")
    assert [] == store.unfinished("none")


READS: Mapping[str, Callable[[Store], object]] = {
    "unfinished": lambda store: store.unfinished("etl"),
    "finished": lambda store: store.finished_runs("etl"),
    "run": lambda store: store.run("etl-1"),
    "run_log": lambda store: store.run_log("etl-1"),
    "task_logs": lambda store: store.task_logs("etl-1"),
    "attempts": lambda store: store.attempts("etl-1"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_damaged_database_is_told_with_the_cure(
    store: Store, database: Path, read: Callable[[Store], object]
) -> None:
    """A disk that lost some of it, which is no programming error: only its first page is left."""
    store.add_run(RUN)
    store.close()
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))

    with (
        Store(database) as damaged,
        pytest.raises(UnusableStateError, match=r"state\.db cannot be read: .*--state"),
    ):
        read(damaged)


def test_a_run_that_is_not_there_any_more_is_told(store: Store) -> None:
    """Somebody changed the database by hand."""
    with pytest.raises(UnusableStateError, match="is not complete: etl-1 is missing"):
        store.run("etl-1")


def test_a_wish_is_kept(store: Store, database: Path) -> None:
    """A run that was being cancelled still is when it is taken up again."""
    store.add_run(RUN)

    store.desire("etl-1", DesiredState.CANCEL)

    assert DesiredState.CANCEL == reopened(store, database).run("etl-1").desired


def test_a_newer_format_is_left_alone(database: Path) -> None:
    """An older headrace does not touch what it cannot read, and names the cure."""
    other = sqlite3.connect(database)
    other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.commit()
    other.close()

    with pytest.raises(UnusableStateError, match=r"another version.*--state"):
        Store(database)


def test_what_is_no_database_is_refused(database: Path) -> None:
    """The message names the file and the cure."""
    database.write_text("not a database, and longer than the header of one" * 10)

    with pytest.raises(UnusableStateError, match=r"state\.db cannot be used: .*--state"):
        Store(database)


LATER = (
    "    env TEXT NOT NULL DEFAULT '{}',\n",
    "    wait_until TEXT,\n",
    ",\n    called TEXT NOT NULL DEFAULT '{}',\n    caller TEXT",
    *("    asked TEXT,\n", "    answer TEXT,\n"),
    "",
    ",\n    rerun TEXT",
    "",
    ",\n    origin TEXT",
    ",\n    cache TEXT",
    "",
)
"""The columns that came with the versions after the first one, in their order. Three
brought tables only."""
OF_A_TASK = "    cache_hash TEXT,\n"
"""The column that came with the last of these columns."""
WITH_OF_A_TASK = 11
"""The first version with it."""


BEFORE_ITEMS = 6
"""The last version without the tables of items."""
BEFORE_ITEM_WORK = 8
"""The last version without the tables of items that are no programs."""


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_folder_of_an_earlier_version_is_brought_to_this_one(
    database: Path, version: int
) -> None:
    """Its runs are still there, and can be continued."""
    old, schema = sqlite3.connect(database), SCHEMA
    if version < WITH_OF_A_TASK:
        schema = schema.replace(OF_A_TASK, "")
    for column in LATER[version - 1 :]:
        assert not column or 1 == schema.count(column)
        schema = schema.replace(column, "") if column else schema
    items = ITEMS if version > BEFORE_ITEMS else ""
    work = ITEM_WORK if version > BEFORE_ITEM_WORK else ""
    for statement in f"{schema};{items};{work}".split(";"):
        old.execute(statement)
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()

    with Store(database) as store:
        store.add_run(RUN)
        env = {"X": "$(Y) \n é"}
        attempt = AttemptRecord("a", 1, NOON, env=env, wait_until=NOON, asked=ASKED)
        store.add_attempts("etl-1", [attempt], NOON)
        answered = replace(attempt, answer=StoredAnswer("yes", NOON, "alice", "é"))
        store.save_answer("etl-1", answered)

    with Store(database) as store:
        assert [answered] == store.attempts("etl-1")


def test_a_folder_from_before_there_were_items_can_have_some(database: Path) -> None:
    """Each version leads to the next one."""
    old = sqlite3.connect(database)
    schema = SCHEMA.replace(OF_A_TASK, "")
    for column in LATER[6:]:
        schema = schema.replace(column, "") if column else schema
    for statement in schema.split(";"):
        old.execute(statement)
    old.execute("PRAGMA user_version = 6")
    old.commit()
    old.close()
    record = AttemptRecord("each", 1, NOON, items=ItemsRecord(["a"], Places.of([0])))

    with Store(database) as store:
        store.add_run(RUN)
        store.add_attempts("etl-1", [record], NOON)

    with Store(database) as store:
        assert [record] == store.attempts("etl-1")
