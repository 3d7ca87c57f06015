"""Unpacking by the template `files`: archives that are whole, damaged, too large or hostile."""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from task_images.forking import Fork
from task_images.places import Bucket, s3, servers_python
from task_images.programs import Ended

__all__ = ["s3", "servers_python"]

Run = Callable[..., Ended]
TWO = {"a.csv": b"1", "deep/b.csv": os.urandom(100_000)}


@pytest.fixture
def unpack(forked: Fork, tmp_path: Path) -> Run:
    """Return what unpacks an archive into `out`."""
    program = forked("files", tmp_path)

    def run(archive: bytes, name: str = "archive", **given: Any) -> Ended:
        (tmp_path / name).write_bytes(archive)
        wanted = {"action": "unpack", "source": name, "target": "out", "tries": 1}
        return program.run({**wanted, **given})

    return run


def tar(files: dict[str, bytes], mode: str = "w", kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return an archive; of another kind, each file is a link to `/etc/passwd`."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = (len(data), kind) if kind == tarfile.REGTYPE else (0, kind)
            member.linkname = "" if kind == tarfile.REGTYPE else "/etc/passwd"
            archive.addfile(member, io.BytesIO(data))
    return written.getvalue()


def zipped(files: dict[str, bytes], link: bool = False) -> bytes:  # noqa: FBT001, FBT002
    """Return an archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o120777 << 16 if link else 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return written.getvalue()


def left(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    found = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


@pytest.mark.parametrize(
    "archive",
    [tar(TWO), tar(TWO, "w:gz"), tar(TWO, "w:bz2"), tar(TWO, "w:xz"), zipped(TWO)],
    ids=["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"],
)
def test_archives_are_known_by_their_content(unpack: Run, tmp_path: Path, archive: bytes) -> None:
    """Whatever their names are."""
    done = unpack(archive)
    assert (0, 2, 100_001) == (done.code, done.outputs["count"], done.outputs["bytes"]), done
    assert TWO == left(tmp_path / "out")


def test_one_file_is_unpacked_too(unpack: Run, tmp_path: Path) -> None:
    """Its name is that of the archive."""
    assert 0 == unpack(gzip.compress(b"hello"), "a.csv.gz").code
    assert {"a.csv": b"hello"} == left(tmp_path / "out")


def test_a_pattern_picks_files(unpack: Run, s3: Bucket, tmp_path: Path) -> None:
    """And the target may be a bucket."""
    given = {"pattern": "**/b.*", "target": "s3://test-bucket/unpacked/", **s3.given("target")}
    assert 0 == unpack(zipped(TWO), **given).code
    assert ["unpacked/deep/b.csv"] == s3.keys("unpacked/")
    assert not (tmp_path / "out").exists()


EVIL = ["../x", "/tmp/x", "a/../../x", "..\\x", "C:\\x", "a\nb", ".."]  # noqa: S108 - to be refused


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_no_name_leads_out_of_the_target(
    unpack: Run, tmp_path: Path, pack: Callable[..., bytes], name: str
) -> None:
    """Such an archive is refused."""
    done = unpack(pack({name: b"1"}))
    assert 3 == done.code, done
    assert {"archive"} == set(left(tmp_path))


@pytest.mark.parametrize(
    "archive",
    [
        tar({"a": b""}, kind=tarfile.SYMTYPE),
        tar({"a": b""}, kind=tarfile.LNKTYPE),
        tar({"a": b""}, kind=tarfile.CHRTYPE),
        zipped({"a": b"/etc/passwd"}, link=True),
    ],
    ids=["a link", "a hard link", "a device", "a link of a zip"],
)
def test_links_and_devices_are_left_out(unpack: Run, tmp_path: Path, archive: bytes) -> None:
    """A line says so."""
    done = unpack(archive)
    assert (0, 0) == (done.code, done.outputs["count"]), done
    assert any(line["level"] == "warning" for line in done.lines)
    assert {} == left(tmp_path / "out")


def test_no_link_of_the_target_is_followed(unpack: Run, tmp_path: Path) -> None:
    """Whoever made it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "deep").symlink_to(tmp_path / "elsewhere")
    done = unpack(tar({"deep/b": b"1"}))
    assert (3, True) == (done.code, "would follow a link" in done.last), done
    assert {} == left(tmp_path / "elsewhere")


def huge_header() -> bytes:
    """Return a tar with a name of two megabytes, which tarfile would read into memory."""
    member = tarfile.TarInfo("x" * (2 << 20))
    return member.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("archive", "given", "says"),
    [
        (tar(TWO)[:50_000], {}, "cut off or damaged"),
        (tar(TWO, "w:gz")[:50_000], {}, "cut off or damaged"),
        (zipped(TWO)[:50_000], {}, "cut off or damaged"),
        (gzip.compress(b"hello" * 9)[:-9], {}, "cut off or damaged"),
        (b"no archive at all", {}, "cut off or damaged"),
        (b"", {}, "cut off or damaged"),
        (huge_header(), {}, "cut off or damaged"),
        (tar(TWO), {"maxFiles": 1}, "raise maxFiles"),
        (zipped({"a": bytes(10_000_000)}), {"maxBytes": 1_000_000}, "raise maxBytes"),
        (gzip.compress(bytes(10_000_000)), {"maxBytes": 1_000_000}, "raise maxBytes"),
        (tar(TWO), {"sha256": "0" * 64}, "the sha256 is"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_damaged_or_too_much_ends_with_3(
    unpack: Run, archive: bytes, given: dict[str, Any], says: str
) -> None:
    """A retry would find the same."""
    done = unpack(archive, **given)
    assert 3 == done.code, done
    assert says in done.last, done.last
    assert "" == done.errors
