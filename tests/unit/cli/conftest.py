"""A cluster in memory for commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from support.window import CommandStage, stage


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[CommandStage]:
    """Return an API server in memory, with a kubeconfig."""
    async with stage(tmp_path) as made:
        yield made
