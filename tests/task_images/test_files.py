"""The template `files`: its program against S3, SFTP and HTTP servers of this machine."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from task_images.canary import Canary
from task_images.forking import Fork, Forked
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.places import Bucket, Sftp, s3, servers_python, sftp
from task_images.programs import IMAGES, ROOT, Ended, called
from task_images.test_http import Server

__all__ = ["s3", "servers_python", "sftp"]

HERE = ["127.0.0.1"]
LARGE = os.urandom(1 << 20) * 20
"""More than one part of an upload."""

Run = Callable[..., Ended]


@pytest.fixture
def files(forked: Fork, tmp_path: Path) -> Run:
    """Return what runs the program with some parameters."""
    program = forked("files", tmp_path)
    return lambda **given: program.run({"tries": 1, "timeoutSeconds": 5, **given})


def sha256(data: bytes) -> str:
    """Return the hash of some bytes."""
    return hashlib.sha256(data).hexdigest()


def test_it_runs_as_a_process(python_of: Callable[[str], Path], tmp_path: Path) -> None:
    """With its own imports, from the environment that a laptop makes."""
    (tmp_path / "a").write_bytes(b"hello")
    run = partial(called, python_of("files"), IMAGES / "files" / "task.py", tmp_path)
    done = run(source=f"{tmp_path}/a", target=f"{tmp_path}/b/")
    assert 0 == done.code, done
    assert b"hello" == (tmp_path / "b" / "a").read_bytes()
    assert {
        "files": [f"{tmp_path}/b/a"],
        "count": 1,
        "bytes": 5,
        "sha256": sha256(b"hello"),
    } == done.outputs


def test_the_example_of_its_page_runs(python_of: Callable[[str], Path], tmp_path: Path) -> None:
    """As it is written there, in an environment that is there already."""
    page = (IMAGES / "files" / "README.md").read_text()
    (command,) = re.findall(r"^headrace (run .*)$", page, re.MULTILINE)
    words = command.split()  # run, the workflow, --runner, process
    words[1] = str(shutil.copy(ROOT / words[1], tmp_path))
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.prefix) / "bin" / "headrace", *words],
        cwd=tmp_path,
        env={**os.environ, "HEADRACE_CACHE": str(python_of("files").parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "list: 3 files" in next(tmp_path.rglob("look/attempt-1.log")).read_text()


@pytest.mark.parametrize("data", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_a_file_goes_through_all_places_unchanged(
    files: Run, s3: Bucket, sftp: Sftp, tmp_path: Path, data: bytes
) -> None:
    """From a volume to S3, within S3, to SFTP, and back."""
    (tmp_path / "a").write_bytes(data)
    name, bucket = f"round-{len(data)}", "s3://test-bucket"
    for given in (
        {"source": f"{tmp_path}/a", "target": f"{bucket}/{name}/a", **s3.given("target")},
        {"source": f"{bucket}/{name}/a", "target": f"{bucket}/{name}/b/"}
        | s3.given("source")
        | s3.given("target"),
        {"source": f"{bucket}/{name}/b/a", "target": f"{sftp.url}/{name}/x/a"}
        | s3.given("source")
        | sftp.given("target"),
        {"source": f"{sftp.url}/{name}/x/a", "target": f"{tmp_path}/back"}
        | {"sha256": sha256(data)}
        | sftp.given("source", Secret=sftp.privateKey),
    ):
        done = files(**given)
        assert (0, 1, len(data)) == (done.code, done.outputs["count"], done.outputs["bytes"]), done
    assert data == (tmp_path / "back").read_bytes()
    assert data == s3.get(f"{name}/b/a") == (sftp.folder / name / "x" / "a").read_bytes()
    assert ["a"] == [each.name for each in (sftp.folder / name / "x").iterdir()]


def test_a_pattern_picks_files_of_a_folder(files: Run, s3: Bucket, tmp_path: Path) -> None:
    """Their paths below it are kept; a second run finds nothing left to move."""
    for name in ("a.csv", "b.txt", "deep/c.csv"):
        s3.put(f"pick/{name}", name.encode())
    given = {"source": "s3://test-bucket/pick/", "target": f"{tmp_path}/in", **s3.given("source")}
    done = files(pattern="**/*.csv", action="move", **given)
    assert (0, 2) == (done.code, done.outputs["count"]), done
    assert "deep/c.csv" == (tmp_path / "in" / "deep" / "c.csv").read_text()
    assert ["pick/b.txt"] == s3.keys("pick/")
    done = files(pattern="**/*.csv", action="move", **given)
    assert 2 == done.code
    assert "0 of 1 files are there" in done.last


def test_what_is_there_is_skipped_if_asked(files: Run, tmp_path: Path) -> None:
    """By its size; what differs is replaced."""
    for name, text in {"in/a": "new", "in/b": "new", "out/a": "old", "out/b": "older"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert 0 == files(source="in/", target="out/", ifExists="skip").code
    assert ["old", "new"] == [(tmp_path / "out" / name).read_text() for name in "ab"]


def test_a_name_that_is_no_text_is_a_name(files: Run, tmp_path: Path) -> None:
    """The outputs show it as well as they can."""
    name = os.fsdecode(b"odd-\xff")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text("1")
    done = files(source="in/", target="out/")
    assert (0, ["out/odd-?"], "") == (done.code, done.outputs["files"], done.errors), done
    assert [name] == [each.name for each in (tmp_path / "out").iterdir()]


def test_a_list_is_outputs_or_a_file(files: Run, s3: Bucket, tmp_path: Path) -> None:
    """One too long for the outputs is refused: who goes over it would miss some."""
    given = {"action": "list", "source": "s3://test-bucket/many/", **s3.given("source")}
    assert {"files": [], "count": 0, "bytes": 0, "sha256": ""} == files(**given).outputs
    for number in range(3):
        s3.put(f"many/{'x' * 900}{number}", b"12")
    assert 3 == len(files(**given).outputs["files"])
    s3.put(f"many/{'x' * 900}3", b"12")
    assert "give a target for the list" in (done := files(**given)).last
    assert 2 == done.code
    done = files(**given, target="list.jsonl")
    assert (0, 4, 8) == (done.code, done.outputs["count"], done.outputs["bytes"])
    assert 4 == len((tmp_path / "list.jsonl").read_text().splitlines())


def test_files_are_deleted_and_stay_deleted(files: Run, s3: Bucket, sftp: Sftp) -> None:
    """Twice is once; a whole bucket takes a pattern."""
    s3.put("gone/a", b"1")
    (sftp.folder / "gone").write_text("1")
    bucket = {"action": "delete", "source": "s3://test-bucket/gone/", **s3.given("source")}
    server = {"action": "delete", "source": f"{sftp.url}/gone", **sftp.given("source")}
    for count in (1, 0):
        for given in (bucket, server):
            done = files(**given)
            assert (0, count) == (done.code, done.outputs["count"]), done
    assert 2 == files(**{**bucket, "source": "s3://test-bucket/"}).code


def test_it_waits_for_files_that_do_not_change(files: Run, tmp_path: Path) -> None:
    """One that comes is found; one that never comes ends with 75."""
    waiting: dict[str, Any] = {"action": "wait", "source": "in/", "pattern": "*.csv"}
    done = files(**waiting, withinSeconds=0)
    assert 75 == done.code
    assert "0 of 1 files are there" in done.last
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("1")
    done = files(**waiting, everySeconds=1, unchangedSeconds=1, withinSeconds=60)
    assert (0, ["in/a.csv"]) == (done.code, done.outputs["files"]), done
    assert 75 == files(**waiting, unchangedSeconds=60, withinSeconds=0).code


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return what starts a web server that answers with some bytes."""
    running: list[Server] = []

    def start(status: int, body: bytes = b"", **headers: str) -> Server:
        server = Server(lambda _path, _count: (status, headers, body))
        running.append(server)
        Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_web_server_is_a_source(files: Run, serve: Any, tmp_path: Path) -> None:
    """With a name from its address, and credentials that go to no other server."""
    server = serve(200, b"hello")
    given = {"target": f"{tmp_path}/", "sourceToken": "t0k3n", "allow": HERE}
    done = files(source=f"{server.url}/x/a.csv?key=1", **given)
    assert 0 == done.code, done
    assert b"hello" == (tmp_path / "a.csv").read_bytes()
    assert {"Bearer t0k3n"} == {headers["Authorization"] for _, _, headers in server.asked}
    other = serve(302, Location=f"http://127.0.0.2:{server.server_port}/")
    done = files(source=other.url, target="b", allow=HERE)
    assert 2 == done.code
    assert "127.0.0.2, which is no public address" in done.last


