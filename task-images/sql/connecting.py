"""
From parameters to a database: its address, TLS, time limits.

Knows drivers. Nothing in a parameter is taken for a part of another one: each goes to the driver by
its name.
"""

import sqlite3
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from task_contract import WrongInput

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift+redshift_connector",
}
FILES = frozenset({"sqlite", "duckdb"})
PORTS = {"postgresql": 5432, "mysql": 3306}
QUIET = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""DuckDB would load code from the network else."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is, and how it is reached."""

    kind: str
    """`postgresql`, `mysql` (also for MariaDB), `sqlite`, `duckdb`, or one of a variant."""
    url: URL
    tls: str
    ca: str = ""
    """The path of a file with certificates."""
    connect_seconds: int = 10
    seconds: int = 3600
    """How long one statement may take."""
    password: str = field(default="", repr=False)

    @property
    def adbc(self) -> str:
        """The address of PostgreSQL for ADBC."""
        given = {
            "sslmode": {"off": "disable", "require": "require", "verify": "verify-full"}[self.tls],
            "connect_timeout": str(self.connect_seconds),
            "options": f"-c statement_timeout={self.seconds * 1000}",
            **({"sslrootcert": self.ca} if self.tls == "verify" else {}),
        }
        user = quote(self.url.username or "", safe="")
        password = f":{quote(self.password, safe='')}" if self.password else ""
        host = f"[{self.url.host}]" if ":" in (self.url.host or "") else self.url.host
        options = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
        where = f"{host}:{self.url.port or PORTS['postgresql']}"
        database = quote(self.url.database or "", safe="")
        return f"postgresql://{user}{password}@{where}/{database}?{options}"


def place_of(call: Any) -> Place:
    """
    Return where the parameters say that the database is.

    Raises:
        WrongInput: They contradict each other, or are not enough.

    """
    url = _url(call)
    named = call.driver or url.drivername.partition("+")[0]
    if not named:
        raise WrongInput("there is no database; give url, or driver and host")
    kind = {"mariadb": "mysql"}.get(named, named)
    if kind not in DRIVERS:
        raise WrongInput(f"{kind!r} is no driver; give one of {', '.join(DRIVERS)}")
    if kind not in FILES and not url.host:
        raise WrongInput("there is no host; give host or url")
    if kind in FILES and not url.database:
        raise WrongInput("there is no database; give the path of its file")
    return Place(
        kind,
        url.set(drivername=DRIVERS[kind]),
        call.tls,
        _ca(call.ca) if call.tls == "verify" and kind in PORTS else "",
        call.connectSeconds,
        call.timeoutSeconds,
        (call.password or b"").decode(),
    )


def _url(call: Any) -> URL:
    if not call.url:
        return URL.create(
            call.driver or "", call.user or None, None, call.host or None, call.port, call.database
        )
    if call.driver or call.host or call.port:
        raise WrongInput("url is given, so driver, host and port are not; remove one of both")
    try:
        url = make_url(call.url)
    except (ArgumentError, ValueError) as error:
        raise WrongInput("url cannot be read; write it like postgresql://host/database") from error
    if url.password is not None:
        raise WrongInput("url has a password; give it as password, from a Secret")
    if url.query:
        raise WrongInput("url has options after ?; there are parameters for what is allowed")
    given = {"username": call.user, "database": call.database}
    return url.set(**{name: value for name, value in given.items() if value})


def _ca(given: bytes | None) -> str:
    """Return the path of the certificates that are trusted: those given, else the machine's."""
    if given is not None:
        try:
            ssl.create_default_context(cadata=given.decode())
        except (ValueError, ssl.SSLError) as error:
            raise WrongInput("ca has no certificates; give them as PEM") from error
        with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
            file.write(given)
        return file.name
    known = ssl.get_default_verify_paths()
    found = (known.cafile, known.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt")
    return next((each for each in found if each and Path(each).is_file()), "")


def engine_of(place: Place, *, write: bool = True) -> Engine:
    """Return what connects to a database of SQLAlchemy."""
    url = place.url.set(password=place.password or None) if place.kind not in FILES else place.url
    if place.kind == "sqlite":
        return _sqlite(place, write=write)
    try:
        engine = create_engine(url, connect_args=_options(place))
    except (NoSuchModuleError, ImportError):
        raise WrongInput(
            f"this image has no driver for {place.kind}; use its variant (see the README)"
        ) from None
    if place.kind == "mysql":
        _wait_longer(engine, place.seconds + 5)
    return engine


def _wait_longer(engine: Engine, seconds: int) -> None:
    """Let PyMySQL wait for answers longer than for a connection: it has one limit for both."""

    @event.listens_for(engine, "connect", insert=True)
    def _(connection: Any, _: Any) -> None:
        connection._read_timeout = seconds  # noqa: SLF001 - there is no other way


def _sqlite(place: Place, *, write: bool) -> Engine:
    """Return a file of SQLite, whose transactions begin at their beginning."""
    path = quote(str(Path(place.url.database or "").absolute()))
    address = f"file:{path}?mode={'rwc' if write else 'ro'}"
    seconds = place.connect_seconds
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, timeout=seconds, uri=True)
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _options(place: Place) -> dict[str, Any]:
    if place.kind == "postgresql":
        verify = {"sslrootcert": place.ca} if place.tls == "verify" else {}
        mode = {"off": "disable", "require": "require", "verify": "verify-full"}[place.tls]
        limit = f"-c statement_timeout={place.seconds * 1000}"
        return {
            "sslmode": mode,
            "connect_timeout": place.connect_seconds,
            "options": limit,
            **verify,
        }
    if place.kind == "mysql":
        tls = {
            "off": {"ssl_disabled": True},
            "require": {"ssl": {"check_hostname": False, "verify_mode": "none"}},
            "verify": {"ssl": {"ca": place.ca, "check_hostname": True, "verify_mode": "required"}},
        }[place.tls]
        limit = (
            f"SET SESSION max_statement_time={place.seconds}, sql_mode='TRADITIONAL,ANSI_QUOTES'"
        )
        wait = {"read_timeout": place.connect_seconds, "connect_timeout": place.connect_seconds}
        return {**tls, **wait, "init_command": limit, "charset": "utf8mb4", "local_infile": False}
    return {}
