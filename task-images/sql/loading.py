"""
A file into a table: in one transaction, once in a run.

Knows the steps, the same for all databases. How rows get into one is `bulk`.
"""

from typing import Any

from bulk import STAGE, Bulk, bulk
from claiming import Claim
from connecting import Place
from files import form_of, names_in, reading
from statements import DONE, claimed, prepare, qualified
from task_contract import CheckFailed, WrongInput, info


def load(call: Any, place: Place, claim: Claim) -> dict[str, Any]:
    """Load a file; return how many rows it had."""
    form = form_of(call.load, call.format)
    names = names_in(call.load, form, call.delimiter)
    once = call.mode == "append"  # The others give the same when done again.
    if once:
        prepare(place, claim)
    with bulk(place) as now:
        table = qualified(now, call.table)
        if once and not claimed(now, claim):
            return dict(DONE)
        types, texts = now.types(call.table)
        unknown = [name for name in names if name not in {*types, *texts}]
        if unknown:
            raise WrongInput(
                f"{call.table} has no column {unknown[0]!r}; correct the file or the table"
            )
        missing = [name for name in call.key if name not in names]
        if missing:
            raise WrongInput(f"the file has no column {missing[0]!r}, which is in key")
        staged = call.mode == "upsert" or any(name in texts for name in names)
        with reading(call.load, form, call.delimiter, call.batchRows, types) as rows:
            if call.mode == "replace":
                now.run(f"DELETE FROM {table}", {})  # noqa: S608 - quoted
            if not staged:
                count = now.ingest(call.table, rows)
            else:
                now.stage(table, names, [name for name in names if name in texts])
                count = now.ingest(STAGE, rows)
                _take_over(now, call, table, names, texts)
        info(f"{count:,} rows are in {call.table}; now it is for good")
    return {"rows": count, "repeated": False}


def _take_over(now: Bulk, call: Any, table: str, names: list[str], texts: dict[str, str]) -> None:
    """Bring rows from the stage into the table."""
    keys = [now.quoted(name) for name in call.key]
    if keys:
        listed = ", ".join(keys)
        none = " OR ".join(f"{key} IS NULL" for key in keys)
        _, row, _ = now.run(f"SELECT 1 FROM {STAGE} WHERE {none} LIMIT 1", {})  # noqa: S608
        if row:
            raise CheckFailed(f"a row of the file has no {', '.join(call.key)}; correct the file")
        twice = f"SELECT {listed} FROM {STAGE} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
        _, row, _ = now.run(twice, {})
        if row:
            raise CheckFailed(
                f"two rows of the file have the same {', '.join(call.key)}; correct it"
            )
    columns = [now.quoted(name) for name in names]
    values = [
        f"CAST({now.quoted(name)} AS {texts[name]})" if texts.get(name) else now.quoted(name)
        for name in names
    ]
    insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {STAGE}"  # noqa: S608
    others = [now.quoted(name) for name in names if name not in call.key]
    now.run(insert + (now.on_conflict(keys, others) if keys else ""), {})
