"""
The logs of pods, bounded: a long one loses its middle, since errors are told at the end.

Knows the request for a log. Does not know where logs go.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from headrace.api.v1alpha1.labels import ATTEMPT, COMPLETION_INDEX, TASK
from headrace.archive.ledger.kept import KeptLog, kept_log
from headrace.kube.errors import ApiError, not_found
from headrace.kube.resources import PODS
from headrace.kube.sender import REQUEST_SECONDS, Call, Sender
from headrace.kube.transport import Request
from headrace.manifests.job import CONTAINER
from headrace.views.objects import Object, entries, field, label, text

LAST_LINES: Final = 2000
"""How many lines of a long log's end are asked for."""
CUT: Final = b"... the log was too long: lines are missing here ...\n"
BAD_REQUEST: Final = 400
"""The API server's answer where a container has no log, since it never began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of logs is kept."""

    pod_bytes: int = 1024 * 1024
    """Of one pod."""
    run_bytes: int = 128 * 1024 * 1024
    """Of all pods of a run; of the rest, only what it takes to say that it is missing."""


class LogReader:
    """Reads logs of pods."""

    def __init__(self, sender: Sender, limits: Limits) -> None:
        """Ask through a sender."""
        self._sender = sender
        self._limits = limits

    async def read(self, pod: Object, left: int) -> KeptLog | None:
        """
        Return the log of a pod; None: it has none, or is gone.

        Args:
            pod: The pod.
            left: How many bytes this run's logs may still have.

        """
        if not _has_begun(pod):
            return None
        most = min(self._limits.pod_bytes, left)
        try:
            raw, cut = (CUT, True) if most < len(CUT) else await self._bounded(pod, most)
        except ApiError as error:
            if not_found(error) or error.status == BAD_REQUEST:
                return None
            raise
        return kept_log(_place(pod), text(pod, "metadata", "name"), raw, cut=cut)

    async def _bounded(self, pod: Object, most: int) -> tuple[bytes, bool]:
        """Return the whole log, or its beginning and its end, and whether it was cut."""
        whole = await self._ask(pod, limitBytes=most)
        if len(whole) < most:
            return whole, False
        begun = whole[: most // 2].rpartition(b"\n")[0] + b"\n"
        last_time = begun.rstrip(b"\n").rpartition(b"\n")[2].partition(b" ")[0]
        end = await self._ask(pod, tailLines=LAST_LINES, limitBytes=most // 2)
        later = [line for line in end.splitlines(keepends=True) if _time(line) > last_time]
        return begun + CUT + b"".join(later), True

    async def _ask(self, pod: Object, **bounds: int) -> bytes:
        path = PODS.path(text(pod, "metadata", "namespace"), text(pod, "metadata", "name"))
        query = urlencode({"container": CONTAINER, "timestamps": "true", **bounds})
        call = Call("get", PODS, Request("GET", f"{path}/log?{query}"))
        return (await self._sender.send(call, REQUEST_SECONDS)).body


def _time(line: bytes) -> bytes:
    return line.partition(b" ")[0]


def _place(pod: Object) -> tuple[str, int, int | None]:
    """Return the task, the attempt and the item of a pod."""
    attempt = label(pod, ATTEMPT)
    index = text(pod, "metadata", "annotations", COMPLETION_INDEX)
    number = int(attempt) if attempt.isdecimal() else 1
    return label(pod, TASK), number, int(index) if index.isdecimal() else None


def _has_begun(pod: Object) -> bool:
    statuses: list[Any] = [
        field(each, "state") or {}
        for each in entries(pod, "status", "containerStatuses")
        if text(each, "name") == CONTAINER
    ]
    return any("running" in state or "terminated" in state for state in statuses)
