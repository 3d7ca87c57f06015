"""
A workflow over its runs: its grid, its days, its revisions, its next ticks.

Knows sources. The views make rows of what is found.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from headrace.api.v1alpha1.labels import RUN, WORKFLOW
from headrace.cli.window.exits import WindowError, no_such
from headrace.cli.window.source import Choice, Source
from headrace.cluster.kinds import TASK_RUNS
from headrace.kube.resources import CONTROLLER_REVISIONS
from headrace.views import grid as grids
from headrace.views.differences import differences
from headrace.views.objects import Object, field, name, number, text
from headrace.views.ticks import ticks
from headrace.views.workflow_rows import Day, Difference, Grid, Revision, Tick
from headrace.web.asking import definition_now, runs_of

_RUNS_A_REQUEST: Final = 100
"""How many names of runs one selector has: they are a part of the address."""


@dataclass(frozen=True, slots=True)
class History:
    """A workflow of a place."""

    source: Source
    workflow: str
    local: bool

    def grid(self, most: int) -> Grid:
        """Return its newest runs with all their tasks."""
        runs = runs_of(self.source, self.workflow)
        shown = runs[:most]
        pinned: dict[str, Object | None] = {}
        definitions = {name(run): self._pinned(run, pinned) for run in shown}
        more = len(runs) > len(shown)
        return grids.grid(shown, self._task_runs(shown), definitions, more=more)

    def days(self, zone: str) -> list[Day]:
        """Return the days of its runs."""
        try:
            where = ZoneInfo(zone)
        except (ValueError, OSError, LookupError) as error:
            raise WindowError(f"zone: {zone!r} is no time zone; try Europe/Berlin") from error
        return grids.days(runs_of(self.source, self.workflow), where)

    def revisions(self) -> list[Revision]:
        """Return the definitions that it has had, newest first."""
        return [kept.row for kept in self._kept()][::-1]

    def differences(self, before: str, after: str) -> list[Difference]:
        """Return what two definitions have otherwise."""
        kept = {each.row.name: each.spec for each in self._kept()}
        for asked in (before, after):
            if asked not in kept:
                raise no_such("revision", asked, f"workflow {self.workflow}", kept)
        return differences(kept[before], kept[after])

    def ticks(self, now: datetime, most: int) -> list[Tick]:
        """Return when its schedules fire next."""
        return list(islice(ticks(definition_now(self.source, self.workflow), now), most))

    def _pinned(self, run: Object, known: dict[str, Object | None]) -> Object | None:
        """Return the definition of a run. Most runs share one, which is read once."""
        revision = text(run, "status", "revision") or name(run)
        if revision not in known:
            known[revision] = self.source.definition(run)
        return known[revision]

    def _task_runs(self, runs: Sequence[Object]) -> Iterator[Object]:
        if self.local:
            for run in runs:
                yield from self.source.tasks(name(run))
            return
        names = [name(run) for run in runs]
        for begin in range(0, len(names), _RUNS_A_REQUEST):
            some = ",".join(names[begin : begin + _RUNS_A_REQUEST])
            yield from self.source.listed(TASK_RUNS, Choice(labels=f"{RUN} in ({some})")).items

    def _kept(self) -> list["_Kept"]:
        """Return all definitions that are there, oldest first."""
        runs = runs_of(self.source, self.workflow)
        if self.local:
            return list(_of_runs(self.source, runs))
        definition_now(self.source, self.workflow)  # a workflow that is not there has none
        choice = Choice(labels=f"{WORKFLOW}={self.workflow}")
        found = self.source.listed(CONTROLLER_REVISIONS, choice).items
        return [_of_revision(each, runs) for each in sorted(found, key=_age)]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A definition, and what is told of it."""

    row: Revision
    spec: Any


def _age(revision: Object) -> tuple[int, str]:
    return number(revision, "revision"), text(revision, "metadata", "creationTimestamp")


def _of_revision(item: Object, runs: Sequence[Object]) -> _Kept:
    own = [run for run in runs if text(run, "status", "revision") == name(item)]
    created = text(item, "metadata", "creationTimestamp")
    newest = name(own[0]) if own else ""
    row = Revision(name(item), number(item, "revision"), created, len(own), newest)
    return _Kept(row, field(item, "data", "spec"))


def _of_runs(source: Source, runs: Sequence[Object]) -> Iterator[_Kept]:
    """Yield the definitions of a laptop, each named after the first run that had it."""
    by_text: dict[str, list[Object]] = {}
    for run in reversed(runs):
        spec = source.definition(run)
        by_text.setdefault(json.dumps(spec, sort_keys=True), []).append(run)
    for place, (written, own) in enumerate(by_text.items(), start=1):
        created = text(own[0], "metadata", "creationTimestamp")
        row = Revision(name(own[0]), place, created, len(own), name(own[-1]))
        yield _Kept(row, json.loads(written))
