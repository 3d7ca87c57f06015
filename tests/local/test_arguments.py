"""`$(NAME)` in command and args of real processes: what they are started with."""

import json
import sys

import pytest

from support import chained_bytes
from support.local_run import Bench, sh
from support.program_bytes import SECRET, TEXT, differences, expected, manifest_fields, started


@pytest.mark.skipif(sys.platform != "linux", reason="only there a program can see all its bytes")
def test_programs_start_with_what_was_written(bench: Bench) -> None:
    """A thousand hostile arguments and as many values, byte for byte."""
    fields = manifest_fields()
    tasks = fields.pop("tasks")
    bench.write(*tasks, **fields)

    result = bench.run(SECRET=SECRET)

    assert 0 == result.code, result.err
    for task in tasks:
        got = started(bench.files(task["name"]).log.read_text())
        params = got.variables.pop("HEADRACE_PARAMS")
        assert {"text": TEXT} == json.loads(params)
        assert [] == differences(expected(task), got)


@pytest.mark.skipif(sys.platform != "linux", reason="only there a program can see all its bytes")
def test_a_thousand_texts_travel_from_items_to_arguments(bench: Bench) -> None:
    """Through outputs, expressions and variables: none of them is read again on its way."""
    bench.write(*chained_bytes.tasks())

    result = bench.run()

    assert 0 == result.code, result.err
    for reader in chained_bytes.READERS:
        assert [] == chained_bytes.lost(reader, bench.files(reader).log.read_text())


def test_a_value_is_one_argument(bench: Bench) -> None:
    """Whatever spaces and quotes somebody gave in a parameter."""
    bench.write(
        {
            "name": "a",
            "command": ["sh", "-c", 'printf %s "$2" > "$1"; test $# = 2', "sh"],
            "args": ["$(FILE)", "--table=$(TABLE)"],
            "env": [
                {"name": "FILE", "value": "a file"},
                {"name": "TABLE", "value": "${{ params.table }}"},
            ],
        },
        params=[{"name": "table"}],
    )

    assert 0 == bench.run("--param", "table=x' $(FILE) ; exit 3").code

    assert "--table=x' $(FILE) ; exit 3" == (bench.folder / "a file").read_text()


def test_a_program_may_be_named_by_a_variable(bench: Bench) -> None:
    """It is looked for before anything starts, if its name is known then."""
    tool = {"name": "TOOL", "value": "no-such-tool"}
    bench.write(sh("a"), {"name": "b", "command": ["$(TOOL)"], "env": [tool]})

    result = bench.run()

    assert 2 == result.code
    assert "spec.tasks[1].command: there is no program 'no-such-tool' on this" in result.err
    assert [] == bench.ran("a")


def test_a_program_that_an_expression_names_is_looked_for_when_it_starts(bench: Bench) -> None:
    """Nobody knows it earlier."""
    tool = {"name": "TOOL", "value": "${{ params.tool }}"}
    bench.write(
        {"name": "a", "command": ["$(TOOL)", "-c", "echo it ran > ran"], "env": [tool]},
        params=[{"name": "tool", "default": "sh"}],
    )

    assert 0 == bench.run().code
    assert "it ran\n" == (bench.folder / "ran").read_text()

    result = bench.run("--param", "tool=no-such-tool")

    assert 1 == result.code
    assert "StartError: there is no program 'no-such-tool' on this machine" in result.out


def test_an_argument_that_becomes_too_long_is_told(bench: Bench) -> None:
    """An operating system has a limit; nothing is tried again."""
    env = [{"name": "LONG", "value": "x" * 32_000}]
    bench.write({"name": "a", "command": ["sh", "-c", "true", "$(LONG)" * 50], "env": env})

    result = bench.run()

    assert 1 == result.code
    assert "a failed: StartError: the program cannot be started:" in result.out
    assert "too long" in result.out