def test_a_web_server_without_head_is_asked_by_get(files: Run, serve: Any) -> None:
    """As with an address that is signed for reading; what is behind its `?` is told nowhere."""
    missing = f"{serve(404).url}/x?signature=s3cr3t"
    done = files(source=missing, target="a", allow=HERE)
    assert (2, True) == (done.code, "/x is not there" in done.last), done
    assert "s3cr3t" not in str(done)
    assert 75 == files(action="wait", source=missing, withinSeconds=0, allow=HERE).code


@pytest.mark.parametrize("url", ["http://127.0.0.1/a", "sftp://ada@127.0.0.1/a"])
def test_addresses_that_are_not_public_are_refused(files: Run, url: str) -> None:
    """Unless `allow` names them, and no expression can write that."""
    done = files(source=url, target="a")
    assert 2 == done.code, done
    assert "no public address" in done.last


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"source": ""}, 2, "source is empty"),
    ({"source": "ftp://x/y"}, 2, "known are s3://"),
    ({"source": "x", "target": ""}, 2, "copy needs a target"),
    ({"source": "nowhere"}, 2, "nowhere is not there; correct source"),
    ({"source": "nowhere/"}, 2, "nowhere/ is not there"),
    ({"source": "x", "sha256": "abc"}, 2, "sha256 is not 64 hexadecimal digits"),
    ({"source": "x", "everySeconds": -1}, 2, "everySeconds is -1; it must be 1 or more"),
    ({"source": "x", "tries": 0}, 2, "tries is 0"),
    ({"source": "http://127.0.0.1:1/x", "allow": "10.0.0.0/8"}, 2, "allow is no list"),
    ({"source": "//", "action": "delete"}, 2, "source is all there is"),
    ({"source": "..", "action": "delete"}, 2, "source is all there is"),
    ({"source": "./", "action": "unpack", "target": "out/"}, 2, "name the one archive"),
    ({"source": "x", "action": "burn"}, 2, "is none of copy, move"),
    ({"source": "x", "pattern": "*a" * 9}, 2, "at most 8 can be matched"),
    ({"source": "s3://UP@evil/x"}, 2, "no name of a bucket"),
    ({"source": "s3://test-bucket/x", "sourceRegion": "x.evil/"}, 2, "sourceRegion"),
    ({"source": "sftp://127.0.0.1/x", "allow": HERE}, 2, "names no user"),
    ({"source": "x", "target": "https://example.com/"}, 2, "can only be a source"),
    ({"source": "sftp://a@127.0.0.1:1/x", "allow": HERE}, 75, "cannot be reached"),
    ({"source": "http://127.0.0.1:1/x", "allow": HERE}, 75, "refused"),
]


