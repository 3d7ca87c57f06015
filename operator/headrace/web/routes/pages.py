"""One object with all that belongs to it: a workflow, a run, a task."""

from datetime import UTC, datetime

from fastapi import APIRouter

from headrace.web import asking
from headrace.web.answers import RunPage, TaskPage, WorkflowPage
from headrace.web.places import Place


def pages(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.get("/workflows/{workflow}")
    def workflow(workflow: str) -> WorkflowPage:
        """Show a workflow."""
        with place.open() as source:
            return asking.workflow_page(source, workflow, datetime.now(UTC))

    @router.get("/runs/{run}")
    def run(run: str) -> RunPage:
        """Show a run."""
        with place.open() as source:
            return asking.run_page(source, run, datetime.now(UTC))

    @router.get("/runs/{run}/tasks/{task}")
    def task(run: str, task: str) -> TaskPage:
        """Show a task of a run."""
        with place.open() as source:
            return asking.task_page(source, run, task, datetime.now(UTC))

    return router
