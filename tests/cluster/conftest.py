"""
Brings the fixtures of `cluster.fixtures` and `cluster.control` to the tests of this folder.

Knows only that a run with pytest-xdist, or a test of another folder, may have brought them first.
"""

import pytest

import cluster.control
import cluster.fixtures

_MODULES = (cluster.fixtures, cluster.control)


def pytest_configure(config: pytest.Config) -> None:
    for module in _MODULES:
        if not config.pluginmanager.has_plugin(module.__name__):
            config.pluginmanager.register(module, module.__name__)
