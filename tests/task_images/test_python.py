"""The template `python`: its program, and an index of packages on this machine."""

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from task_images.canary import Canary
from task_images.forking import Fork
from task_images.hostility import Hostile
from task_images.killing import Killed
from task_images.programs import IMAGES, ROOT, Ended
from task_images.test_http import Answer, Server

Run = Callable[..., Ended]
USES = "import tiny\noutputs['word'] = tiny.WORD\n"


@pytest.fixture
def python(forked: Fork, tmp_path: Path) -> Run:
    """Return what runs the program with some parameters."""
    program = forked("python", tmp_path)
    return lambda about=None, **given: program.run({"cache": "cache", **given}, about)


def wheel() -> bytes:
    """Return a package of one module."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        files = {
            "tiny.py": "WORD = 'tiny'\n",
            "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
            "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
            "Root-Is-Purelib: true\nTag: py3-none-any\n",
        }
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
        record = "".join(f"{name},,\n" for name in [*files, "tiny-1.0.dist-info/RECORD"])
        archive.writestr(zipfile.ZipInfo("tiny-1.0.dist-info/RECORD"), record)
    return written.getvalue()


WHEEL = wheel()
HASH = hashlib.sha256(WHEEL).hexdigest()
LOCKED = f"tiny==1.0 \\\n    --hash=sha256:{HASH}\n"


def answer(path: str, _count: int) -> Answer:
    """Be an index with one package; below `/cut`, its files are cut off; others are as named."""
    if path.startswith("/closed"):
        return 401, {}, b""
    if path.startswith("/busy"):
        return 503, {"Retry-After": "0"}, b""
    if path.endswith(".whl"):
        if path.startswith("/cut"):
            return 200, {"Content-Length": str(len(WHEEL)), "Connection": "close"}, WHEEL[:100]
        return 200, {}, WHEEL
    if not path.endswith("/simple/tiny/"):
        return 404, {}, b""
    link = f'<a href="../../tiny-1.0-py3-none-any.whl#sha256={HASH}">tiny</a>'
    return 200, {"Content-Type": "text/html"}, f"<html><body>{link}</body></html>".encode()


@pytest.fixture(scope="module")
def index() -> Iterator[Server]:
    """Return a running index."""
    server = Server(answer)
    Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_example_of_its_page_runs(python_of: Callable[[str], Path], tmp_path: Path) -> None:
    """As it is written there, in an environment that is there already."""
    page = (IMAGES / "python" / "README.md").read_text()
    (command,) = re.findall(r"^headrace (run .*)$", page, re.MULTILINE)
    words = command.split()  # run, the workflow, --runner, process
    words[1] = str(shutil.copy(ROOT / words[1], tmp_path))
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.prefix) / "bin" / "headrace", *words],
        cwd=tmp_path,
        env={**os.environ, "HEADRACE_CACHE": str(python_of("python").parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "the total is 7" in next(tmp_path.rglob("tell/attempt-1.log")).read_text()


def test_a_script_has_variables_and_gives_outputs(python: Run, tmp_path: Path) -> None:
    """What it prints is lines of the log, without the secret."""
    item = tmp_path / "task.json"
    item.write_text('{"item": {"a": 1}, "index": 4}')
    about = {"HEADRACE_TASK_FILE": str(item), "HEADRACE_PARAMS": '{"day": 2}'}
    script = """
