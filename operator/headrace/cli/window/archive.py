"""
Runs that only the archive has, behind those of the cluster: one source of both.

What the cluster has is shown as the cluster has it. Knows no SQL: that is the ledger's.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from headrace.archive.ledger.search import Search
from headrace.cli.window.exits import MissingError, NotThereError, WindowError, no_such
from headrace.cli.window.options import Window
from headrace.cli.window.source import Choice, Listed, Readable
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.kube.resources import Resource
from headrace.views.log_lines import LogLine, LogSource, timed
from headrace.views.objects import Object, name, text

if TYPE_CHECKING:
    from headrace.archive.ledger.kept import KeptLog
    from headrace.archive.ledger.reading import ArchivedRun
    from headrace.archive.ledger.writing import Writer
    from headrace.cli.window.pod_logs import Wanted

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE: Final = "HEADRACE_ARCHIVE_URL"
MOST_NAMES: Final = 1000
"""How many names the search for the nearest one looks at."""
WORDS: Final = 2
"""How many different warnings are of use."""
_UNNAMED: Final = (
    f"no archive is named; give --archive-url, or set {VARIABLE}, to the URL of its database,"
    " e.g. postgresql://user:password@host/database"
)


def with_archive(command: F) -> F:
    """Give a command `--archive-url`, and to its window the archive."""

    @wraps(command)
    def run(*, window: Window, archive_url: str | None, **options: Any) -> Any:
        window.archive_url = archive_url
        return command(window=window, **options)

    option = click.option(
        "--archive-url",
        metavar="URL",
        envvar=VARIABLE,
        help=f"The database of the archive, for runs that the cluster no longer has. Also"
        f" ${VARIABLE}.",
    )
    return option(run)  # type: ignore[return-value] # click's decorators keep the function


class Archive:
    """The ledger of an archive, by its URL."""

    def __init__(self, url: str | None) -> None:
        """
        Open a ledger.

        Raises:
            WindowError: There is none, or another version wrote it.

        """
        if not url:
            raise WindowError(_UNNAMED)
        try:
            from headrace.archive.ledger.database import check_schema, open_database  # noqa: PLC0415 - slow to load
            from headrace.archive.ledger.reading import Reader  # noqa: PLC0415 - the same
        except ImportError as error:
            raise WindowError(
                "the archive needs libraries that are not installed here; pip install"
                " 'headrace[archive]'"
            ) from error
        with _told():
            self._engine = open_database(url)
            check_schema(self._engine)
        self._reader = Reader(self._engine)

    def runs(self, search: Search) -> list[Object]:
        """Return runs, newest first."""
        with _told():
            return self._reader.runs(search)

    def run(self, where: str, run: str) -> "ArchivedRun | None":
        """Return a run with its parts; None: there is none."""
        with _told():
            return self._reader.run(where, run)

    def names(self, where: str) -> list[str]:
        """Return the names of the newest runs."""
        with _told():
            return self._reader.names(where, MOST_NAMES)

    def logs(self, where: str, run: str, task: str | None, attempt: int | None) -> "list[KeptLog]":
        """Return the logs of a run."""
        with _told():
            return list(self._reader.logs(where, run, task, attempt))

    @contextmanager
    def writer(self) -> "Iterator[Writer]":
        """Give what writes into the ledger."""
        from headrace.archive.ledger.writing import Writer  # noqa: PLC0415 - slow to load

        with _told():
            yield Writer(self._engine)


class Past:
    """The objects of a cluster, and behind them the runs of an archive. One namespace of both."""

    def __init__(self, present: Readable | None, archive: Archive, where: str) -> None:
        """
        Look into both.

        Args:
            present: The cluster; None: none can be asked, and only the archive answers.
            archive: The archive.
            where: The namespace.

        """
        self.present = present
        self.archive = archive
        self._where = where
        self._looked_up: dict[str, ArchivedRun | None] = {}

    @property
    def namespace(self) -> str:
        """The namespace to look in."""
        return self._where

    def listed(self, kind: Resource, choice: Choice) -> Listed:
        """Return objects of the cluster."""
        return Listed(()) if self.present is None else self.present.listed(kind, choice)

    def named(self, kind: Resource, name: str) -> Object:
        """Return an object of the cluster, or else a run of the archive."""
        missing = no_such(kind.kind, name, f"the archive of namespace {self._where}", ())
        if self.present is not None:
            try:
                return self.present.named(kind, name)
            except MissingError as error:
                missing = error
        kept = self._kept(name) if kind == WORKFLOW_RUNS else None
        if kept is None:
            raise missing
        return kept.run

    def names(self, kind: Resource) -> list[str]:
        """Return the names of a kind's objects; of runs, those of both."""
        here = [] if self.present is None else self.present.names(kind)
        there = self.archive.names(self._where) if kind == WORKFLOW_RUNS else []
        return list(dict.fromkeys((*here, *there)))

    def tasks(self, run: str) -> Sequence[Object]:
        """Return the TaskRuns of a run."""
        here = () if self.present is None else self.present.tasks(run)
        kept = None if here else self._kept(run)
        return here or (() if kept is None else kept.tasks)

    def definition(self, run: Object) -> Object | None:
        """Return the pinned definition of a run; None: nobody has it."""
        here = None if self.present is None else self.present.definition(run)
        kept = self._kept(name(run)) if here is None else None
        return here if kept is None else kept.definition

    def warnings(self, about: str) -> Sequence[str]:
        """Return the newest warnings of Kubernetes on a pod or Job, by its name."""
        here = () if self.present is None else self.present.warnings(about)
        kept = (run for run in self._looked_up.values() if run is not None)
        there = [words for run in kept for what, words in run.warnings if what == about]
        return here or list(dict.fromkeys(there))[:WORDS]

    def carried_out(self, run: str) -> str:
        """Return a remark if nothing carries out what is wanted of a run now; else nothing."""
        return "" if self.present is None else self.present.carried_out(run)

    def is_past(self, run: str) -> bool:
        """Return whether only the archive has a run, or has its logs for certain."""
        kept = self._kept(run)
        if kept is None:
            return False
        try:
            here = None if self.present is None else self.present.named(WORKFLOW_RUNS, run)
        except MissingError:
            return True
        return here is None or _uid(here) == _uid(kept.run)

    def lines(self, wanted: "Wanted") -> Iterator[LogLine]:
        """Yield the lines of an archived run's logs, merged by time."""
        logs = self.archive.logs(self._where, wanted.run, wanted.task, wanted.attempt)
        # All of them are in memory already, so all are merged at once.
        yield from heapq.merge(*(_lines(log, wanted.tail) for log in logs))

    def _kept(self, run: str) -> "ArchivedRun | None":
        if run not in self._looked_up:
            self._looked_up[run] = self.archive.run(self._where, run)
        return self._looked_up[run]


