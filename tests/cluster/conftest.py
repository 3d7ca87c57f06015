"""
Brings `cluster.fixtures` to the tests of this folder.

Knows only that a run with pytest-xdist, or a test of another folder, may have brought them first.
"""

import pytest

import cluster.fixtures

_NAME = cluster.fixtures.__name__


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(cluster.fixtures, _NAME)
