"""
The files of the page, as `make ui` has built them, and what stands there if nobody has.

Each address of the page is answered with the same file: the page reads the address itself. Knows
files; knows no object.
"""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response

BUILT: Final = Path(__file__).parent / "page"
_FIRST: Final = "index.html"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = (
    "The page is not built here; the API is at /api, and /api/openapi.json describes it.\n"
    "A checkout gets the page with `make ui`, which needs Node.js 20.19 or later.\n"
)


def files(folder: Path = BUILT) -> APIRouter:
    """Return the routes of everything outside of /api."""
    router = APIRouter(include_in_schema=False)
    assets = {path.name: path for path in sorted((folder / "assets").glob("*"))}

    @router.get("/assets/{name}")
    def asset(name: str) -> Response:
        """Return a file of the page. Its name changes with its content."""
        if name not in assets:
            return PlainTextResponse("there is no such file\n", 404)
        return FileResponse(assets[name], headers={"Cache-Control": _FOR_EVER})

    @router.get("/api/{rest:path}")
    def no_route(rest: str) -> Response:
        """Say that the API has no such route."""
        return JSONResponse({"message": f"there is no route /api/{rest}"}, 404)

    @router.get("/{rest:path}")
    def page(rest: str) -> Response:  # noqa: ARG001 - the page reads the address
        """Return the page."""
        first = folder / _FIRST
        if not first.exists():
            return PlainTextResponse(_NOT_BUILT)
        return FileResponse(first, headers={"Cache-Control": "no-cache"})

    return router
