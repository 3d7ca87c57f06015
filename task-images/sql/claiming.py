"""
What is done once in a run, whatever becomes of attempts: a row in a table, in the same transaction.

Knows names. The database lets one transaction have the row; a second one waits for the first, and
then finds it.
"""

import hashlib
import json
from dataclasses import dataclass

from task_contract import given

COLUMNS = "load_id VARCHAR(64) NOT NULL PRIMARY KEY, target VARCHAR(200), row_count BIGINT"


@dataclass(frozen=True, slots=True)
class Claim:
    """The row that says that a piece of work is done."""

    ledger: str
    """The name of the table."""
    target: str
    id: str
    """The same for all attempts; empty: nobody says which run this is."""


def claim_of(ledger: str, target: str) -> Claim:
    """Return the claim of this task on its work."""
    me = given()
    if not me.run:
        return Claim(ledger, target[:200], "")
    item = None if me.item is None else me.item.index
    text = json.dumps([me.namespace, me.workflow, me.run, me.task, item])
    return Claim(ledger, target[:200], hashlib.sha256(text.encode()).hexdigest())
