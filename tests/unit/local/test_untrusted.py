"""Files that a program may have replaced: `headrace.local.untrusted`."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.local import untrusted
from headrace.local.untrusted import ReplacedError


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    """A program that writes without end fills no memory of the runner."""
    file = tmp_path / "file"
    file.write_bytes(b"abcdef")
    assert (b"abc", 6) == untrusted.read(file, 3)
    assert (b"abcdef", 6) == untrusted.read(file, 100)


def test_nothing_is_told_from_something_else(tmp_path: Path) -> None:
    """Who removes its file has written nothing."""
    with pytest.raises(FileNotFoundError):
        untrusted.read(tmp_path / "nothing", 1)


@pytest.mark.parametrize(
    ("put", "want"),
    [
        pytest.param(os.mkfifo, "a named pipe", id="a named pipe, which would wait for a writer"),
        pytest.param(
            lambda path: path.symlink_to("/etc/passwd"), "a symbolic link", id="a link to a file"
        ),
        pytest.param(
            lambda path: path.symlink_to("/dev/zero"), "a symbolic link", id="a link without end"
        ),
        pytest.param(Path.mkdir, "a folder", id="a folder"),
        pytest.param(a_socket, "a socket", id="a socket"),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, put: Callable[[Path], None], want: str) -> None:
    """At once, and unread."""
    path = tmp_path / "it"
    put(path)
    with pytest.raises(ReplacedError, match=f"^{want}$"):
        untrusted.read(path, 10)


def test_a_device_is_named() -> None:
    """It could be read for ever."""
    with pytest.raises(ReplacedError, match="a device"):
        untrusted.read(Path("/dev/zero"), 10)
