"""A folder with a workflow for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.local_run import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.clear()
