"""A folder with a workflow for each test."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.local_run import Bench

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.clear()


@pytest.fixture(autouse=True)
def hearing() -> Iterator[None]:
    """Pass on no signal that is switched off here, as under nohup: it would stay so for runners."""
    deaf = [each for each in SIGNALS if signal.getsignal(each) is signal.SIG_IGN]
    for each in deaf:
        signal.signal(each, signal.SIG_DFL)
    yield
    for each in deaf:
        signal.signal(each, signal.SIG_IGN)
