"""What is derived from the name of a test cluster: `tools.cluster.instance`."""

from operator import attrgetter
from pathlib import Path

import pytest

from tools.cluster.failure import ClusterError
from tools.cluster.instance import LINKS, POD_CIDR, SERVICE_CIDR, Instance, instance

NAMES = ["default", "test", "passing", *(f"worker-{number}" for number in range(20))]

DERIVED = tuple(
    attrgetter(name)
    for name in ("link", "machine_interface", "unique", "state", "lock", "network_namespace")
)


def test_two_names_share_nothing_on_the_machine() -> None:
    """Two instances can run side by side, for no address, interface, group or path is the same."""
    found = [instance(name, {}) for name in NAMES]
    for derived in DERIVED:
        assert len(NAMES) == len({derived(each) for each in found})


@pytest.mark.parametrize("name", NAMES)
def test_both_ends_of_the_link_are_addresses_for_tests(name: str) -> None:
    """The link lies in the range that RFC 2544 keeps for tests, apart from pods and Services."""
    it = instance(name, {})
    assert [it.machine_address, it.address] == list(it.link.hosts())
    assert it.link.subnet_of(LINKS)
    assert not it.link.overlaps(POD_CIDR)
    assert not it.link.overlaps(SERVICE_CIDR)


def test_an_interface_name_fits_into_the_kernels_fifteen_characters() -> None:
    """The longest name of an instance gives a name of an interface that `ip` accepts."""
    assert len(instance("a" * 20, {}).machine_interface) <= 15


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("a" * 21, id="too long"),
        pytest.param("Test", id="a capital letter"),
        pytest.param("1st", id="a digit first"),
        pytest.param("a-", id="a dash last"),
        pytest.param("../etc", id="a way out of the folder"),
        pytest.param("a\n", id="a line break"),
    ],
)
def test_a_name_that_cannot_be_a_host_name_is_refused(name: str) -> None:
    """The message says what a name may be."""
    with pytest.raises(ClusterError, match=r"use 1 to 20 characters of a-z, 0-9 and '-'"):
        instance(name, {})


def test_the_state_can_lie_elsewhere() -> None:
    """A variable moves the state of all instances."""
    assert Instance("test", Path("/else/where")) == instance(
        "test", {"HEADRACE_CLUSTER_STATE": "/else/where"}
    )
    assert Path("/var/lib/headrace-cluster/test") == instance("test", {}).state
