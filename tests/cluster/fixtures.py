"""
What tests on a real cluster get, and what they are told where there is none.

Knows pytest and the protocol `Cluster`. A test that needs a cluster carries the mark `cluster`; it
is left out, with the reason in the last lines, only where this machine cannot run one. A cluster
that should come up and does not is an error, not a reason to leave tests out.

Variables: HEADRACE_TEST_CLUSTER_KUBECONFIG names a cluster to use as it is;
HEADRACE_KEEP_CLUSTER keeps ours for the next session.
"""

import fcntl
import functools
import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tools.cluster.commands import locked, run
from tools.cluster.failure import ClusterUnavailableError
from tools.cluster.given import Given
from tools.cluster.instance import Instance, instance
from tools.cluster.provider import Cluster, choose
from tools.cluster.settings import Settings

GIVEN_VARIABLE = "HEADRACE_TEST_CLUSTER_KUBECONFIG"
KEEP_VARIABLE = "HEADRACE_KEEP_CLUSTER"
INSTANCE_NAME = "test"
NO_CLUSTER = "no cluster can be made here: "

_NAME_LENGTH = 40  # of a namespace, of the 63 that Kubernetes allows


class Program(Protocol):
    """A program that speaks to the test's cluster and returns its standard output."""

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        """Run it; raises `CommandFailedError` where it ends with another code than 0."""


@functools.cache
def chosen() -> Cluster:
    """
    Return the session's cluster, which is perhaps not up yet.

    Raises:
        ClusterUnavailableError: This machine cannot run one.

    """
    given = os.environ.get(GIVEN_VARIABLE)
    return Given(Path(given)) if given else choose(instance(INSTANCE_NAME))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test that needs a cluster where there cannot be one."""
    if item.get_closest_marker("cluster") is not None:
        skip_without_cluster()


def skip_without_cluster() -> None:
    """Leave out the test that asks, where there cannot be a cluster."""
    try:
        chosen()
    except ClusterUnavailableError as error:
        pytest.skip(f"{NO_CLUSTER}{error}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say last of all which tests were left out, and why."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None:
        return  # a worker of pytest-xdist: the one who sent it tells
    reports = terminal.stats.get("skipped", ())
    for line in left_out((report.nodeid, report.longrepr) for report in reports):
        terminal.write_line(line, yellow=True)


def left_out(skipped: Iterator[tuple[str, object]]) -> tuple[str, ...]:
    """
    Return the lines about tests that were left out for want of a cluster.

    Args:
        skipped: Of each test that was left out for any reason, its id and pytest's account:
            file, line and reason.

    """
    files: Counter[str] = Counter()
    reasons: list[str] = []
    for test, account in skipped:
        reason = account[2] if isinstance(account, tuple) else ""
        if NO_CLUSTER in reason:
            files[test.partition("::")[0]] += 1
            reasons.append(reason.removeprefix("Skipped: "))
    if not reasons:
        return ()
    which = (f"  {count} of {file}" for file, count in sorted(files.items()))
    return (f"LEFT OUT: {len(reasons)} tests, for {reasons[0]}", *which)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a cluster that is up, the same one for all tests and all workers of pytest-xdist."""
    it = chosen()
    if isinstance(it, Given):
        yield it
        return
    with in_use(it, instance(INSTANCE_NAME), Settings(audit=True)):
        yield it


@contextmanager
def in_use(it: Cluster, ours: Instance, settings: Settings) -> Iterator[None]:
    """Have a cluster up; the last worker or session that uses it takes it down."""
    with locked(_users(ours), shared=True):
        it.up(settings)
        yield
    if not os.environ.get(KEEP_VARIABLE):
        _down_as_the_last(it, ours)


def _users(ours: Instance) -> Path:
    """Return the file that each session holds a shared lock on while it uses the cluster."""
    return ours.home / f"{ours.name}.users"


def _down_as_the_last(it: Cluster, ours: Instance) -> None:
    with _users(ours).open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another worker or session still uses it, and will take it down
        it.down()


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Program:
    """Return kubectl as the cluster's administrator."""
    return _program("kubectl", cluster)


@pytest.fixture(scope="session")
def helm(cluster: Cluster) -> Program:
    """Return helm as the cluster's administrator."""
    return _program("helm", cluster)


def _program(name: str, it: Cluster) -> Program:
    def program(*words: str, stdin: str | None = None) -> str:
        return run(name, *words, stdin=stdin, environ=it.variables())

    return program


@pytest.fixture
def namespace(kubectl: Program, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return a namespace of the test's own; nobody waits for its end."""
    name = namespace_name(request.node.name, uuid.uuid4().hex[:6])
    kubectl("create", "namespace", name)
    kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def namespace_name(test: str, token: str) -> str:
    """Return a name that tells which test made the namespace."""
    words = re.sub(r"[^a-z0-9]+", "-", test.removeprefix("test_").lower())
    return f"{words[:_NAME_LENGTH].strip('-')}-{token}".lstrip("-")