import sys
class Point: pass
import pickle; pickle.loads(pickle.dumps(Point()))
print("hello", secret)
print("no end", end="")
sys.stderr.write("on the side\\n")
outputs.update(n=n + 1, item=item, index=index, day=params["day"], task=run.task)
"""
    done = python(about, script=script, variables={"n": 6}, secret="s3cr3t")  # noqa: S106
    assert 0 == done.code, done
    want = {"n": 7, "item": {"a": 1}, "index": 4, "day": 2, "task": ""}
    assert want == done.outputs
    said = [line["message"] for line in done.lines]
    assert ["hello ***", "no endon the side"] == said


def test_a_file_and_a_module_run_too(python: Run, tmp_path: Path) -> None:
    """A file imports what is beside it."""
    (tmp_path / "beside.py").write_text("N = 7\n")
    (tmp_path / "main.py").write_text("import beside\noutputs['n'] = beside.N\n")
    assert {"n": 7} == python(file="main.py").outputs
    done = python(module="this")
    assert (0, "The Zen of Python") == (done.code, done.lines[0]["message"][:17]), done


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({}, 2, "give one of script, file and module"),
    ({"script": "1", "file": "x"}, 2, "not script, file"),
    ({"file": "nowhere.py"}, 2, "file 'nowhere.py': No such file"),
    ({"module": "nowhere"}, 2, "module 'nowhere': No module named nowhere"),
    ({"script": "x = ("}, 2, "script is not Python: '(' was never closed (line 1)"),
    ({"script": "1", "variables": {"a b": 1}}, 2, "'a b' cannot be the name of a variable"),
    ({"script": "1", "variables": {"outputs": 1}}, 2, "'outputs' is there already"),
    ({"script": "1", "variables": [1]}, 2, "variables is no object"),
    ({"script": "\n1 / 0"}, 1, "the script failed: ZeroDivisionError: division by zero, line 2"),
    ({"script": "outputs['a'] = {1}"}, 1, "outputs has what JSON cannot have"),
    ({"script": "outputs['a'] = 'x' * 5000"}, 1, "at most 4,096 can be kept"),
    ({"script": "import sys; sys.exit('no luck')"}, 1, "no luck"),
    ({"script": "import task_contract as t; raise t.TryAgain('later')"}, 75, "later"),
    ({"script": "import task_contract as t; raise t.CheckFailed('few')"}, 3, "few"),
    ({"script": "1", "requirementsFrom": "none"}, 2, "requirementsFrom 'none': No such file"),
    ({"script": "1", "requirements": "a", "requirementsFrom": "b"}, 2, "not both"),
    ({"script": "1", "requirements": LOCKED, "indexUrl": "ftp://x"}, 2, "correct it"),
    ({"script": "1", "requirements": LOCKED, "cache": "/proc/x"}, 1, "give a cache with room"),
    *(
        ({"script": "1", "requirements": line}, 2, "write the list with: uv pip compile")
        for line in (
            "tiny",
            "tiny==1.0",
            "tiny>=1 --hash=sha256:" + "0" * 64,
            "-r /etc/passwd",
            "--index-url https://evil.example.com",
            "tiny @ https://evil.example.com/x.whl --hash=sha256:" + "0" * 64,
            f"tiny==1.0 --index-url https://evil.example.com --hash=sha256:{HASH}",
            "./here --hash=sha256:" + "0" * 64,
        )
    ),
]


@pytest.mark.parametrize(("given", "code", "says"), WRONG)
def test_what_is_wrong_is_told(python: Run, given: dict[str, Any], code: int, says: str) -> None:
    """In one sentence; where the script failed, the log has the trace as data."""
    done = python(**given)
    assert code == done.code, done.last
    assert says in done.last, done.last
    assert "" == done.errors
    if "ZeroDivision" in says:
        assert ["script:2 1 / 0"] == done.lines[-2]["traceback"]


def test_a_secret_of_several_lines_is_told_nowhere(python: Run) -> None:
    """Printed, as the word of an exception, of `sys.exit`, and of an end of the contract."""
    secret = "-----BEGIN-----\nmiddle-of-it\n-----END-----"  # noqa: S105 - of the test
    for script in (
        "print(secret)",
        "raise ValueError('x' * 280 + secret)",
        "import sys; sys.exit(secret)",
        "import task_contract as t; raise t.CheckFailed(secret)",
    ):
        said = str(python(script=script, secret=secret).lines)
        assert ("***" in said, "middle" in said, "-BEGIN" in said) == (True, False, False), said


def test_a_folder_of_somebody_else_is_no_cache(python: Run, tmp_path: Path) -> None:
    """On a machine of several people, its packages could be theirs."""
    folder = tmp_path / f"headrace-python-{os.getuid()}"
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)
    done = python(script="1", requirements=LOCKED, cache="")
    assert (1, True) == (done.code, "others can write" in done.last), done


def test_a_script_may_end_itself_with_a_code(python: Run) -> None:
    """The contract's codes mean what they always do."""
    assert 75 == python(script="import sys; sys.exit(75)").code
    assert 0 == python(script="import sys; sys.exit()").code


