"""What is mounted below a folder: `tools.cluster.mounts`."""

from pathlib import Path

import pytest

from tools.cluster.mounts import below, remove_folder

TABLE = """\
/dev/vda / ext4 rw 0 0
tmpfs /state/test/kubelet/volumes tmpfs rw 0 0
overlay /state/test/kubelet/volumes/deeper overlay rw 0 0
tmpfs /state/test\\040two tmpfs rw 0 0
tmpfs /state/testing tmpfs rw 0 0
"""


def test_the_innermost_comes_first() -> None:
    """Unmounting in this order never meets a busy mount of our own."""
    want = ("/state/test/kubelet/volumes/deeper", "/state/test/kubelet/volumes")
    assert want == below(Path("/state/test"), TABLE)


def test_a_space_in_a_path_is_understood() -> None:
    """The kernel writes it as an octal number."""
    assert below(Path("/state/test two"), TABLE) == ("/state/test two",)


@pytest.mark.parametrize("folder", ["/elsewhere", "/state/tes"])
def test_a_name_that_only_begins_alike_is_not_below(folder: str) -> None:
    """Another instance's mounts are not ours."""
    assert below(Path(folder), TABLE) == ()


def test_a_folder_that_is_not_there_is_removed_already(tmp_path: Path) -> None:
    """Removing twice is harmless."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "file").touch()
    remove_folder(folder)
    remove_folder(folder)
    assert not folder.exists()
