"""
The requests of one turn, a few at a time.

Knows errors that may pass by themselves. Does not know the purpose of a request.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from headrace.kube.errors import transient

IN_FLIGHT = 8
"""How many requests of a run are sent at a time. More would open more connections, and a handshake
costs more CPU time than a request. Each run has its own limit, so that unanswered requests of one
run do not delay others."""


async def some_at_a_time(coroutines: Sequence[Coroutine[Any, Any, None]]) -> None:
    """
    Send all requests, a few at a time; then raise the first error, if there was one.

    After an error that may pass by itself, no further request starts: it would probably fail too,
    and the turn must end.
    """
    if len(coroutines) == 1:  # The usual case. It needs no task of its own.
        await coroutines[0]
        return
    gate = asyncio.Semaphore(IN_FLIGHT)
    errors: list[Exception] = []

    async def one(coroutine: Coroutine[Any, Any, None]) -> None:
        async with gate:
            if any(map(transient, errors)):
                return
            try:
                await coroutine
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)

    try:
        await asyncio.gather(*map(one, coroutines))
    finally:
        for coroutine in coroutines:
            coroutine.close()  # The requests that were not started.
    if errors:
        raise errors[0]
