"""
Which addresses may be reached: those of the public internet, and what the template's user allows.

Checks the address of each connection, after its name was resolved and before anything is sent: so
redirects and a DNS server that changes its mind are no way around. Knows no protocol.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any

from task_contract.ends import WrongInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Reach:
    """Finds the address of a host, and refuses those that are not allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """
        Allow public addresses, and some others.

        Args:
            allowed: Names of hosts, addresses, or networks like `10.0.0.0/8`.

        Raises:
            WrongInput: It is no list, or one of them has a slash and is no network.

        """
        if not isinstance(allowed, list) or not all(isinstance(each, str) for each in allowed):
            raise WrongInput("allow is no list of hosts, addresses and networks; correct it")
        self._names = {each.lower() for each in allowed}
        self._networks = list(_networks(allowed))

    def address(self, host: str, port: int) -> str:
        """
        Return the first allowed address of a host.

        Raises:
            WrongInput: It has none.
            OSError: Nobody knows its name.

        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
        open_ = [each for each in addresses if self._allows(host, ipaddress.ip_address(each))]
        if not open_:
            raise WrongInput(
                f"{host} is {', '.join(addresses)}, which is no public address; if it is meant, add"
                " it to allow"
            )
        return open_[0]

    def _allows(self, host: str, address: Address) -> bool:
        if host.lower() in self._names:
            return True
        inner = _inner(address)
        if any(inner in network for network in self._networks if network.version == inner.version):
            return True
        return inner.is_global and not inner.is_multicast


class Guarded:
    """
    To mix into a backend of httpcore: its connections go to allowed addresses only.

    `class Guard(Guarded, httpcore.SyncBackend): unreachable = httpcore.ConnectError`
    """

    unreachable: type[Exception] = OSError
    """What is raised where nobody knows a name."""

    def __init__(self, allowed: Sequence[str]) -> None:
        """Allow public addresses, and some others."""
        super().__init__()
        self._reach = Reach(allowed)

    def connect_tcp(self, host: str, port: int, *args: Any, **options: Any) -> Any:
        """Connect to the first allowed address of a host."""
        try:
            address = self._reach.address(host, port)
        except OSError as error:
            raise self.unreachable(f"{host}: {error.strerror or error}") from error
        return super().connect_tcp(address, port, *args, **options)  # type: ignore[misc]  # httpcore's

    def connect_unix_socket(self, path: str, *_args: Any, **_options: Any) -> Any:
        """Refuse: no URL means a socket of this machine."""
        raise WrongInput(f"{path} is no address of the network")


def _inner(address: Address) -> Address:
    """Return the address of IPv4 that one of IPv6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _networks(allowed: Iterable[str]) -> Iterable[Network]:
    for each in allowed:
        try:
            yield ipaddress.ip_network(each)
        except ValueError as error:
            if "/" in each:
                raise WrongInput(f"allow: {each!r} is no network: {error}") from None
