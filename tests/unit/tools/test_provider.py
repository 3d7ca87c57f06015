"""Which kind of cluster a machine can run: `tools.cluster.provider`."""

from dataclasses import replace

import pytest

from tools.cluster.failure import ClusterError, ClusterUnavailableError
from tools.cluster.provider import Facts, Provider, decide

ROOT_ON_LINUX = Facts(
    system="linux",
    root=True,
    docker=False,
    kind=False,
    go=True,
    kube=False,
    namespaces=True,
    control_groups=True,
    packages=True,
)
LAPTOP = replace(ROOT_ON_LINUX, system="darwin", root=False, docker=True, kind=True, go=False)


@pytest.mark.parametrize(
    ("facts", "wish", "want"),
    [
        pytest.param(LAPTOP, None, "kind", id="kind where Docker runs"),
        pytest.param(
            replace(LAPTOP, kind=False, go=True), None, "kind", id="Go can build kind itself"
        ),
        pytest.param(ROOT_ON_LINUX, None, "one-node", id="root on Linux without Docker"),
        pytest.param(
            replace(ROOT_ON_LINUX, go=False, kube=True),
            None,
            "one-node",
            id="no Go is needed where Kubernetes was built before",
        ),
        pytest.param(
            replace(ROOT_ON_LINUX, docker=True, kind=True),
            "one-node",
            "one-node",
            id="a wish wins over kind",
        ),
        pytest.param(
            replace(ROOT_ON_LINUX, docker=True, go=False, kube=True),
            None,
            "one-node",
            id="Docker alone is no use without kind",
        ),
    ],
)
def test_a_machine_that_can(facts: Facts, wish: str | None, want: Provider) -> None:
    """Kind goes first, then the one-node cluster."""
    assert want == decide(facts, wish)


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        pytest.param(replace(LAPTOP, docker=False), "needs Linux, not darwin", id="not Linux"),
        pytest.param(replace(ROOT_ON_LINUX, root=False), "needs root", id="not root"),
        pytest.param(
            replace(ROOT_ON_LINUX, namespaces=False), "network namespaces", id="in a container"
        ),
        pytest.param(
            replace(ROOT_ON_LINUX, control_groups=False), "/sys/fs/cgroup", id="no control groups"
        ),
        pytest.param(
            replace(ROOT_ON_LINUX, packages=False), "containerd", id="another distribution"
        ),
        pytest.param(replace(ROOT_ON_LINUX, go=False), "Go 1.26", id="nothing to build with"),
    ],
)
def test_a_machine_that_cannot(facts: Facts, missing: str) -> None:
    """The message is one sentence that says what is missing."""
    with pytest.raises(ClusterUnavailableError, match=missing) as caught:
        decide(facts)
    assert "\n" not in str(caught.value)


def test_a_wish_that_cannot_be_met_is_not_replaced_by_another() -> None:
    """Who asks for kind gets kind or the reason why not."""
    with pytest.raises(ClusterUnavailableError, match="kind needs a Docker engine"):
        decide(ROOT_ON_LINUX, "kind")


def test_a_wish_for_something_unknown_is_refused() -> None:
    """The message names the variable and what it may be."""
    with pytest.raises(ClusterError, match="HEADRACE_CLUSTER_PROVIDER=minikube: say `kind`"):
        decide(ROOT_ON_LINUX, "minikube")
