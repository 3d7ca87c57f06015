"""The server over a cluster in memory, and over a folder of state."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from headrace.cli.window.options import Window
from headrace.web.places import LaptopPlace, place_of
from support.page_server import Page, page_over
from support.web_stages import ClusterPage, laptop
from support.window import stage


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ClusterPage]:
    """Return an API server in memory, and the page over it."""
    async with stage(tmp_path) as made:
        window = Window(kubeconfig=str(made.kubeconfig))
        place = place_of(window, window.cluster())
        with page_over(place) as page:
            yield ClusterPage(made, page)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Return the page over runs of this machine."""
    folder = tmp_path_factory.mktemp("laptop")
    laptop(folder)
    with page_over(LaptopPlace(Window(state=folder / ".headrace"))) as page:
        yield page
