"""
The pages of each process: /metrics, /livez and /readyz.

The process itself supplies the answers.
"""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Check = Callable[[], str | None]
"""Returns the problem, or None if all is well."""


def app(registry: CollectorRegistry, alive: Check, ready: Check) -> web.Application:
    """Make the web application."""

    async def metrics(_: web.Request) -> web.Response:
        text = generate_latest(registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def probe(check: Check) -> Callable[[web.Request], object]:
        async def answer(_: web.Request) -> web.Response:
            wrong = check()
            return web.Response(status=503 if wrong else 200, text=wrong or "ok")

        return answer

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/livez", probe(alive))  # type: ignore[arg-type] # any coroutine will do
    application.router.add_get("/readyz", probe(ready))  # type: ignore[arg-type] # any coroutine will do
    return application
