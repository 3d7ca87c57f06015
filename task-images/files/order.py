"""The parameters of the template `files`, and the places that they name."""

import hashlib
from dataclasses import dataclass, field

from objects import Objects
from sftp import Sftp
from stores import WEB, Address, Keys, Store, address_of
from task_contract import WrongInput, given

from local import Local
from web import Web


@dataclass(frozen=True, slots=True)
class Order:
    """The parameters."""

    source: str
    action: str = "copy"
    target: str = ""
    pattern: str = ""
    sha256: str = ""
    ifExists: str = "replace"  # noqa: N815 - the names of parameters
    minFiles: int = 1  # noqa: N815
    maxFiles: int = 10_000  # noqa: N815
    maxBytes: int = 10_737_418_240  # noqa: N815
    everySeconds: int = 10  # noqa: N815
    withinSeconds: int = 3600  # noqa: N815
    unchangedSeconds: int = 0  # noqa: N815
    timeoutSeconds: int = 60  # noqa: N815
    tries: int = 4
    allow: list[str] = field(default_factory=list)
    sourceEndpoint: str = ""  # noqa: N815
    sourceRegion: str = "us-east-1"  # noqa: N815
    sourceUser: bytes | None = None  # noqa: N815
    sourceSecret: bytes | None = None  # noqa: N815
    sourceToken: bytes | None = None  # noqa: N815
    sourceHostKey: str = ""  # noqa: N815
    targetEndpoint: str = ""  # noqa: N815
    targetRegion: str = "us-east-1"  # noqa: N815
    targetUser: bytes | None = None  # noqa: N815
    targetSecret: bytes | None = None  # noqa: N815
    targetToken: bytes | None = None  # noqa: N815
    targetHostKey: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a transfer, opened."""

    address: Address
    keys: Keys
    store: Store

    def is_same_place(self, other: "Side") -> bool:
        """Whether both are one place, reached as the same user: a store can copy within itself."""
        mine, its = (
            (
                each.address.scheme,
                each.address.root,
                each.keys.endpoint,
                each.keys.region,
                each.keys.user,
                each.keys.secret,
                each.keys.token,
            )
            for each in (self, other)
        )
        return mine == its


def source_of(order: Order) -> Side:
    """
    Return the place of the source.

    Raises:
        WrongInput: A parameter of it is wrong.

    """
    return _side(order, "source", order.source)


def target_of(order: Order) -> Side:
    """
    Return the place of the target.

    Raises:
        WrongInput: A parameter of it is wrong.

    """
    if not order.target:
        raise WrongInput(f"{order.action} needs a target; add it")
    return _side(order, "target", order.target)


def _side(order: Order, side: str, text: str) -> Side:
    address = address_of(text, side)
    keys = Keys(
        side,
        *(
            getattr(order, f"{side}{name}")
            for name in ("Endpoint", "Region", "User", "Secret", "Token", "HostKey")
        ),
    )
    try:
        return Side(address, keys, _opened(order, address, keys))
    except UnicodeDecodeError:
        raise WrongInput(f"a secret of {side} is no text; correct its key") from None


def _opened(order: Order, address: Address, keys: Keys) -> Store:
    if not address.scheme:
        return Local(_mark(), keys.side)
    if address.scheme == "sftp":
        return Sftp(address, keys, order.allow, order.timeoutSeconds, _mark())
    if address.scheme in WEB:
        return Web(address.root, keys, order.allow, order.timeoutSeconds)
    return Objects(address, keys, order.timeoutSeconds, order.tries)


def _mark() -> str:
    """Return what is the same for each attempt of a task, and another for any other task."""
    about = given()
    index = "" if about.item is None else str(about.item.index)
    text = f"{about.namespace}/{about.run}/{about.task}/{index}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
