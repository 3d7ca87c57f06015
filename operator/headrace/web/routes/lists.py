"""What there is, as lists: the first page, workflows and runs."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query

from headrace.cluster.kinds import APPROVALS
from headrace.views.objects import name, namespace
from headrace.views.overview import overview
from headrace.views.rows import Overview, RunRow, WorkflowRow
from headrace.views.summaries import (
    run_row,
    runs_by_workflow,
    workflow_row,
)
from headrace.views.tones import has_status
from headrace.web import asking
from headrace.web.answers import Items, Where
from headrace.web.places import LaptopPlace, Place

Limit = Annotated[int, Query(ge=1, le=5000, description="How many at most.")]
Word = Annotated[str, Query(max_length=300)]


def lists(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")
    local = isinstance(place, LaptopPlace)

    @router.get("/place")
    def where() -> Where:
        """Say where the objects are."""
        space = "" if isinstance(place, LaptopPlace) else place.namespace
        return Where(place.title, space, local, version("headrace"))

    @router.get("/now")
    def now() -> Overview:
        """Say what needs somebody, what runs and what comes next."""
        with place.open() as source:
            runs = asking.runs_of(source, "")
            questions = asking.all_of(source, APPROVALS, local=local)
            workflows = [] if local else asking.workflows(source, runs)
        return overview(workflows, runs, questions, datetime.now(UTC))

    @router.get("/workflows")
    def workflows() -> Items[WorkflowRow]:
        """List all workflows by name, with their newest runs."""
        with place.open() as source:
            runs = asking.runs_of(source, "")
            items = asking.workflows(source, runs)
        by_workflow = runs_by_workflow(runs)
        rows = [
            workflow_row(item, by_workflow.get((namespace(item), name(item)), []))
            for item in sorted(items, key=name)
        ]
        return Items(rows)

    @router.get("/runs")
    def runs(workflow: Word = "", status: Word = "", limit: Limit = 500) -> Items[RunRow]:
        """List runs, newest first: of a workflow, or with a status such as `failed`."""
        with place.open() as source:
            found = asking.runs_of(source, workflow)
        wanted = [run for run in found if not status or has_status(run, status)]
        return Items([run_row(run) for run in wanted[:limit]], len(wanted) > limit)

    return router
