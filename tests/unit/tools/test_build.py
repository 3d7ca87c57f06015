"""When a program is built again: `tools.cluster.build`."""

import shutil
from pathlib import Path

import pytest

from tools.cluster import build


@pytest.mark.parametrize("file", ["main.go", "go.mod", "go.sum"])
def test_other_source_has_another_key(file: str, tmp_path: Path) -> None:
    """A change in any file that goes into the program means another program."""
    copy = shutil.copytree(build.SOURCE, tmp_path / "kube")
    assert build.source_key() == build.source_key(copy)
    with (copy / file).open("a") as source:
        source.write("// more\n")
    assert build.source_key() != build.source_key(copy)


def test_the_program_tells_its_version() -> None:
    """Clients compare major and minor, so a build without them looks like version 0."""
    flags = build.linker_flags("v1.36.3")
    assert "version.gitVersion=v1.36.3" in flags
    assert "version.gitMajor=1 " in flags
    assert flags.endswith("version.gitMinor=36")


def test_the_version_is_the_one_of_the_source() -> None:
    """What the program says of itself is what go.mod asks for."""
    assert f"k8s.io/kubernetes {build.KUBERNETES}\n" in (build.SOURCE / "go.mod").read_text()


def test_the_cache_follows_the_users_setting() -> None:
    """The folder is the one that the desktop specification of caches names."""
    assert Path("/caches/headrace") == build.cache({"XDG_CACHE_HOME": "/caches"})
    assert Path.home() / ".cache" / "headrace" == build.cache({})
