"""The application: routes over a place, behind the guard."""

from typing import Any, Final

from fastapi import FastAPI
from starlette.types import ASGIApp

from headrace.cli.window.options import Window
from headrace.web.changes import Changes
from headrace.web.failures import Problem, answered
from headrace.web.feeds import Feed
from headrace.web.files import files
from headrace.web.guard import Door, Guard
from headrace.web.places import LaptopPlace, Place
from headrace.web.routes.actions import actions
from headrace.web.routes.backfills import backfills
from headrace.web.routes.history import history
from headrace.web.routes.lists import lists
from headrace.web.routes.logs import logs
from headrace.web.routes.others import others
from headrace.web.routes.pages import pages
from headrace.web.routes.stream import stream

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": words}
    for status, words in {
        403: "The API server refused.",
        404: "There is no such object.",
        409: "The name is taken.",
        422: "It cannot be done like this.",
        502: "The place cannot be asked.",
        503: "Too much is being asked.",
    }.items()
}


def api(place: Place, changes: Changes) -> FastAPI:
    """Return the API and the page over a place, open to anybody."""
    app = FastAPI(
        title="Headrace: the window",
        version="v1alpha1",
        description="What the page of `headrace ui` asks. Times are RFC 3339; an empty text means "
        "that nothing is known.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # their page loads scripts of other hosts
        redoc_url=None,
        responses=_PROBLEMS,
    )
    answered(app)
    for router in (
        lists(place),
        pages(place),
        history(place),
        others(place),
        logs(place),
        actions(place),
        backfills(place),
        stream(changes, Feed(place, changes)),
        files(),
    ):
        app.include_router(router)
    return app


def application(place: Place, door: Door, changes: Changes) -> ASGIApp:
    """Return the API and the page over a place, for whoever the door lets in."""
    return Guard(api(place, changes), door)


def described() -> dict[str, Any]:
    """Return the OpenAPI of the API, which is the same over each place."""
    return api(LaptopPlace(Window(local=True)), Changes()).openapi()
