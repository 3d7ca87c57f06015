"""Which event loops these tests run in, and the server that goes with each."""

from support.api_contract import api
from support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["api", "pytest_asyncio_loop_factories"]
