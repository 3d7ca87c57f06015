"""Which event loop these tests run in: a module says `EVENT_LOOP = VirtualTimeLoop`, or nothing."""

from support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]