def past(window: Window) -> Readable:
    """
    Return the source of objects, with the archive behind it if one is named.

    Without any cluster, the archive answers alone.
    """
    if not window.archive_url:
        return window.source()
    if window.wants_local:
        raise WindowError(
            "--local and --state mean this machine, and an archive has runs of clusters; leave"
            " one of them out"
        )
    archive = Archive(window.archive_url)
    try:
        present = window.source()
    except NotThereError:
        return Past(None, archive, window.where)
    return Past(present, archive, present.namespace)


def beside(here: Sequence[Object], window: Window, search: Search) -> list[Object]:
    """Return runs of the cluster, and those that only the archive has."""
    known = {_uid(item) for item in here}
    archived = Archive(window.archive_url).runs(search)
    return [*here, *(item for item in archived if _uid(item) not in known)]


def _uid(item: Object) -> str:
    return text(item, "metadata", "uid")


def _lines(log: "KeptLog", tail: int | None) -> Iterator[LogLine]:
    source = LogSource(log.task, log.attempt, log.item)
    lines = log.lines if tail is None else deque(log.lines, maxlen=tail)
    return (timed(line, source) for line in lines)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the ledger could not do, as a window tells it."""
    from headrace.archive.ledger.database import LedgerError  # noqa: PLC0415 - slow to load

    try:
        yield
    except LedgerError as error:
        raise NotThereError(str(error)) from error
