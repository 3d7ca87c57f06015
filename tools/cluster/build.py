"""
Go programs that a cluster needs, each built once and kept under the user's cache folder.

Knows versions, the places of the results, and when they are out of date. Does not run them.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.commands import locked, run
from tools.cluster.failure import ClusterError

log = logging.getLogger("cluster")

KUBERNETES = "v1.36.3"
SOURCE = Path(__file__).parent / "kube"
_SOURCE_FILES = ("main.go", "go.mod", "go.sum")
_VERSION_PACKAGE = "k8s.io/component-base/version"


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that `go install` makes as it is published."""

    name: str
    package: str
    version: str

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}"


COREDNS = Tool("coredns", "github.com/coredns/coredns", "v1.15.0")
HELM = Tool("helm", "helm.sh/helm/v4/cmd/helm", "v4.3.1")
KIND = Tool("kind", "sigs.k8s.io/kind", "v0.33.0")
VOLUMES = Tool("local-path-provisioner", "github.com/rancher/local-path-provisioner", "v0.0.30")
KWOK = Tool("kwok", "sigs.k8s.io/kwok/cmd/kwok", "v0.8.0")


def cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for files that all clusters of this user share."""
    home = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "headrace"


def linker_flags(version: str) -> str:
    """Return the flags that give the program its version, as API clients expect."""
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X {_VERSION_PACKAGE}.{k}={v}" for k, v in values.items())])


def source_key(source: Path = SOURCE) -> str:
    """Return the key of this state of the source: other bytes or flags have another key."""
    digest = hashlib.sha256(linker_flags(KUBERNETES).encode())
    for name in _SOURCE_FILES:
        digest.update((source / name).read_bytes())
    return digest.hexdigest()[:12]


def kube_path() -> Path:
    return cache() / "bin" / f"kube-{KUBERNETES}-{source_key()}"


def kube() -> Path:
    """Return the program that is every Kubernetes component, built if need be."""
    wanted = kube_path()
    with _building(wanted) as fresh:
        if fresh is not None:
            log.info("building Kubernetes %s: once, some 3 to 8 minutes on 2 cores", KUBERNETES)
            flags = ("-trimpath", "-ldflags", linker_flags(KUBERNETES), "-o", str(fresh))
            run(_go(), "build", *flags, ".", cwd=SOURCE, environ={"CGO_ENABLED": "0"})
    return wanted


def tool(which: Tool) -> Path:
    """Return a published program, built if need be."""
    wanted = cache() / "bin" / which.file_name
    with _building(wanted) as fresh:
        if fresh is not None:
            log.info("building %s %s: once, up to 3 minutes", which.name, which.version)
            place = {"CGO_ENABLED": "0", "GOBIN": str(fresh.parent)}
            run(_go(), "install", f"{which.package}@{which.version}", environ=place)
            (fresh.parent / which.name).rename(fresh)
    return wanted


@contextmanager
def _building(wanted: Path) -> Iterator[Path | None]:
    """
    Yield a path to build at, or None if the result exists already.

    Concurrent requests build a program once, and an interrupted build leaves no incomplete program.
    """
    with locked(wanted.parent / f"{wanted.name}.lock"):
        if wanted.exists():
            yield None
            return
        # Always the same folder: the next build removes the rest of a killed one.
        folder = wanted.parent / f"{wanted.name}.work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder / "fresh"
            (folder / "fresh").rename(wanted)
        finally:
            shutil.rmtree(folder)


def _go() -> str:
    found = shutil.which("go")
    if found is None:
        raise ClusterError("`go` is not on PATH: install Go 1.26 or newer, see go.dev/doc/install")
    return found
