"""Text of a stranger's file reaches the terminal harmless, whichever command prints it."""

import json
import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.cli.main import main

TITLE = "\x1b]0;PWNED\x07"
EVIL = f"a{TITLE}\x1b[31mb\x9b2J\r\u202ec"
HARMLESS = re.compile(r"[\n\t\x20-\x7e\xa0-\u200d\u2010-\u2029\u2030-\u2065\u206a-\uffff]*")


def manifest(spec: dict[str, Any], name: str = "w", **top: Any) -> dict[str, Any]:
    head = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Workflow"}
    return {**head, "metadata": {"name": name}, "spec": spec, **top}


def one(task: dict[str, Any]) -> dict[str, Any]:
    return {"defaults": {"image": "b"}, "tasks": [{"name": "a", "command": ["true"], **task}]}


CASES = [
    pytest.param(manifest(one({}), EVIL), id="the name of a workflow"),
    pytest.param(manifest(one({}), kind=EVIL), id="a kind"),
    pytest.param(manifest(one({}), apiVersion=f"headrace.dev/{EVIL}"), id="an API version"),
    pytest.param(manifest(one({EVIL: 1})), id="a key"),
    pytest.param(manifest(one({"name": EVIL})), id="the name of a task"),
    pytest.param(manifest(one({"dependsOn": [EVIL]})), id="the name of a task upstream"),
    pytest.param(manifest(one({"command": [EVIL]})), id="a program that is not there"),
    pytest.param(manifest(one({"image": EVIL})), id="an image"),
    pytest.param(manifest(one({"podLabels": {EVIL: EVIL}})), id="a label"),
    pytest.param(manifest(one({"resources": {"limits": {EVIL: EVIL}}})), id="a resource"),
    pytest.param(
        manifest({**one({}), "triggers": [{"schedule": {"cron": f"{EVIL} * * * *"}}]}), id="a cron"
    ),
    pytest.param(
        manifest({**one({}), "triggers": [{"schedule": {"cron": "1 2 * * *", "timeZone": EVIL}}]}),
        id="a time zone",
    ),
    pytest.param(
        manifest({**one({}), "params": [{"name": "p", "type": "String", "enum": [EVIL]}]}),
        id="a value that a parameter may have",
    ),
    pytest.param(
        manifest({**one({}), "params": [{"name": EVIL, "type": "String"}]}), id="a parameter"
    ),
]


@pytest.mark.parametrize("written", CASES)
@pytest.mark.parametrize("words", [["validate"], ["graph"], ["run", "--runner", "process"]])
@pytest.mark.parametrize("file", ["w.json", "w.yaml", "\x1b]0;FILE\x07.yaml"])
def test_no_command_passes_control_characters_on(
    tmp_path: Path, written: dict[str, Any], words: list[str], file: str
) -> None:
    """Names, keys, values and file names may hold what would rename or empty a terminal."""
    (tmp_path / file).write_text(json.dumps(written))
    with chdir(tmp_path):
        done = CliRunner().invoke(main, [words[0], file, *words[1:]])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert HARMLESS.fullmatch(done.output), ascii(done.output)
    assert "PWNED" not in done.output or "\\x1b" in done.output


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(f"a: !{EVIL} 1\n", id="a tag"),
        pytest.param(f"a: {EVIL}\n", id="a character that YAML forbids"),
        pytest.param(f"a: *{EVIL}\n", id="an alias"),
        pytest.param('{"a": 1, "a\\u001b]0;X\\u0007": 1, "a\\u001b]0;X\\u0007": 2}', id="a double"),
        pytest.param('"\\e]0;K\\a": 1\n"\\e]0;K\\a": 2\n', id="a key that is there twice"),
    ],
)
def test_no_error_of_reading_passes_control_characters_on(tmp_path: Path, file: str) -> None:
    """What cannot even be read is quoted, too."""
    path = tmp_path / "w.yaml"
    path.write_text(file)
    done = CliRunner().invoke(main, ["validate", str(path)])
    assert done.exit_code != 0
    assert HARMLESS.fullmatch(done.output), ascii(done.output)


def test_what_is_harmless_stays_as_it_is(tmp_path: Path) -> None:
    """Words of any language are no trick."""
    path = tmp_path / "日本.yaml"
    path.write_text(json.dumps(manifest(one({"dependsOn": ["größe 日本"]})), ensure_ascii=False))
    done = CliRunner().invoke(main, ["validate", str(path)])
    assert "größe 日本" in done.output
    assert "日本.yaml" in done.output
