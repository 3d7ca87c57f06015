"""
The tables of a folder of state. Knows their columns and their version; reads and writes nothing.

Logs are the JSON that a cluster has in `status`.
"""

from typing import Final

VERSION: Final = 12
"""The version in the database."""

APPLIED: Final = "applied"
"""Where the origin of a run names the manifest that asked for it."""

ITEMS: Final = """
CREATE TABLE items (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    items TEXT NOT NULL,
    PRIMARY KEY (run, task)
) STRICT;
CREATE TABLE item_attempt (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    todo TEXT NOT NULL,
    PRIMARY KEY (run, task, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE item_end (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    item INTEGER NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run, task, number, item)
) STRICT, WITHOUT ROWID;
"""
"""The items of tasks, the items that attempts run, and why headrace ended some."""

ITEM_WORK: Final = """
CREATE TABLE item_work (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    work TEXT NOT NULL,
    PRIMARY KEY (run, task)
) STRICT;
CREATE TABLE item_question (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    item INTEGER NOT NULL,
    created TEXT NOT NULL,
    asked TEXT NOT NULL,
    answer TEXT,
    PRIMARY KEY (run, task, number, item)
) STRICT, WITHOUT ROWID;
"""
"""The work of items that is no program, and the questions about items."""

SERVED: Final = """
CREATE INDEX of_workflow ON run (workflow, finished);
CREATE TABLE workflow (
    name TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    uid TEXT NOT NULL,
    created TEXT NOT NULL,
    generation INTEGER NOT NULL,
    spec TEXT NOT NULL,
    called TEXT NOT NULL,
    file TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
"""
"""The workflows of a served folder, and the runs of each."""

FOUND: Final = """
CREATE INDEX found ON task (cache_hash) WHERE cache_hash IS NOT NULL;
"""
"""How the results that caches of tasks want are found."""

OBJECTS: Final = """
CREATE TABLE object (
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    uid TEXT NOT NULL,
    created TEXT NOT NULL,
    generation INTEGER NOT NULL,
    spec TEXT NOT NULL,
    file TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (kind, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE problem (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL
) STRICT;
"""
"""The other objects of a served folder, and what is wrong with its files."""

UPGRADES: Final = {
    1: "ALTER TABLE attempt ADD COLUMN env TEXT NOT NULL DEFAULT '{}'",
    2: "ALTER TABLE attempt ADD COLUMN wait_until TEXT",
    3: "ALTER TABLE run ADD COLUMN called TEXT NOT NULL DEFAULT '{}';"
    " ALTER TABLE run ADD COLUMN caller TEXT",
    4: "ALTER TABLE attempt ADD COLUMN asked TEXT",
    5: "ALTER TABLE attempt ADD COLUMN answer TEXT",
    6: ITEMS,
    7: "ALTER TABLE run ADD COLUMN rerun TEXT",
    8: ITEM_WORK,
    9: "ALTER TABLE run ADD COLUMN origin TEXT;" + SERVED,
    10: "ALTER TABLE run ADD COLUMN cache TEXT; ALTER TABLE task ADD COLUMN cache_hash TEXT;"
    + FOUND,
    11: OBJECTS,
}
"""What leads from each older version to the next one: one or more statements."""

SCHEMA: Final = """
CREATE TABLE run (
    name TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    uid TEXT NOT NULL,
    workflow TEXT NOT NULL,
    created TEXT NOT NULL,
    spec TEXT NOT NULL,
    folder TEXT NOT NULL,
    params TEXT NOT NULL,
    logical_time TEXT,
    desired TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '{}',
    finished INTEGER NOT NULL DEFAULT 0,
    called TEXT NOT NULL DEFAULT '{}',
    caller TEXT,
    rerun TEXT,
    origin TEXT,
    cache TEXT
) STRICT;
CREATE INDEX unfinished ON run (workflow, created) WHERE NOT finished;
CREATE TABLE task (
    run TEXT NOT NULL REFERENCES run,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT '{}',
    cache_hash TEXT,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
    run TEXT NOT NULL REFERENCES run,
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    created TEXT NOT NULL,
    memory TEXT,
    time_limit INTEGER,
    doom_reason TEXT,
    doom_message TEXT,
    env TEXT NOT NULL DEFAULT '{}',
    wait_until TEXT,
    asked TEXT,
    answer TEXT,
    PRIMARY KEY (run, task, number)
) STRICT, WITHOUT ROWID;
"""
