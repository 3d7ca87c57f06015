"""From what a command could not do to an answer over HTTP: a status, and one sentence."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from headrace.access.failures import AccessError, RefusedError
from headrace.cli.window.exits import (
    MissingError,
    NotAllowedError,
    NotThereError,
    TakenError,
    WindowError,
)
from headrace.web.places import BusyError

_STATUSES: Final = (
    (MissingError, 404),
    (TakenError, 409),
    (NotAllowedError, 403),
    (NotThereError, 502),
    (BusyError, 503),
    (WindowError, 422),
)
"""The first class that fits counts."""


class Problem(BaseModel):
    """Why there is no answer."""

    message: str


def answered(app: FastAPI) -> None:
    """Let errors of commands be answered."""

    @app.exception_handler(WindowError)
    def window(_: Request, error: WindowError) -> JSONResponse:
        status = next(status for kind, status in _STATUSES if isinstance(error, kind))
        return _problem(status, str(error))

    @app.exception_handler(AccessError)
    def access(_: Request, error: AccessError) -> JSONResponse:
        refused = isinstance(error, RefusedError)
        return _problem(403 if refused else 502, str(error))

    @app.exception_handler(RequestValidationError)
    def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        """Answer without the value that was wrong: it may be large."""
        words = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:3]
        )
        return _problem(422, words)


def _problem(status: int, words: str) -> JSONResponse:
    return JSONResponse(
        Problem(message=words.encode(errors="replace").decode()).model_dump(), status
    )
