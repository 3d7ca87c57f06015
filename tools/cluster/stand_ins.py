"""
Stand-ins for published images, for machines without a registry.

Knows how to build each from the packages of this machine's distribution. They carry the published
names, so a manifest or a Dockerfile is the same with and without a registry. They are not the
published images: same programs, other bytes.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.cluster import images, mounts
from tools.cluster.build import cache
from tools.cluster.commands import locked, run
from tools.cluster.failure import ClusterError
from tools.cluster.instance import Instance
from tools.cluster.node import PAUSE_IMAGE

log = logging.getLogger("cluster")

# What a name without a registry means, to Docker, buildah and containerd alike.
_DEFAULT_REGISTRY = "docker.io/library/"
_SUITE = "trixie"  # Debian 13 has Python 3.13
_UNUSED = (
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt/archives",
    "var/lib/apt/lists",
)
_PYTHON_PACKAGES = ("ca-certificates", "python3", "python3-pip", "python3-venv")


@dataclass(frozen=True, slots=True)
class StandIn:
    """One image: its published name, what fills its root folder, and its last lines."""

    tag: str
    fill: Callable[[Path], None]
    lines: tuple[str, ...]

    @property
    def dockerfile(self) -> str:
        return "\n".join(["FROM scratch", "COPY . /", *self.lines]) + "\n"

    def is_called(self, name: str) -> bool:
        """Return whether `name` in a manifest or a Dockerfile means this image."""
        return name in (self.tag, self.tag.removeprefix(_DEFAULT_REGISTRY))

    @property
    def archive(self) -> Path:
        """The path of the image; another recipe (this whole file) has another name."""
        recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
        return cache() / "images" / f"{self._file_name}-{recipe}.tar"

    @property
    def outdated(self) -> Iterator[Path]:
        """Return the archives of other recipes."""
        made = self.archive.parent.glob(f"{self._file_name}-????????.tar")
        return (archive for archive in made if archive != self.archive)

    @property
    def _file_name(self) -> str:
        return self.tag.rpartition("/")[2].replace(":", "-")


def _fill_pause(root: Path) -> None:
    (root / "bin").mkdir()
    shutil.copy("/bin/busybox", root / "bin" / "busybox")


def _fill_busybox(root: Path) -> None:
    _fill_pause(root)
    for command in run("/bin/busybox", "--list").split():
        if command != "busybox":
            (root / "bin" / command).symlink_to("busybox")
    for folder in ("etc", "tmp", "home"):
        (root / folder).mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")


def _fill_python(root: Path) -> None:
    what = ("--variant=minbase", f"--include={','.join(_PYTHON_PACKAGES)}", _SUITE)
    run("debootstrap", *what, root, debian_mirror(run("apt-get", "indextargets")))
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    (root / "usr/local/bin/python3").symlink_to("/usr/bin/python3")
    # The published image has a Python of its own, where `pip install` needs no virtual environment.
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    for unused in _UNUSED:
        shutil.rmtree(root / unused)


def debian_mirror(index_targets: str) -> str:
    """
    Return this machine's source of Debian's packages.

    Args:
        index_targets: What `apt-get indextargets` prints.

    Raises:
        ClusterError: This machine's package sources name no Debian mirror.

    """
    for paragraph in index_targets.split("\n\n"):
        rows = (line.partition(": ") for line in paragraph.splitlines())
        fields = {name: value for name, _, value in rows}
        if fields.get("Origin") == fields.get("Label") == "Debian":
            return fields["Repo-URI"]
    raise ClusterError(
        "apt's sources name no Debian mirror: run `apt-get update`, or add one to "
        "/etc/apt/sources.list.d, for the stand-in of python:3.13-slim is made from it"
    )


_ON_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PAUSE = StandIn(PAUSE_IMAGE, _fill_pause, ('ENTRYPOINT ["/bin/busybox", "sleep", "2147483647"]',))
BUSYBOX = StandIn("docker.io/library/busybox:1.37", _fill_busybox, (_ON_PATH, 'CMD ["sh"]'))
PYTHON = StandIn("docker.io/library/python:3.13-slim", _fill_python, (_ON_PATH, 'CMD ["python3"]'))
ALL = (PAUSE, BUSYBOX, PYTHON)


def bases(dockerfile: str) -> tuple[StandIn, ...]:
    """Return the stand-ins that a Dockerfile with this text starts from."""
    lines = (line.split() for line in dockerfile.splitlines())
    # A base may be named by the default of an argument: ARG BASE=python:3.13-slim, FROM ${BASE}.
    heads = (words for words in lines if words and words[0].upper() in {"FROM", "ARG"})
    named = {word.partition("=")[2] or word for words in heads for word in words[1:]}
    return tuple(stand_in for stand_in in ALL if any(map(stand_in.is_called, named)))


def called(tag: str) -> StandIn:
    """
    Return the stand-in for a published image.

    Raises:
        ClusterError: There is none.

    """
    for stand_in in ALL:
        if stand_in.is_called(tag):
            return stand_in
    known = ", ".join(stand_in.tag for stand_in in ALL)
    raise ClusterError(f"no stand-in for image {tag!r}: there are {known}")


def make(stand_in: StandIn) -> Path:
    """Return the image's archive, made if need be."""
    archive = stand_in.archive
    with locked(archive.parent / f"{archive.name}.lock"):
        if not archive.exists():
            log.info("making the image %s: once", stand_in.tag)
            _make(stand_in)
    return archive


def _make(stand_in: StandIn) -> None:
    # Always the same folder: the next build removes the rest of a killed one.
    folder = stand_in.archive.parent / f"{stand_in.archive.name}.work"
    mounts.remove_folder(folder)
    root, fresh = folder / "root", folder / "image.tar"
    root.mkdir(parents=True)
    try:
        stand_in.fill(root)
        (folder / "Dockerfile").write_text(stand_in.dockerfile)
        images.build(folder / "Dockerfile", root, stand_in.tag)
        images.save(stand_in.tag, fresh)
        fresh.rename(stand_in.archive)
        for archive in stand_in.outdated:
            archive.unlink()
    finally:
        mounts.remove_folder(folder)


def load(instance: Instance, stand_in: StandIn) -> None:
    """Put the image into the instance, unless it is there."""
    if not images.has(instance, stand_in.tag):
        images.load_archive(instance, make(stand_in))


def offer(stand_in: StandIn) -> None:
    """Make the image a base for Dockerfiles."""
    archive = make(stand_in)
    if not images.is_built(stand_in.tag):
        images.take_in(archive)
