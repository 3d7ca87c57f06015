"""Fixtures of tests that watch the controller at work: CRDs, namespaces, controllers."""

import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cluster.fixtures import Program, namespace_name
from cluster.looking import Looking
from cluster.operator_process import ControllerProcess
from cluster.story import Story
from cluster.witness import Witness
from tools.cluster.provider import Cluster

ROOT = Path(__file__).parents[2]


class Stage:
    """Namespaces and controllers of one test, or of the tests of one module."""

    def __init__(self, cluster: Cluster, kubectl: Program, name: str, logs: Path) -> None:
        """Begin with none."""
        self.cluster = cluster
        self.kubectl = kubectl
        self.looking = Looking(cluster.variables()["KUBECONFIG"])
        self._name = name
        self._logs = logs
        self._namespaces: list[str] = []
        self._controllers: list[ControllerProcess] = []

    def namespace(self, *labels: str) -> str:
        """Make a namespace with labels, each written as `key=value`."""
        name = namespace_name(self._name, uuid.uuid4().hex[:6])
        self.kubectl("create", "namespace", name)
        self._namespaces.append(name)
        if labels:
            self.kubectl("label", "namespace", name, *labels)
        self.kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", name)
        return name

    def environ(self) -> dict[str, str]:
        """Return the variables of a program of this tree: the administrator's way to the API."""
        ours = {"PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("operator", "tests"))}
        return {**self.cluster.variables(), **ours}

    def controller(
        self,
        identity: str,
        *namespaces: str,
        environ: Mapping[str, str] | None = None,
        program: str = "headrace.controller",
    ) -> ControllerProcess:
        """Prepare a controller of some namespaces; it is not started."""
        log = self._logs / f"{identity}.log"
        variables = {**self.environ(), **(environ or {})}
        made = ControllerProcess(namespaces, variables, identity, log, program)
        self._controllers.append(made)
        return made

    def witness(self, namespace: str, record: Path) -> Witness:
        """Return an eye on the Jobs of a namespace."""
        return Witness(namespace, self.cluster.variables(), record)

    def story(self, namespace: str, *controllers: ControllerProcess) -> Story:
        """Return a namespace as a person sees it."""
        return Story(namespace, self.kubectl, self.looking, controllers)

    def close(self) -> None:
        """End all; nobody waits for the end of namespaces."""
        for controller in self._controllers:
            if controller.running:
                controller.kill()
        for namespace in self._namespaces:
            self.kubectl("delete", "namespace", namespace, "--wait=false")
        broken = [text for text in (each.unforeseen() for each in self._controllers) if text]
        assert not broken, broken[0]


@pytest.fixture(scope="session")
def crds(kubectl: Program) -> None:
    """Install the CRDs as they are in the repository."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    names = (
        *("workflows", "workflowruns", "taskruns", "approvals", "pools", "backfills"),
        *("tasktemplates", "clustertasktemplates"),
    )
    crds = [f"crd/{name}.headrace.dev" for name in names]
    for name, crd in zip(names, crds, strict=True):
        # A CRD that is a moment old has no conditions, and kubectl gives up instead of waiting.
        accepted = f"--for=jsonpath={{.status.acceptedNames.plural}}={name}"
        kubectl("wait", accepted, crd, "--timeout=60s")
    kubectl("wait", "--for=condition=Established", *crds, "--timeout=60s")


@pytest.fixture
def stage(
    cluster: Cluster,
    crds: None,  # noqa: ARG001 - they must be there
    kubectl: Program,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[Stage]:
    """Return a stage for one test, which says itself what it needs."""
    made = Stage(cluster, kubectl, request.node.name, tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_stage(
    cluster: Cluster,
    crds: None,  # noqa: ARG001 - they must be there
    kubectl: Program,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Return a stage that the tests of a module share."""
    name = request.node.name.rpartition("/")[2].removesuffix(".py")
    made = Stage(cluster, kubectl, name, tmp_path_factory.mktemp(name))
    yield made
    made.close()


@pytest.fixture(scope="module")
def controller(shared_stage: Stage) -> ControllerProcess:
    """Return the controller at work in the namespace that the tests of a module share."""
    made = shared_stage.controller("only", shared_stage.namespace())
    made.start()
    return made


@pytest.fixture(scope="module")
def story(shared_stage: Stage, controller: ControllerProcess) -> Story:
    """Return the namespace that the tests of a module share; each has workflows of its own."""
    return shared_stage.story(controller.namespaces[0], controller)
