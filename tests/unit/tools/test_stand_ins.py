"""Images without a registry: `tools.cluster.stand_ins`."""

import pytest

from tools.cluster.failure import ClusterError
from tools.cluster.stand_ins import BUSYBOX, PYTHON, StandIn, bases, called, debian_mirror

TARGETS = """\
MetaKey: main/binary-amd64/Packages
Repo-URI: https://tools.example/apt/
Origin: Somebody
Label: Debian

MetaKey: main/binary-amd64/Packages
Repo-URI: https://mirror.example/debian-security/
Origin: Debian
Label: Debian-Security

MetaKey: main/binary-amd64/Packages
Repo-URI: https://mirror.example/debian/
Origin: Debian
Label: Debian
"""


@pytest.mark.parametrize(
    ("dockerfile", "want"),
    [
        pytest.param(
            "ARG BASE=docker.io/library/python:3.13-slim\nFROM ${BASE} AS build\n",
            (PYTHON,),
            id="the default of an argument",
        ),
        pytest.param("FROM python:3.13-slim\n", (PYTHON,), id="the short name"),
        pytest.param("FROM docker.io/library/python:3.13-slim AS build", (PYTHON,), id="the long"),
        pytest.param("from busybox:1.37\nFROM python:3.13-slim", (BUSYBOX, PYTHON), id="two"),
        pytest.param("FROM --platform=linux/amd64 busybox:1.37", (BUSYBOX,), id="a platform"),
        pytest.param("FROM scratch\n# FROM python:3.13-slim\n", (), id="a comment is no base"),
        pytest.param("FROM python:3.13", (), id="another image"),
    ],
)
def test_bases(dockerfile: str, want: tuple[StandIn, ...]) -> None:
    """The bases of a Dockerfile are found by their published names."""
    assert want == bases(dockerfile)


def test_an_image_without_stand_in_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(ClusterError, match=r"no stand-in for image 'redis:8': .*python:3\.13-slim"):
        called("redis:8")


def test_the_mirror_is_the_one_that_apt_uses() -> None:
    """No host is named here: the machine's own sources say where Debian is."""
    assert debian_mirror(TARGETS) == "https://mirror.example/debian/"


def test_a_machine_without_debian_is_told_so() -> None:
    """The message says what to do."""
    with pytest.raises(ClusterError, match="add one to /etc/apt/sources"):
        debian_mirror("Origin: Ubuntu\nLabel: Ubuntu\nRepo-URI: https://mirror.example/ubuntu/\n")
