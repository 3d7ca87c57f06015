"""A workflow over its runs: grid, days, revisions, what changed between two, next ticks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from headrace.views.workflow_rows import Day, Difference, Grid, Revision, Tick
from headrace.web.answers import Items
from headrace.web.history import History
from headrace.web.places import LaptopPlace, Place

MOST_RUNS = 200
Runs = Annotated[int, Query(ge=1, le=MOST_RUNS, description="How many runs at most.")]
Count = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Zone = Annotated[str, Query(max_length=100, description="Whose days: `Europe/Berlin`.")]
Name = Annotated[str, Query(max_length=300, description="The name of a revision.")]


def history(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/workflows/{workflow}")
    local = isinstance(place, LaptopPlace)

    @contextmanager
    def of(workflow: str) -> Iterator[History]:
        with place.open() as source:
            yield History(source, workflow, local)

    @router.get("/grid")
    def grid(workflow: str, runs: Runs = 100) -> Grid:
        """Show the newest runs with all their tasks."""
        with of(workflow) as found:
            return found.grid(runs)

    @router.get("/days")
    def days(workflow: str, zone: Zone = "UTC") -> Items[Day]:
        """List the days that have runs, oldest first."""
        with of(workflow) as found:
            return Items(found.days(zone))

    @router.get("/revisions")
    def revisions(workflow: str) -> Items[Revision]:
        """List the definitions that the workflow has had, newest first."""
        with of(workflow) as found:
            return Items(found.revisions())

    @router.get("/differences")
    def differences(workflow: str, before: Name, after: Name) -> Items[Difference]:
        """List the fields that two revisions have otherwise."""
        with of(workflow) as found:
            return Items(found.differences(before, after))

    @router.get("/ticks")
    def ticks(workflow: str, count: Count = 20) -> Items[Tick]:
        """List when the schedules fire next."""
        with of(workflow) as found:
            return Items(found.ticks(datetime.now(UTC), count))

    return router
