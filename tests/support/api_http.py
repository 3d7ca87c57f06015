"""The API server in memory, behind real HTTP on this machine's loopback."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from headrace.kube.transport import Request
from support.api_refusals import RefusalError
from support.api_server import ApiServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
METADATA, OF_META = "application/json;as=PartialObjectMetadata", ";g=meta.k8s.io;v=v1"
"""How a client asks for metadata only; for a list with `List` in between."""


def answering(server: ApiServer) -> Handler:
    """Return the web handler for a server."""

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = Request(request.method, request.path_qs, await request.read(), request.content_type)
        if request.query.get("watch") in ("true", "1", "True"):
            return await _watch(server, asked, request)
        answer = server.handle(asked)
        if request.headers.get("Accept", "") == f"{METADATA}List{OF_META}":
            return _metadata_of(answer.body)
        return web.Response(status=answer.status, body=answer.body, content_type="application/json")

    return handle


async def _watch(server: ApiServer, asked: Request, request: web.Request) -> web.StreamResponse:
    try:
        lines = server.watch(asked)
    except RefusalError as refusal:
        return web.Response(status=refusal.code, body=json.dumps(refusal.status).encode())
    bare = request.headers.get("Accept", "") == f"{METADATA}{OF_META}"
    stream = web.StreamResponse(headers={"Content-Type": "application/json"})
    await stream.prepare(request)
    with suppress(ConnectionResetError):  # Who watched has gone.
        async for line in lines:
            await stream.write(_bare_line(line) if bare else line)
    return stream


def _metadata_of(body: bytes) -> web.Response:
    """Answer with the metadata of what is listed: without any, the real one says null."""
    listed = json.loads(body)
    items = [_bare(item) for item in listed["items"]] or None
    kind = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList"}
    return web.json_response({**kind, "metadata": listed["metadata"], "items": items})


def _bare_line(line: bytes) -> bytes:
    told = json.loads(line)
    if told["type"] != "ERROR":
        told["object"] = _bare(told["object"])
    return json.dumps(told).encode() + b"\n"


def _bare(item: Any) -> Any:
    kind = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
    return {**kind, "metadata": item["metadata"]}


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve until the block ends; give the URL."""
    app = web.Application(client_max_size=10 * 2**20)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"{'https' if tls else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()
