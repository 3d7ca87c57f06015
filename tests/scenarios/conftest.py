"""
The stages of stories: the world in memory, and the real one over the API server in memory.

A scenario that takes `new_story` is told on both. One that cannot hold on a cluster says why, with
`in_memory_only`.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from support.api_stage import ApiStage
from support.memory_stage import MemoryStage
from support.story import NewStory, Story
from support.virtual_time import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]

STAGES = {"memory": MemoryStage, "cluster-world": ApiStage}


@pytest.fixture(params=STAGES)
def new_story(request: pytest.FixtureRequest) -> Iterator[NewStory]:
    """Return what begins a story, on one stage or the other."""
    stage = STAGES[request.param]()
    yield partial(Story, stage=stage)
    stage.close()
