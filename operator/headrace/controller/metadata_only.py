"""
kopf's requests for workflows: metadata only, without specs.

kopf holds each object that it hears of for some seconds, and at its start hears of all of them. A
definition may have a megabyte, and nobody reads it there. Knows HTTP headers, and no workflow.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import kopf

from headrace.cluster.kinds import WORKFLOWS

OBJECT: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""(https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches)"""

IDENTITY: Final = ("namespace", "name", "uid", "resourceVersion", "generation")

Login = Callable[..., kopf.ConnectionInfo | None]


class Sessions:
    """The HTTP sessions of one of kopf's operators, one for each login."""

    def __init__(self, login: Login) -> None:
        """Log in by this function."""
        self._login = login
        self._last: tuple[kopf.ConnectionInfo, kopf.AiohttpSession] | None = None

    async def log_in(self, **context: Any) -> kopf.AiohttpSession | None:
        """Return a new session; the last one, if nothing has changed: kopf then knows as much."""
        info = await asyncio.to_thread(self._login, **context)
        if info is None:
            return None
        if self._last is None or self._last[0] != info:
            self._last = info, _session(info)
        return self._last[1]


def _session(info: kopf.ConnectionInfo) -> kopf.AiohttpSession:
    """Return a session as kopf makes it, that asks for less."""
    return kopf.AiohttpSession(
        server=info.server,
        default_namespace=info.default_namespace,
        priority=info.priority,
        expiration=info.expiration,
        aiohttp_session=aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
            headers=info.as_http_headers(),
            proxy=info.proxy_url,
            trust_env=info.trust_env,
            middlewares=(ask_for_metadata,),
            response_class=Answer,
        ),
    )


class Answer(aiohttp.ClientResponse):
    """An answer that keeps only the fields that are read."""

    async def json(self, **how: Any) -> Any:
        """Return the answer; from a list of metadata, the fields that identify objects."""
        sent = await super().json(**how)
        if isinstance(sent, dict) and sent.get("kind") == "PartialObjectMetadataList":
            # Where there is nothing, the API server sends null, and kopf expects a list.
            sent["items"] = [_identity(item) for item in sent.get("items") or ()]
        return sent


def _identity(item: dict[str, Any]) -> dict[str, Any]:
    meta = item.get("metadata") or {}
    return {"metadata": {name: meta[name] for name in IDENTITY if name in meta}}


async def ask_for_metadata(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Ask for the metadata of workflows, one by one as they change or all in a list."""
    if request.method == "GET" and request.url.path.endswith(f"/{WORKFLOWS.plural}"):
        request.headers["Accept"] = OBJECT if "watch" in request.url.query else LIST
    return await send(request)