def test_packages_are_installed_once(python: Run, index: Server, tmp_path: Path) -> None:
    """The second time, nobody is asked: it works without a network."""
    given = {"script": USES, "requirements": LOCKED, "indexUrl": f"{index.url}/simple"}
    done = python(**given)
    assert (0, {"word": "tiny"}) == (done.code, done.outputs), done
    (tmp_path / "locked.txt").write_text(LOCKED)
    done = python(script=USES, requirementsFrom="locked.txt", indexUrl="http://127.0.0.1:1")
    assert (0, {"word": "tiny"}) == (done.code, done.outputs), done
    assert 1 == len(list((tmp_path / "cache").iterdir()))


def test_an_index_that_refuses_or_fails_is_told(
    python: Run, index: Server, canary: Canary, tmp_path: Path
) -> None:
    """With its password nowhere; what was not complete is not kept."""
    other = f"tiny==1.0 --hash=sha256:{'0' * 64}\n"
    url = index.url
    for listed, where, code, says in (
        (other, f"{url}/simple", 2, "hash"),
        (LOCKED.replace("tiny==1.0", "none==1.0"), f"{url}/simple", 2, "cannot be installed"),
        (LOCKED, f"{url}/closed/simple", 2, "the index refuses"),
        (LOCKED, f"{url}/cut/simple", 75, "cannot be reached"),
        (LOCKED, f"{url}/busy/simple", 75, "cannot be reached"),
        (LOCKED, "http://127.0.0.1:1/simple", 75, "cannot be reached"),
    ):
        given = {"requirements": listed, "indexUrl": where, "cache": f"other-{len(says)}-{code}"}
        given |= {"indexUser": "ada", "indexPassword_FILE": str(canary.file)}
        with canary.watched():
            done = python({"UV_HTTP_RETRIES": "0"}, script=USES, **given)
        assert code == done.code, done.last
        assert says in done.last, done.last
        canary.check(_without_environment(done), tmp_path)
    known = base64.b64encode(f"ada:{canary.value}".encode()).decode()
    assert any(headers.get("Authorization") == f"Basic {known}" for _, _, headers in index.asked)


def _without_environment(done: Ended) -> Ended:
    """Return it without the environment of uv, which nobody but its user can read."""
    deeds = [each[:2] for each in done.deeds]
    return Ended(done.code, done.lines, done.outputs, done.errors, deeds)


def test_killed_at_any_point_it_works_in_the_end(
    killed: Killed, index: Server, tmp_path: Path
) -> None:
    """Half of an installation is used by nobody."""

    def fresh(number: int) -> dict[str, Any]:
        given = {"requirements": LOCKED, "indexUrl": f"{index.url}/simple"}
        return {"script": USES, "cache": f"{tmp_path}/cache{number}", **given}

    def check(_number: int, done: Ended) -> None:
        assert {"word": "tiny"} == done.outputs

    calls = r"^(__main__|packages|script)\.|^os\.(mkdir|rename)|subprocess\.(Popen|run)"
    killed("python", tmp_path, fresh, check, calls=calls)


def test_hostile_texts_are_values(forked: Fork, hostile: Hostile, tmp_path: Path) -> None:
    """A thousand of them, each the value of a variable, and some as its name."""
    program = forked("python", tmp_path)
    script = "import hashlib\noutputs['is'] = hashlib.sha256(text.encode()).hexdigest()\n"
    done = program.run_all({"script": script, "variables": {"text": x}} for x in hostile.texts)
    hostile.check(done)
    for each, text in zip(done, hostile.texts, strict=True):
        assert hashlib.sha256(text.encode()).hexdigest() == each.outputs["is"]
    done = program.run_all({"script": "1", "variables": {x: 1}} for x in hostile.texts[::10])
    hostile.check(done)
    assert [] == list(tmp_path.iterdir())
