"""Fake nodes: `tools.cluster.kwok`."""

from typing import Any

import pytest
import yaml

from tools.cluster import kwok
from tools.cluster.failure import ClusterError


def items(count: int) -> Any:
    return kwok.nodes(count)["items"]


def test_no_pod_gets_to_a_fake_node_unasked() -> None:
    """Each node has the taint, and the label that a selector names."""
    for node in items(3):
        (taint,) = node["spec"]["taints"]
        assert (kwok.TOLERATION["key"], "NoSchedule") == (taint["key"], taint["effect"])
        assert kwok.SELECTOR.items() <= node["metadata"]["labels"].items()


def test_each_fake_node_has_a_name_of_its_own() -> None:
    """So many are made as were asked for."""
    assert len({node["metadata"]["name"] for node in items(50)}) == 50


@pytest.mark.parametrize("count", [0, -1, kwok.MOST_NODES + 1])
def test_a_number_without_room_is_refused(count: int) -> None:
    """The message names the limit."""
    with pytest.raises(ClusterError, match="say 1 to 200"):
        kwok.nodes(count)


def test_the_stage_of_pods_reads_the_duration_that_benches_give() -> None:
    """Both say the same name of the variable, and the stage is among those that kwok gets."""
    stage = yaml.safe_load(kwok.COMPLETE.read_text())
    assert f'"{kwok.DURATION}"' in stage["spec"]["delay"]["durationFrom"]["expressionFrom"]
    assert "pod-complete" == stage["metadata"]["name"]
