"""Fixtures of tests that watch the controller at work: CRDs, a controller of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.control_plane.provider import Cluster
from cluster.fixtures import Program
from cluster.operator_process import ControllerProcess
from cluster.story import Story

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def crds(kubectl: Program) -> None:
    """Install the CRDs as they are in the repository."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    names = ("workflows", "workflowruns", "taskruns")
    crds = [f"crd/{name}.headrace.dev" for name in names]
    kubectl("wait", "--for=condition=Established", *crds, "--timeout=60s")


@pytest.fixture
def controllers(
    cluster: Cluster, crds: None, namespace: str, tmp_path: Path
) -> Iterator[Callable[[str], ControllerProcess]]:
    """Return what makes controllers of the test's namespace; they end with the test."""
    made: list[ControllerProcess] = []

    def make(identity: str) -> ControllerProcess:
        log = tmp_path / f"{identity}.log"
        made.append(ControllerProcess(namespace, cluster.variables(), identity, log))
        made[-1].start()
        return made[-1]

    yield make
    for controller in made:
        if controller.running:
            controller.kill()


@pytest.fixture
def story(
    controllers: Callable[[str], ControllerProcess], namespace: str, kubectl: Program
) -> Story:
    """Return a namespace with a controller at work."""
    controllers("only")
    return Story(namespace, kubectl)
