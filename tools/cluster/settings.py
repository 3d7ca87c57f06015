"""
The choices of a user before a cluster starts.

Stores the choices beside the cluster, so that `up` notices a change. Does not know their effect.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Choices that hold for the life of a cluster.

    `controller_manager` and `api_server` are further flags, in the components' own words,
    e.g. `--kube-api-qps=500`; a flag given here wins over ours.
    """

    audit: bool = False
    controller_manager: tuple[str, ...] = ()
    api_server: tuple[str, ...] = ()


def to_text(settings: Settings) -> str:
    return json.dumps(asdict(settings), indent=2) + "\n"


def from_text(text: str) -> Settings:
    values = json.loads(text)
    return Settings(
        audit=bool(values["audit"]),
        controller_manager=tuple(values["controller_manager"]),
        api_server=tuple(values["api_server"]),
    )


def read(file: Path) -> Settings | None:
    """Return the kept choices, or None where no cluster was started."""
    return from_text(file.read_text()) if file.exists() else None
