"""
The way from an older database of a folder of state to this version's, or from an empty one.

Knows the order of the versions. Knows no run.
"""

import sqlite3

from headrace.local.schema import (
    FOUND,
    ITEM_WORK,
    ITEMS,
    OBJECTS,
    SCHEMA,
    SERVED,
    UPGRADES,
    VERSION,
)


def upgrade(db: sqlite3.Connection) -> int:
    """
    Create the tables, or bring them to this version, inside a transaction.

    Returns:
        The version of the tables now; another one than `VERSION` is unknown, and unchanged.

    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        return _change(db, SCHEMA, ITEMS, ITEM_WORK, SERVED, FOUND, OBJECTS)
    if version in UPGRADES:
        return _change(db, *(UPGRADES[older] for older in range(version, VERSION)))
    return int(version)


def _change(db: sqlite3.Connection, *tables: str) -> int:
    """Run the statements that lead to this version."""
    for statement in ";".join(tables).split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    return VERSION
