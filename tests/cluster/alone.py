"""
Fixtures of tests with a controller of their own, which they may kill.

A module takes them by name: `namespace, controller, story = ALONE`. Without that, the tests of a
module share one controller (`cluster.control`).
"""

import pytest

from cluster.control import Stage
from cluster.operator_process import ControllerProcess
from cluster.story import Story


@pytest.fixture
def namespace(stage: Stage) -> str:
    """Return the namespace of the test."""
    return stage.namespace()


@pytest.fixture
def controller(stage: Stage, namespace: str) -> ControllerProcess:
    """Return a controller that is at work."""
    made = stage.controller("only", namespace)
    made.start()
    return made


@pytest.fixture
def story(stage: Stage, namespace: str) -> Story:
    """Return the namespace as a person sees it."""
    return stage.story(namespace)


ALONE = (namespace, controller, story)
