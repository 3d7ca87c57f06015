"""
The program of the template `sql`: statements, a file into a table, a query into a file.

Knows which of the three is wanted. The database is `connecting`, errors are `judging`; how it ends
is `task_contract`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import psycopg
import pymysql
from adbc_driver_manager import Error as AdbcError
from claiming import Claim, claim_of
from connecting import Place, place_of
from judging import judged
from loading import load
from sqlalchemy.exc import StatementError
from statements import execute
from task_contract import CheckFailed, WrongInput, info, run, values_for, warning, write_outputs
from unloading import unload

MOST_FIRST = 2_000
"""How many bytes the first row may have among the outputs."""


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters."""

    url: str = ""
    driver: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: bytes | None = None
    tls: str = "verify"
    ca: bytes | None = None
    statement: str = ""
    script: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    once: bool = False
    load: str = ""
    table: str = ""
    mode: str = "append"
    key: list[str] = field(default_factory=list)
    unload: str = ""
    format: str = ""
    delimiter: str = ","
    batchRows: int = 65_536  # noqa: N815 - the names of parameters
    ledger: str = "headrace_loads"
    connectSeconds: int = 10  # noqa: N815
    timeoutSeconds: int = 3_600  # noqa: N815


def main() -> None:
    """Do what the parameters say."""
    call = checked()
    place = place_of(call)
    try:
        done = work(call, place, claim_of(call.ledger, call.table or "statement"))
    except (StatementError, AdbcError, psycopg.Error, duckdb.Error, pymysql.Error) as error:
        raise judged(error, place.password, quote(place.password, safe="")) from error
    except (OverflowError, UnicodeError) as error:
        raise CheckFailed(f"a value does not fit: {error}; correct the data") from error
    finally:
        if call.ca is not None and place.ca:
            Path(place.ca).unlink(missing_ok=True)
    first = done.pop("first", None)
    if len(json.dumps(first, default=str).encode()) > MOST_FIRST:
        warning("the first row is too large for the outputs; it is left out")
        first = None
    value = next(iter(first.values()), None) if first else None
    columns = done.pop("columns", [])[:50]
    write_outputs(**done, columns=columns, first=first, value=value)
    info(f"{done['rows']:,} rows", rows=done["rows"])


def work(call: Call, place: Place, claim: Claim) -> dict[str, Any]:
    """Do the one thing that is wanted."""
    if call.load:
        return load(call, place, claim)
    if call.unload:
        return unload(call, place, statement_of(call))
    return execute(place, statement_of(call), call.values, claim if call.once else None)


def checked() -> Call:
    """Return the parameters, if together they make sense."""
    call = values_for(Call)
    for name, kind in (("values", dict), ("key", list)):
        if not isinstance(getattr(call, name), kind):
            raise WrongInput(f"{name} must be {'an object' if kind is dict else 'a list'}")
    if bool(call.statement) + bool(call.script) + bool(call.load) != 1:
        raise WrongInput("give one of statement, script and load")
    if call.load and not call.table:
        raise WrongInput("load needs table: where the rows go")
    if call.load and call.unload:
        raise WrongInput("load and unload are two tasks; remove one of both")
    if call.mode not in {"append", "replace", "upsert"} or call.tls not in {
        "off",
        "require",
        "verify",
    }:
        raise WrongInput("mode is append, replace or upsert; tls is off, require or verify")
    if call.load and (call.mode == "upsert") != bool(call.key):
        raise WrongInput("mode upsert needs key, the columns that name a row; the others take none")
    if min(call.batchRows, call.connectSeconds, call.timeoutSeconds) < 1:
        raise WrongInput("batchRows, connectSeconds and timeoutSeconds are 1 at least")
    if len(call.delimiter) != 1 or not call.delimiter.isascii():
        raise WrongInput("delimiter is one ASCII character")
    return call


def statement_of(call: Call) -> str:
    """Return the text of the statement or script."""
    if call.statement:
        return call.statement
    try:
        return Path(call.script).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise WrongInput(f"script {call.script} cannot be read: {error}; correct it") from error


if __name__ == "__main__":
    run(main)