@pytest.mark.parametrize(("given", "code", "says"), WRONG, ids=[each[2] for each in WRONG])
def test_what_is_wrong_is_told(
    files: Run, tmp_path: Path, given: dict[str, Any], code: int, says: str
) -> None:
    """In one sentence, with what to do."""
    for name in "xy":
        (tmp_path / name).write_text(name)
    done = files(**{"target": "out", **given})
    assert code == done.code, done
    assert says in done.last
    assert "" == done.errors


def test_a_store_that_refuses_or_is_away_is_told(
    files: Run, s3: Bucket, sftp: Sftp, tmp_path: Path
) -> None:
    """Wrong keys, buckets, objects, users; another server in place of the right one."""
    s3.put("told/a", b"1")
    (sftp.folder / "told").write_text("1")
    bucket, server = s3.given("source"), sftp.given("source")
    for source, given, code, says in (
        ("s3://test-bucket/told/a", {**bucket, "sourceSecret": "x"}, 2, "refuses the credentials"),
        ("s3://test-bucket/told/", {**bucket, "sourceSecret": "x"}, 2, "refuses the credentials"),
        ("s3://no-bucket/told/", bucket, 2, "no such bucket"),
        ("s3://test-bucket/none", bucket, 2, "is not there"),
        ("s3://test-bucket/a/../b", bucket, 2, "no path of an object"),
        ("s3://test-bucket/a", {**bucket, "sourceEndpoint": "http://127.0.0.1:1"}, 75, "reached"),
        (f"{sftp.url}/told", {**server, "sourceSecret": "x"}, 2, "refuses user 'ada'"),
        (f"{sftp.url}/told", {**server, "sourceHostKey": ""}, 2, f"shows the key {sftp.hostKey}"),
        (f"{sftp.url}/told", {**server, "sourceHostKey": "SHA256:x"}, 2, "nothing was sent to it"),
        (f"{sftp.url}/none", server, 2, "is not there"),
    ):
        done = files(source=source, target="out", **given)
        assert code == done.code, (source, done)
        assert says in done.last, (source, done.last)
        assert "" == done.errors
    (tmp_path / "in").write_text("1")
    wrong = s3.given("target", Secret="x")  # noqa: S106 - it is not one
    done = files(source="in", target="s3://test-bucket/x", **wrong)
    assert (2, True) == (done.code, "refuses the credentials" in done.last), done


