"""What people can do: each action once as a preview with its command, and once for real."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from headrace.web import acting
from headrace.web.answers import Done
from headrace.web.places import Place
from headrace.web.routes.asks import Ask, Params, Short, done

Long = Annotated[str, StringConstraints(max_length=4096)]
Verb = Literal["pause", "resume", "stop", "cancel", "terminate"]


class StartAsk(Ask):
    """A new run."""

    params: Params = Field(default={})
    logical_time: Short | None = None


class RerunAsk(Ask):
    """A repetition."""

    start: Literal["Failed", "All", "Task"] = "Failed"
    task: Short = ""
    """The task from which on to repeat."""
    downstream_only: bool = False
    latest: bool = False
    """With today's definition."""
    params: Params = Field(default={})
    """Values that differ from those of the run."""

    def fields(self) -> dict[str, Any]:
        """Return the fields of `rerunOf` that differ from their defaults."""
        wanted: dict[str, Any] = {
            "from": "" if self.start == "Failed" else self.start,
            "task": self.task if self.start == "Task" else "",
            "downstreamOnly": self.downstream_only,
            "revision": "Latest" if self.latest else "",
        }
        return {key: value for key, value in wanted.items() if value}


class AnswerAsk(Ask):
    """An answer to a question."""

    choice: Short
    comment: Long = ""


def actions(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api")

    @router.post("/runs/{run}/rerun")
    def rerun(run: str, ask: RerunAsk) -> Done:
        """Repeat a run that has ended."""
        return done(place, ask, lambda deed: acting.rerun(deed, run, ask.fields(), ask.params))

    @router.post("/runs/{run}/steer/{verb}")
    def steer(run: str, verb: Verb, ask: Ask) -> Done:
        """Pause, resume, stop, cancel or terminate a run."""
        return done(place, ask, lambda deed: acting.steer_run(deed, run, verb))

    @router.post("/workflows/{workflow}/steer/{verb}")
    def suspend(workflow: str, verb: Literal["pause", "resume"], ask: Ask) -> Done:
        """Switch the triggers of a workflow off or on."""
        return done(place, ask, lambda deed: acting.steer_workflow(deed, workflow, verb))

    @router.post("/workflows/{workflow}/start")
    def start(workflow: str, ask: StartAsk) -> Done:
        """Start a run of a workflow."""
        return done(
            place, ask, lambda deed: acting.start(deed, workflow, ask.params, ask.logical_time)
        )

    @router.post("/approvals/{approval}/answer")
    def answer(approval: str, ask: AnswerAsk) -> Done:
        """Answer a question."""
        return done(place, ask, lambda deed: acting.answer(deed, approval, ask.choice, ask.comment))

    return router
