"""Leaves the chart's tests out where there is no helm and it cannot be built, and says so."""

import pytest

from chart.rendering import helm
from tools.cluster.failure import ClusterError


@pytest.fixture(scope="session", autouse=True)
def program() -> None:
    """Have helm, built once with Go where it is not installed."""
    try:
        helm()
    except ClusterError as error:
        pytest.skip(f"no helm here: {error}")