def test_a_disk_that_is_full_is_told(files: Run, sftp: Sftp, s3: Bucket, tmp_path: Path) -> None:
    """And no part of a file stays."""
    for data, says in ((LARGE, "No space left"), (b"small", "not all bytes were written")):
        (tmp_path / "a").write_bytes(data)
        done = files(source="a", target=f"{sftp.url}/full/a", **sftp.given("target"))
        assert (1, True, True) == (done.code, says in done.last, "make room" in done.last), done
        assert [] == list((sftp.folder / "full").iterdir())
    assert s3.port


def test_an_expired_certificate_is_told(
    forked: Fork, serve: Any, certificates: Any, tmp_path: Path
) -> None:
    """Nothing is sent to a server that has one."""
    import ssl  # noqa: PLC0415 - of this test alone

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate("expired"), certificates.key("expired"))
    server = serve(200, b"1")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_port}"
    program: Forked = forked("files", tmp_path)
    trusting = {"SSL_CERT_FILE": str(certificates.ca)}
    given: dict[str, Any] = {"tries": 1, "timeoutSeconds": 5, "allow": HERE, "target": "out"}
    keys = {"sourceEndpoint": url, "sourceUser": "a", "sourceSecret": "b"}
    for source in (f"{url}/a", "s3://test-bucket/a"):
        done = program.run({"source": source, **given, **keys}, trusting)
        assert (1, True) == (done.code, "certificate" in done.last), done
    assert [] == server.asked


def test_what_is_cut_off_is_published_nowhere(files: Run, serve: Any, tmp_path: Path) -> None:
    """Nor is what has another hash."""
    cut = serve(200, b"half", **{"Content-Length": "100", "Connection": "close"})
    done = files(source=cut.url, target="a", allow=HERE)
    assert 75 == done.code, done
    whole = serve(200, b"whole")
    done = files(source=whole.url, target="a", allow=HERE, sha256=sha256(b"other"))
    assert (3, True) == (done.code, "the sha256 is" in done.last), done
    assert 3 == files(source=whole.url, target="a", allow=HERE, maxBytes=4).code
    assert [] == list(tmp_path.iterdir())


def test_no_secret_is_told(files: Run, sftp: Sftp, canary: Canary, tmp_path: Path) -> None:
    """Whether it is right, wrong, or the server is away."""
    (sftp.folder / "secret").write_text("1")
    given = {**sftp.given("source"), "sourceSecret_FILE": str(canary.file)}
    given.pop("sourceSecret")
    away = "sftp://ada@127.0.0.1:1/x"
    web = {"source": "http://127.0.0.1:1/?a=1", "allow": HERE, "target": "x"}
    keys = {"sourceUser": "ada", "sourceSecret_FILE": str(canary.file)}
    with canary.watched():
        for each, code in (
            ({"source": f"{sftp.url}/secret", "target": "x", **given}, 0),
            ({"source": f"{sftp.url}/none", "target": "x", **given}, 2),
            ({"source": away, "target": "x", **given}, 75),
            ({**web, **keys}, 75),
            (
                {**keys, "source": "s3://test-bucket/a", "target": "x"}
                | {"sourceEndpoint": "http://127.0.0.1:1"},
                75,
            ),
            ({**keys, "source": "az://box/a", "target": "x"}, 2),
            ({**keys, "source": "gs://box/a", "target": "x"}, 2),
        ):
            done = files(**each)
            assert code == done.code, done
            canary.check(done, tmp_path)


