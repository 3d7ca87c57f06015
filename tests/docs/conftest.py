"""Where commands of the documentation run: a copy of the repository, a cluster of its own."""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.fixtures import chosen, in_use, namespace_name
from docs.blocks import ROOT, Block
from docs.scratch import copy_repository
from docs.shell import Shell
from tools.cluster import demo
from tools.cluster.commands import locked, run
from tools.cluster.given import Given
from tools.cluster.instance import instance
from tools.cluster.provider import Cluster, choose
from tools.cluster.settings import Settings

PUBLISHED_AS = "registry.example.com/headrace/controller:0.1.0"
"""What the how-to calls the controller's image in a reader's own registry."""

HELLO = """
kubectl apply -f docs/tutorial/hello.yaml
kubectl wait workflow/hello --for=jsonpath='{.status.lastOutcome}'=Succeeded --timeout=180s
"""

DOCS = instance("docs")
BUSY = DOCS.home / "docs.busy"
"""Locked by the worker of pytest-xdist whose page the cluster belongs to for the moment."""

KINDS = (
    *("workflows", "workflowruns", "taskruns", "approvals", "pools", "backfills"),
    *("tasktemplates", "clustertasktemplates"),
)
CRDS = [f"{kind}.headrace.dev" for kind in KINDS]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository."""
    return copy_repository(tmp_path_factory.mktemp("docs") / "headrace")


@pytest.fixture
def local_shell(copy: Path, tmp_path: Path) -> Shell:
    """Return a shell in the copy that knows of no cluster."""
    return Shell(copy, {"KUBECONFIG": os.devnull}, tmp_path / "exported")


@pytest.fixture(scope="session")
def docs_cluster() -> Iterator[Cluster]:
    """Return a cluster in which pages may install and remove Headrace for the whole cluster."""
    if isinstance(chosen(), Given):
        pytest.skip("the cluster that was given is perhaps not empty")
    it = choose(DOCS)
    with in_use(it, DOCS, Settings()):
        with locked(BUSY):
            demo.provide_images(it)
            demo.provide_image(it, ROOT, PUBLISHED_AS)
            it.provide_image("python:3.13-slim")
        yield it


@pytest.fixture
def cluster_to_itself(docs_cluster: Cluster) -> Iterator[Cluster]:
    """Return that cluster while no other page uses it: what a page installs is there once."""
    with locked(BUSY):
        yield docs_cluster


@pytest.fixture
def cluster_shell(
    copy: Path, cluster_to_itself: Cluster, tmp_path: Path
) -> Iterator[Callable[[Path], Shell]]:
    """Return what gives a page a shell, with a namespace of its own as kubectl's default."""
    made: list[str] = []

    def shell(page: Path) -> Shell:
        name = namespace_name(str(page), uuid.uuid4().hex[:6])
        kubectl(cluster_to_itself, "create", "namespace", name)
        kubectl(cluster_to_itself, "wait", "--for=create", "serviceaccount/default", "-n", name)
        made.append(name)
        variables = dict(cluster_to_itself.variables())
        own = tmp_path / "kubeconfig"
        shutil.copy(variables["KUBECONFIG"], own)
        variables |= {"KUBECONFIG": str(own), demo.NAME_VARIABLE: DOCS.name}
        context = ("config", "set-context", "--current", f"--namespace={name}")
        run("kubectl", *context, environ=variables)
        return Shell(copy, variables, tmp_path / "exported")

    yield shell
    for name in made:
        kubectl(cluster_to_itself, "delete", "namespace", name, "--wait=false")


@pytest.fixture
def prepare(cluster_to_itself: Cluster) -> Callable[[Block, Shell], None]:
    """Return what brings the cluster to where a page begins, or where its comment says."""
    ready = False

    def act(block: Block, shell: Shell) -> None:
        nonlocal ready
        if block.empty_cluster is not None or block.after_hello:
            names = block.empty_cluster or ()
            remove_headrace(cluster_to_itself, {*names, demo.HOME})
            for name in names:
                kubectl(cluster_to_itself, "create", "namespace", name)
        if block.after_hello or (block.empty_cluster is None and not ready):
            demo.install(cluster_to_itself)
        if block.after_hello:
            shell.run(replace(block, text=HELLO))
        ready = True

    return act


def remove_headrace(cluster: Cluster, namespaces: set[str]) -> None:
    """Remove every release of the charts, the CRDs with all objects, and some namespaces."""
    listed = run("helm", "list", "--all-namespaces", "--output=json", environ=cluster.variables())
    for release in json.loads(listed):
        where = ("--namespace", release["namespace"], "--wait")
        run("helm", "uninstall", release["name"], *where, environ=cluster.variables())
    kubectl(cluster, "delete", "crd", "--ignore-not-found", *CRDS)
    kubectl(cluster, "delete", "namespace", "--ignore-not-found", *sorted(namespaces))


def kubectl(cluster: Cluster, *words: str) -> str:
    """Run kubectl as the administrator and return what it prints."""
    return run("kubectl", *words, environ=cluster.variables())
