"""What killed pods leave behind: `tools.cluster.left_overs`."""

import json
from pathlib import Path

import pytest

from tools.cluster.left_overs import pod_namespaces


def specification(*namespaces: dict[str, str]) -> str:
    return json.dumps({"linux": {"namespaces": namespaces}})


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param(
            specification({"type": "pid"}, {"type": "network", "path": "/var/run/netns/cni-1"}),
            (Path("/run/netns/cni-1"),),
            id="the pod's network",
        ),
        pytest.param(specification({"type": "network"}), (), id="a network without a name"),
        pytest.param(
            specification({"type": "network", "path": "/proc/1/ns/net"}), (), id="the machine's"
        ),
        pytest.param(
            specification({"type": "network", "path": "/run/netns/../../etc"}),
            (),
            id="a way out of the folder",
        ),
        pytest.param('{"linux": {"name', (), id="notes that were cut off"),
    ],
)
def test_pod_namespaces(text: str, want: tuple[Path, ...]) -> None:
    """Only network namespaces with a name of their own are given back."""
    assert want == pod_namespaces(text)
