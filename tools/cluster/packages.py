"""
Packages of the Linux distribution for a one-node cluster.

Knows Debian's names of packages. Does not know their use.
"""

import logging
import shutil

from tools.cluster.commands import CommandFailedError, run
from tools.cluster.failure import ClusterError

log = logging.getLogger("cluster")

PACKAGES = (
    "buildah",
    "busybox-static",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "debootstrap",
    "iproute2",
    "iptables",
    "nftables",
    "openssl",
    "procps",
    "runc",
    "util-linux",
)


def can_install() -> bool:
    """Return whether this machine is of Debian's family."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


def installed_of(listing: str) -> frozenset[str]:
    """Read `PACKAGE STATUS` lines and return the packages that are there."""
    rows = (line.split(maxsplit=1) for line in listing.splitlines())
    return frozenset(name for name, status in rows if status == "install ok installed")


def missing() -> tuple[str, ...]:
    try:
        listing = run("dpkg-query", "-W", "-f", "${Package} ${Status}\n")
    except CommandFailedError as error:
        raise ClusterError(f"cannot ask which packages are installed: {error}") from error
    there = installed_of(listing)
    return tuple(name for name in PACKAGES if name not in there)


def install() -> None:
    """Install missing packages; without any, do nothing and use no network."""
    wanted = missing()
    if not wanted:
        return
    log.info("installing packages: %s", " ".join(wanted))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", environ=quiet)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted, environ=quiet)
