"""
The logs of a run as a stream that ends: as many last lines of each program as somebody asks for.

A page that follows a log asks again, so no request waits for a program.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from headrace.access.failures import AccessError
from headrace.cli.window.cluster import ClusterSource
from headrace.cli.window.exits import WindowError
from headrace.cli.window.file_logs import FileLogs
from headrace.cli.window.laptop import LaptopSource
from headrace.cli.window.pod_logs import PodLogs, Wanted
from headrace.cluster.kinds import WORKFLOW_RUNS
from headrace.views.log_lines import LogLine
from headrace.web.places import Place

MOST_BYTES: Final = 32 * 1024 * 1024
"""How much of a log one answer has; `headrace logs` has no bound."""
_CUT: Final = "… the answer is cut here; headrace logs prints all"
_PIECE: Final = 64 * 1024

Attempt = Annotated[int | None, Query(ge=1, description="Only of this attempt.")]
Tail = Annotated[int, Query(ge=1, le=1_000_000, description="The last lines of each program.")]


class JsonLines(StreamingResponse):
    """One JSON object a line: time, task, attempt, item, text."""

    media_type = "application/x-ndjson"


class PlainLines(StreamingResponse):
    """One line of text for each line of a log."""

    media_type = "text/plain; charset=utf-8"


def logs(place: Place) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/runs/{run}")

    @router.get("/logs", response_class=JsonLines)
    def lines(run: str, task: str = "", attempt: Attempt = None, tail: Tail = 2000) -> JsonLines:
        """Return the last lines of the logs of a run, or of a task, each as a JSON object."""
        wanted = Wanted(run, task or None, attempt, tail)
        return JsonLines(_begun(_pieces(map(_as_json, _read(place, wanted)), _cut_json())))

    @router.get("/logs.txt", response_class=PlainLines)
    def text(
        run: str, task: str = "", attempt: Attempt = None, tail: Tail = 1_000_000
    ) -> PlainLines:
        """Return the logs of a run, or of a task, as a text to save."""
        wanted = Wanted(run, task or None, attempt, tail)
        own = bool(task)
        body = _begun(_pieces((_as_text(line, own=own) for line in _read(place, wanted)), _CUT))
        answer = PlainLines(body)
        answer.headers["Content-Disposition"] = 'attachment; filename="log.txt"'
        return answer

    return router


def _read(place: Place, wanted: Wanted) -> Iterator[LogLine]:
    with place.open(long=True) as source:
        source.named(WORKFLOW_RUNS, wanted.run)
        if isinstance(source, ClusterSource):
            yield from PodLogs(source, wanted).lines()
        if isinstance(source, LaptopSource):
            yield from FileLogs(source, wanted).lines()


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece before the answer begins, so that an error becomes a status."""
    first = next(pieces, b"")

    def all_pieces() -> Iterator[bytes]:
        yield first
        try:
            yield from pieces
        except (WindowError, AccessError) as error:
            yield f"{json.dumps({'text': str(error)})}\n".encode()

    return all_pieces()


def _pieces(lines: Iterator[str], cut: str) -> Iterator[bytes]:
    """Join lines into pieces of some size, up to the most that an answer has."""
    piece, size, total = [], 0, 0
    for line in lines:
        raw = f"{line}\n".encode(errors="replace")
        total += len(raw)
        if total > MOST_BYTES:
            piece.append(f"{cut}\n".encode())
            break
        piece.append(raw)
        size += len(raw)
        if size >= _PIECE:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


def _as_json(line: LogLine) -> str:
    source = line.source
    where = {"task": source.task, "attempt": source.attempt, "item": source.item}
    return json.dumps({"time": line.time, **where, "text": line.text}, ensure_ascii=False)


def _cut_json() -> str:
    where = {"time": "", "task": "", "attempt": 0, "item": None}
    return json.dumps({**where, "text": _CUT}, ensure_ascii=False)


def _as_text(line: LogLine, *, own: bool) -> str:
    time = f"{line.time} " if line.time else ""
    return f"{time}{line.text}" if own else f"{time}{line.source.label} | {line.text}"
