"""
Container images without a registry: built by buildah, kept as archives, loaded into containerd.

Knows how images are built and loaded. Does not know their content (see `stand_ins`).
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.cluster import machine_pip
from tools.cluster.commands import run, succeeds
from tools.cluster.instance import Instance

_CERTIFICATES = Path("/etc/ssl/certs")

# Works without user namespaces and without a daemon.
_CHROOT = {"BUILDAH_ISOLATION": "chroot"}


def build(dockerfile: Path, context: Path, tag: str) -> None:
    """
    Build an ordinary Dockerfile.

    Steps that did not change are taken from the last build. What this machine needs to reach
    package registries (its certificate authorities, pip's settings) is mounted for the time of
    the build and is not in the image.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "pip.conf")
        settings.write_text(machine_pip.settings_text())
        mounts = {settings: Path("/etc/pip.conf"), **_as_they_are(machine_pip.local_folders())}
        if _CERTIFICATES.is_dir():
            mounts[_CERTIFICATES] = _CERTIFICATES
        what = ("--file", dockerfile, "--tag", tag, context)
        run("buildah", "bud", "--pull-never", "--layers", *_volumes(mounts), *what, environ=_CHROOT)


def _as_they_are(folders: tuple[Path, ...]) -> dict[Path, Path]:
    return {folder: folder for folder in folders}


def _volumes(mounts: Mapping[Path, Path]) -> tuple[str, ...]:
    return tuple(f"--volume={outside}:{inside}:ro" for outside, inside in mounts.items())


def is_built(tag: str) -> bool:
    """Return whether buildah has the image, so that a Dockerfile can start from it."""
    return succeeds("buildah", "inspect", "--type", "image", tag)


def save(tag: str, archive: Path) -> None:
    run("buildah", "push", "--quiet", tag, f"docker-archive:{archive}:{tag}")


def take_in(archive: Path) -> None:
    """Give buildah the image of an archive."""
    run("buildah", "pull", "--quiet", f"docker-archive:{archive}")


def load(instance: Instance, tag: str) -> None:
    """Put a built image into the instance, in place of an older one of that tag."""
    with tempfile.TemporaryDirectory(dir=instance.state) as folder:
        archive = Path(folder, "image.tar")
        save(tag, archive)
        load_archive(instance, archive)


def load_archive(instance: Instance, archive: Path) -> None:
    _ctr(instance, "images", "import", archive)


def has(instance: Instance, tag: str) -> bool:
    return tag in _ctr(instance, "images", "list", "--quiet").split()


def _ctr(instance: Instance, *words: str | Path) -> str:
    return run("ctr", "--address", instance.containerd_socket, "--namespace", "k8s.io", *words)
