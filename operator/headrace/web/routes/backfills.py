"""A workflow for a stretch of the past: begun and steered."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from headrace.web.answers import Done
from headrace.web.backfills import Stretch, begin_backfill, steer_backfill
from headrace.web.places import Place
from headrace.web.routes.asks import Ask, Params, Short, done


class BackfillAsk(Ask):
    """A stretch of the past."""

    first: Short
    """The first instant, as 2030-01-31T00:00:00Z."""
    last: Short
    step: Literal["schedule", "day", "month"] = "schedule"
    time_zone: Short | None = None
    """The zone of days and months."""
    order: Literal["oldest-first", "newest-first"] = "oldest-first"
    existing: Literal["skip", "rerun-failed", "rerun-all"] = "skip"
    on_failure: Literal["continue", "stop"] = "continue"
    max_active: Annotated[int, Field(ge=1, le=1000)] = 1
    params: Params = Field(default={})

    def stretch(self) -> Stretch:
        """Return it as the command line has it."""
        own = self.model_dump(exclude={"preview", "step", "params"})
        step = {} if self.step == "schedule" else {"step": self.step.capitalize()}
        params = [f"{key}={value}" for key, value in self.params.items()]
        return Stretch(**own, step=step, params=params)


def backfills(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.post("/workflows/{workflow}/backfill")
    def backfill(workflow: str, ask: BackfillAsk) -> Done:
        """Run a workflow for a stretch of the past."""
        return done(place, ask, lambda deed: begin_backfill(deed, workflow, ask.stretch()))

    @router.post("/backfills/{backfill}/steer/{verb}")
    def steer(backfill: str, verb: Literal["pause", "resume", "stop", "cancel"], ask: Ask) -> Done:
        """Pause, resume, stop or cancel a backfill."""
        return done(place, ask, lambda deed: steer_backfill(deed, backfill, verb))

    return router
