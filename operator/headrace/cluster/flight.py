"""
Requests of one turn, some at a time.

Knows errors that may pass by themselves. Does not know what is asked.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from headrace.kube.errors import transient

IN_FLIGHT = 8
"""How many requests of a run are under way at a time. More would open more connections, and a
handshake costs more CPU than a request. Each run has its own: those of one that get no answer must
not keep others waiting."""


async def some_at_a_time(coroutines: Sequence[Coroutine[Any, Any, None]]) -> None:
    """
    Do all of them, some at a time; then raise the first error, if there was one.

    After an error that may pass by itself, no other one is begun: it would likely meet the
    same, and a turn must come to its end.
    """
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
            coroutine.close()  # Those that were not begun.
    if errors:
        raise errors[0]