@pytest.mark.parametrize("to", ["s3", "local"])
def test_killed_at_any_point_a_move_is_done_once(
    killed: Killed, s3: Bucket, sftp: Sftp, tmp_path: Path, to: str
) -> None:
    """Each file is there as a whole, gone where it was, and no part of it is left."""
    size = {"s3": 1_600_000, "local": 100_000}[to]  # Of S3, more than one request takes.
    texts = {name: name.encode() * size for name in ("a", "deep/b", "c")}

    def fresh(number: int) -> dict[str, Any]:
        mine = tmp_path / f"in{number}" if to == "s3" else sftp.folder / f"in{number}"
        for name, data in texts.items():
            (mine / name).parent.mkdir(parents=True, exist_ok=True)
            (mine / name).write_bytes(data)
        given: dict[str, Any] = {"action": "move", "timeoutSeconds": 20}
        if to == "s3":
            place = {"source": f"{mine}/", "target": f"s3://test-bucket/killed{number}/"}
            return given | place | s3.given("target")
        place = {"source": f"{sftp.url}/in{number}/", "target": f"{tmp_path}/out{number}/"}
        return given | place | sftp.given("source")

    def check(number: int, _done: Ended) -> None:
        mine = tmp_path / f"in{number}" if to == "s3" else sftp.folder / f"in{number}"
        assert [] == [each for each in mine.rglob("*") if each.is_file()]
        if to == "s3":
            assert sorted(texts) == [each.partition("/")[2] for each in s3.keys(f"killed{number}/")]
            assert texts == {name: s3.get(f"killed{number}/{name}") for name in texts}
        else:
            out = tmp_path / f"out{number}"
            found = {str(each.relative_to(out)): each for each in out.rglob("*") if each.is_file()}
            assert texts == {name: path.read_bytes() for name, path in found.items()}

    calls = r"^(local|objects|sftp|transfer|bounds)\.|^os\.(replace|fsync)"
    killed("files", tmp_path, fresh, check, calls=calls)


def test_hostile_texts_are_names_and_nothing_else(
    forked: Fork, hostile: Hostile, tmp_path: Path
) -> None:
    """As a path, a pattern or a hash: found or not, and never another file, process or host."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    program = forked("files", folder)
    (folder / "x").write_text("x")
    known: dict[str, Any] = {"tries": 1, "source": "x", "action": "list"}
    for name, given in {  # All of them as a pattern, some as the others.
        "source": {},
        "pattern": {"source": "./"},
        "sha256": {"action": "copy", "target": "out"},
        "ifExists": {"action": "copy", "target": "out"},
    }.items():
        some = hostile.texts if name == "pattern" else hostile.texts[::4]
        texts = [text for text in some if not text.startswith("http:")]
        done = program.run_all({**known, **given, name: text} for text in texts)
        hostile.check(done)
        wanted = {"x", "out"} if "target" in given else {"x"}
        assert wanted >= {each.name for each in folder.iterdir()}
    assert [folder] == list(folder.parent.iterdir())


def test_hostile_texts_name_no_other_host(
    forked: Fork, hostile: Hostile, s3: Bucket, sftp: Sftp, tmp_path: Path
) -> None:
    """In keys, paths, buckets, hosts, users and regions; what was written can be read again."""
    program = forked("files", tmp_path)
    (tmp_path / "x").write_text("x")
    texts = hostile.texts[::25]
    known: dict[str, Any] = {"tries": 1, "timeoutSeconds": 5, "source": "x"}
    keys = {"targetUser": s3.user, "targetSecret": s3.secret, "targetEndpoint": s3.endpoint}
    sides = {"allow": HERE, "targetSecret": sftp.password, "targetHostKey": sftp.hostKey}
    bucket = {**known, **keys, "target": "s3://test-bucket/h/x"}
    for given in (
        [{**bucket, "target": f"s3://test-bucket/hostile/{text}"} for text in texts],
        [{**bucket, "target": f"s3://{text}/x"} for text in texts],
        [{**bucket, "targetRegion": text} for text in texts],
        [{**bucket, "targetUser": text} for text in texts],
        [{**known, **sides, "target": f"{sftp.url}/hostile/{text}"} for text in texts],
        [{**known, **sides, "target": f"sftp://{text}@127.0.0.1:{sftp.port}/x"} for text in texts],
        [{**known, "target": "out", "source": f"http://127.0.0.1/{text}"} for text in texts],
    ):
        ended = program.run_all(given)
        done = [each for each in ended if each.code != 1]  # The server may say no to a name.
        hostile.check(done, hosts=["127.0.0.1"])
        assert [] == [each.errors for each in ended if "Traceback" in each.errors]
    for key in s3.keys("hostile/"):
        assert b"x" == s3.get(key)
    assert {"x", "out"} >= {each.name for each in tmp_path.iterdir()}
