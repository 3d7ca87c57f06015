"""The contract for programs in Python: `task-images/contract`."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from task_images.conftest import CONTRACT

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Return what runs a program with the contract."""

    def run(
        program: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "program.py"
        file.write_text(
            f"from task_contract import *\nfrom dataclasses import dataclass\n{program}"
        )
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTRACT), **(variables or {})}
        return subprocess.run(  # noqa: S603 - a program of the test
            [sys.executable, file], env=env, capture_output=True, check=False, text=True, timeout=30
        )

    return run


def test_it_needs_the_standard_library_alone() -> None:
    """An image of any program can have it, and none needs Headrace."""
    allowed = {*sys.stdlib_module_names, "task_contract"}
    for file in CONTRACT.glob("task_contract/*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, file


@pytest.mark.parametrize(
    ("main", "code"),
    [
        ("pass", 0),
        ("raise WrongInput('correct it')", 2),
        ("raise CheckFailed('too few')", 3),
        ("raise TryAgain('it is down')", 75),
        ("raise End('no')", 1),
        ("1 / 0", 1),
    ],
)
def test_how_a_program_ends_is_its_exit_code(python: Python, main: str, code: int) -> None:
    """And one sentence says why, but for a mistake of the program: its traceback does."""
    done = python(f"def main():\n    {main}\nrun(main)")
    assert code == done.returncode
    if "raise" in main:
        line = json.loads(done.stdout)
        assert ("error", code) == (line["level"], line["exitCode"])
        assert "" == done.stderr
    assert ("ZeroDivisionError" in done.stderr) == (main == "1 / 0")


CALL = """
@dataclass
class Call:
    text: str
    times: int = 3
    ratio: float = 0.5
    loud: bool = False
    headers: dict | None = None
    items: list[str] | None = None
    token: bytes | None = None

def main():
    print(repr(values_for(Call)))

run(main)
"""


def test_values_have_the_types_of_the_fields(python: Python, tmp_path: Path) -> None:
    """Text stays text, also if it looks like a number."""
    (tmp_path / "token").write_text("s3cr3t\n")
    given = {"text": "007", "times": "7", "ratio": "2", "loud": "true", "headers": '{"a": 1}'}
    given |= {"items": '["x"]', "token_FILE": str(tmp_path / "token")}
    done = python(CALL, {f"WITH_{name}": value for name, value in given.items()})
    want = "Call(text='007', times=7, ratio=2.0, loud=True, headers={'a': 1}, items=['x'],"
    assert f"{want} token=b's3cr3t')\n" == done.stdout, done


def test_what_is_not_given_has_its_default(python: Python) -> None:
    """A field without one is missing."""
    assert "Call(text='a', times=3, ratio=0.5" in python(CALL, {"WITH_text": "a"}).stdout
    done = python(CALL)
    assert (2, "parameter text is missing; give it a value") == (
        done.returncode,
        json.loads(done.stdout)["message"],
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("times", "x"), ("times", "1.5"), ("times", "true"), ("ratio", "x"), ("loud", "1")],
)
def test_a_value_of_another_type_is_wrong_input(python: Python, name: str, text: str) -> None:
    """An expression of which nobody knew the type may give it."""
    done = python(CALL, {"WITH_text": "a", f"WITH_{name}": text})
    assert 2 == done.returncode
    assert f"parameter {name} must be of type" in done.stdout


def test_a_secret_that_cannot_be_read_is_wrong_input(python: Python) -> None:
    """Its name and key are in the manifest."""
    done = python(CALL, {"WITH_text": "a", "WITH_token_FILE": "/nowhere"})
    assert 2 == done.returncode
    assert "secret token cannot be read" in done.stdout


def test_a_program_knows_its_task(python: Python, tmp_path: Path) -> None:
    """Names, times, the parameters of the workflow, and the item."""
    (tmp_path / "task.json").write_text('{"item": {"a": 1}, "index": 4, "params": {}}')
    names = {"RUN": "r-1", "TASK": "t", "ATTEMPT": "2", "PARAMS": '{"n": 1}'}
    names |= {"LOGICAL_TIME": "2026-11-30T01:00:00Z", "TASK_FILE": str(tmp_path / "task.json")}
    done = python(
        "g = given()\n"
        "print(g.run, g.task, g.attempt, g.params, g.item, g.logical_time.isoformat())",
        {f"HEADRACE_{name}": value for name, value in names.items()},
    )
    want = "r-1 t 2 {'n': 1} Item(index=4, value={'a': 1}) 2026-11-30T01:00:00+00:00\n"
    assert want == done.stdout, done


def test_outputs_are_one_object_of_bounded_size(python: Python, tmp_path: Path) -> None:
    """What is too large would be cut by the kubelet, and be no JSON any more."""
    path = tmp_path / "outputs"
    variables = {"HEADRACE_OUTPUTS": str(path)}
    assert 0 == python("write_outputs(rows=7, day='ä')", variables).returncode
    assert {"rows": 7, "day": "ä"} == json.loads(path.read_text())
    done = python("run(lambda: write_outputs(text='x' * 5000))", variables)
    assert 1 == done.returncode
    assert "at most 4,096 can be kept" in done.stdout


def test_lines_are_objects_of_json(python: Python) -> None:
    """One each, whatever is in them."""
    done = python("info('a\\nb', day=1)\nwarning('w')\nprogress(1200, 5000, 'rows')\nprogress(3)")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["info", "warning", "info", "info"] == [line["level"] for line in lines]
    assert ["a\nb", "w", "1,200 of 5,000 rows", "3"] == [line["message"] for line in lines]
    assert {"done": 1200, "total": 5000} == lines[2]["progress"]


def test_sigterm_lets_a_program_tidy_up(tmp_path: Path) -> None:
    """Its `finally` runs, what it has registered too, and the exit code says who ended it."""
    file = tmp_path / "program.py"
    file.write_text(
        "import time\nfrom task_contract import *\n"
        "def main():\n    on_stop(lambda: info('cancelled'))\n    try:\n        info('begun')\n"
        "        time.sleep(60)\n    except Exception:\n        info('not me')\n"
        "    finally:\n        info('tidied')\nrun(main)\n"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTRACT)}
    words = [sys.executable, str(file)]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        assert run.stdout is not None
        assert "begun" in run.stdout.readline()
        run.send_signal(signal.SIGTERM)
        rest = [json.loads(line)["message"] for line in run.stdout]
    assert (143, ["cancelled", "tidied", "stopped by SIGTERM"]) == (run.returncode, rest)
