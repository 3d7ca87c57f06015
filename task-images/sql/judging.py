"""
What an error of a database means for the task: its exit code, and a sentence that says what to do.

Knows the codes of PostgreSQL, MariaDB, SQLite and DuckDB. Knows no parameter but by its name.
"""

import re
from typing import Any

from task_contract import CheckFailed, End, TryAgain, WrongInput

CREDENTIALS = "the database refuses the credentials; correct user or password"
CERTIFICATE = "its certificate is not valid; renew it there, or give the authority as ca"
AWAY = "the database is away; a later attempt may reach it"
BUSY = "the database cannot do it now; a later attempt may"
SLOW = "it takes longer than timeoutSeconds; raise it, or make the statement faster"
WRONG = "correct the statement, the table or the rights of the user"
DATA = "the data do not fit; correct the data or the table"

SQLSTATES: tuple[tuple[str, type[End], str], ...] = (
    ("28", WrongInput, CREDENTIALS),
    ("57014", TryAgain, SLOW),
    ("08", TryAgain, AWAY),
    ("57", TryAgain, AWAY),
    ("40", TryAgain, BUSY),
    ("53", TryAgain, BUSY),
    ("55", TryAgain, BUSY),
    ("22", CheckFailed, DATA),
    ("23", CheckFailed, DATA),
    ("21", CheckFailed, DATA),
    ("P0001", CheckFailed, DATA),
    ("3D", WrongInput, "correct database"),
    ("", WrongInput, WRONG),
)
"""By the beginning of the code; the first that fits counts."""

MYSQL: dict[int, tuple[type[End], str]] = {
    **dict.fromkeys((1044, 1045, 1698), (WrongInput, CREDENTIALS)),
    1049: (WrongInput, "correct database"),
    **dict.fromkeys((1969, 3024), (TryAgain, SLOW)),
    **dict.fromkeys((1040, 1021, 1114, 1205, 1213), (TryAgain, BUSY)),
    **dict.fromkeys((1053, 1927, 2002, 2003, 2006, 2013), (TryAgain, AWAY)),
    **dict.fromkeys((1048, 1062, 1216, 1217, 1264, 1265, 1292), (CheckFailed, DATA)),
    **dict.fromkeys((1366, 1406, 1451, 1452, 4025), (CheckFailed, DATA)),
}

UNREACHABLE = frozenset({2003, 2026})
"""The codes of MariaDB's client for everything that may go wrong before there is a connection."""

WORDS: tuple[tuple[str, type[End], str], ...] = (
    (r"certificate|SSL error|wrong version number", End, CERTIFICATE),
    (r"does not support SSL|SSL is required", End, "give tls: off, or let the server use TLS"),
    (r"password authentication failed|no password supplied|pg_hba|role .* does not exist",
     WrongInput, CREDENTIALS),
    (r"database .* does not exist", WrongInput, "correct database"),
    (r"lock on file|database is locked", TryAgain,
     "another program has it open; a later attempt may"),
    (r"[Ii]nterrupt", TryAgain, SLOW),
    (r"disk I/O error|disk is full|No space left|File too large|[Ff]ailed to (write|truncate)", End,
     "the disk is full; make room"),
    (r"not a database|malformed|not a valid DuckDB|[Cc]orrupt|file is too short", CheckFailed,
     "the file is damaged; restore it"),
    (r"unable to open database file|Cannot open file", WrongInput, "correct database"),
    (r"Constraint Error|Conversion Error|constraint failed|datatype mismatch|Invalid Input Error",
     CheckFailed, DATA),
    (r"Out of Memory", End, "raise the memory of the task"),
    (r"refused|timed? ?out|could not translate|not known|Name or service|unreachable|reset|closed",
     TryAgain, AWAY),
)  # fmt: skip
"""What errors without a code say."""


def judged(error: Exception, *hidden: str) -> End:
    """
    Return how the task ends after an error of a database.

    Args:
        error: Of SQLAlchemy, a driver, or ADBC.
        hidden: Secrets, which are taken out of the text.

    """
    cause: Any = getattr(error, "orig", None) or error
    text = _sentence(cause)
    for secret in filter(None, hidden):
        text = text.replace(secret, "***")
    text = text[:300].rstrip(".:")
    kind, cure = _kind(cause, str(cause))
    return kind(f"{text}: {cure}")


def _kind(cause: Any, text: str) -> tuple[type[End], str]:
    state = getattr(cause, "sqlstate", None)
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    if number in UNREACHABLE or (number is None and not (state and state != "00000")):
        for pattern, kind, cure in WORDS:
            if re.search(pattern, text):
                return kind, cure
    if number is not None:
        return MYSQL.get(number, (WrongInput, WRONG))
    for beginning, kind, cure in SQLSTATES:
        if (state or "").startswith(beginning):
            return kind, cure
    return WrongInput, WRONG


def _sentence(cause: Any) -> str:
    """Return the first line, without details: they may have values of rows."""
    text = (
        str(cause.args[1]) if len(cause.args) > 1 and isinstance(cause.args[0], int) else str(cause)
    )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else type(cause).__name__
    return re.sub(r"^[A-Z_]+: \[libpq\] (.*?(?:ERROR|FATAL): +)?", "", first)
