"""
The store of a served folder's objects besides workflows: pools, backfills, and runs in manifests.

Each method is one transaction, as in the `Store`. Decides nothing.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from headrace.api.checks.instants import read_time, write_time
from headrace.local.store import Store

_OBJECTS: Final = (
    "SELECT kind, namespace, name, uid, created, generation, spec, file, status FROM object"
)
_THIS: Final = "kind = ? AND namespace = ? AND name = ?"


class ObjectKey(NamedTuple):
    """The key of an object of the folder."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the folder: the last version of it that was right."""

    key: ObjectKey
    uid: str
    created: datetime
    generation: int
    """Counts the changes of the spec."""
    spec: str
    """As JSON."""
    file: str
    status: Mapping[str, Any]
    """As in a cluster; empty: nobody has looked at it yet."""


class Refusal(NamedTuple):
    """What is wrong with an object of a file, or with the file: in one line."""

    key: ObjectKey
    """Empty: the line is about a whole file."""
    line: str


class ObjectStore(Store):
    """The objects of a served folder."""

    def objects(self, *kinds: str) -> list[StoredObject]:
        """Return all objects of some kinds, in the order of their names."""
        marks = ", ".join("?" * len(kinds))
        rows = self._read(f"{_OBJECTS} WHERE kind IN ({marks}) ORDER BY name", kinds)
        return [_object(row) for row in rows]

    def object(self, key: ObjectKey) -> StoredObject | None:
        """Return an object; None: there is none."""
        rows = self._read(f"{_OBJECTS} WHERE {_THIS}", key)
        return _object(rows[0]) if rows else None

    def put_object(self, stored: StoredObject) -> None:
        """Store an object, with its status."""
        row = (
            *stored.key,
            stored.uid,
            write_time(stored.created),
            stored.generation,
            stored.spec,
            stored.file,
            json.dumps(dict(stored.status)),
        )
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def write_object(self, key: ObjectKey, status: Mapping[str, Any]) -> None:
        """Write the status of an object, if it is there."""
        text = json.dumps(dict(status), default=str)
        with self._transaction():
            self._db.execute(f"UPDATE object SET status = ? WHERE {_THIS}", (text, *key))  # noqa: S608 - our own words

    def forget_object(self, key: ObjectKey) -> None:
        """Remove an object."""
        with self._transaction():
            self._db.execute(f"DELETE FROM object WHERE {_THIS}", key)  # noqa: S608 - our own words

    def put_refusals(self, refusals: Iterable[Refusal]) -> None:
        """Replace what is wrong with the files."""
        rows = [(*each.key, each.line) for each in refusals]
        with self._transaction():
            self._db.execute("DELETE FROM problem")
            self._db.executemany(
                "INSERT INTO problem (kind, namespace, name, line) VALUES (?, ?, ?, ?)", rows
            )


def _object(row: tuple[Any, ...]) -> StoredObject:
    kind, namespace, name, uid, created, generation, spec, file, status = row
    return StoredObject(
        *(ObjectKey(kind, namespace, name), uid, read_time(created), generation, spec, file),
        status=json.loads(status),
    )
