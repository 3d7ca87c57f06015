"""
The broken manifests of tests/broken, and what each one's header promises about it.

Knows the headers. Knows no program that refuses them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "broken"
HEADER = re.compile(r"# (?P<key>[a-z ]+): (?P<value>.*)")


class Refuser(StrEnum):
    """Who is the first to refuse a manifest on its way to a run."""

    KUBECTL = "kubectl"
    """It cannot be sent."""
    SERVER = "server"
    """The API server, by schema, CEL rule or strict reading."""
    CONTROLLER = "controller"
    """The API server takes it; the status tells."""
    NOBODY = "nobody"
    """It becomes something else on its way, in silence: only `headrace validate` sees it."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken manifest."""

    path: Path
    says: str
    """Part of what is said, with the cure."""
    refuser: Refuser
    field: str | None = None
    """The field at fault; None: the file cannot be read, and `line` is what is named."""
    line: int | None = None
    server_says: str | None = None
    """Part of what kubectl shows, where it or the API server refuses."""

    @property
    def id(self) -> str:
        """The name in lists of tests."""
        return self.path.stem


def broken() -> list[Broken]:
    """Return all broken manifests."""
    return [_read(path) for path in sorted(FOLDER.glob("*.yaml"), key=_number)]


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _read(path: Path) -> Broken:
    headers = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = HEADER.fullmatch(line)
        if match is None:
            break
        headers[match["key"]] = match["value"]
    return Broken(
        path=path,
        says=headers["says"],
        refuser=Refuser(headers["refused by"]),
        field=headers.get("field"),
        line=int(headers["line"]) if "line" in headers else None,
        server_says=headers.get("server says"),
    )


def table() -> str:
    """Return the table of tests/broken/README.md: each manifest, its field, who refuses it."""
    rows = [
        f"| [{manifest.id}]({manifest.path.name}) | `{manifest.field or f'line {manifest.line}'}`"
        f" | {manifest.refuser} |"
        for manifest in broken()
    ]
    return "\n".join(["| manifest | field | refused by |", "|---|---|---|", *rows]) + "\n"
