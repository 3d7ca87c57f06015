"""Conditions and values in `headrace run`, with the real evaluator and real programs."""

import os
from typing import Any

import pytest

from headrace.engine.outcome import Outcome
from support.local_run import HOLD, Bench, sh, until

WRITES = """printf '{"rows": %s}' "$ROWS" > "$HEADRACE_OUTPUTS"\n"""
KEEPS = 'printf %s "$X" > "$HEADRACE_TASK.$HEADRACE_ATTEMPT.x"\n'


def env(**values: str) -> list[dict[str, Any]]:
    """Return variables."""
    return [{"name": name, "value": value} for name, value in values.items()]


def got(bench: Bench, task: str, number: int = 1) -> bytes:
    """Return what an attempt found in its variable X."""
    return (bench.folder / f"{task}.{number}.x").read_bytes()


@pytest.mark.parametrize(("rows", "runs"), [("3", "many"), ("0", "none")])
def test_one_of_two_branches_runs(bench: Bench, rows: str, runs: str) -> None:
    """The other is shown as skipped, and where they meet it goes on."""
    of_a = "tasks.a.outputs.rows"
    bench.write(
        sh("a", WRITES, env=env(ROWS=rows), outputs=[{"name": "rows", "type": "Integer"}]),
        sh("many", KEEPS, dependsOn=["a"], when=f"{of_a} > 0", env=env(X=f"n=${{{{ {of_a} }}}}")),
        sh("none", dependsOn=["a"], when=f"{of_a} == 0"),
        sh("join", dependsOn=["many", "none"], runWhen="NoneFailedMinOneSucceeded"),
    )

    result = bench.run()

    assert 0 == result.code, result.err
    other = {"many": "none", "none": "many"}[runs]
    assert ([1], []) == (bench.ran(runs), bench.ran(other))
    assert [1] == bench.ran("join")
    assert "did not run: Skipped: when is false: tasks.a.outputs.rows" in result.out
    assert "4 tasks, 1 skipped" in result.out
    assert runs == "none" or b"n=3" == got(bench, "many")


HOSTILE = (
    "$(HOME) $$(HOME) $$ ${HOME} $HOME `id`",
    "${{ run.name }} }} {{",
    "' \" \\ ; exit 3 #\nsecond line\ttab",
    "é \u202e \U0001f600",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_arrives_byte_for_byte(bench: Bench, text: str) -> None:
    """Whatever somebody gave as a parameter."""
    bench.write(
        sh("a", KEEPS, env=env(X="${{ params.text }}")), params=[{"name": "text", "default": text}]
    )

    assert 0 == bench.run().code

    assert os.fsencode(text) == got(bench, "a")


def test_an_expression_without_a_value_fails_the_task(bench: Bench) -> None:
    """The message says where; nothing is tried again."""
    retry = {"limit": 3, "backoff": {"seconds": 0}}
    bench.write(sh("a"), sh("b", dependsOn=["a"], when="tasks.a.outputs.rows > 0", retry=retry))

    result = bench.run()

    assert 1 == result.code
    assert "b failed: InvalidExpression: when: column " in result.out
    assert "rows" in result.out
    assert [] == bench.ran("b")


def test_a_continued_run_keeps_the_values(bench: Bench) -> None:
    """A retry after a crash of the runner gets what the first attempt got."""
    fails_once = KEEPS + 'test "$HEADRACE_ATTEMPT" = 2\n'
    bench.write(
        sh("a", WRITES, env=env(ROWS="3")),
        sh(
            "b",
            HOLD + fails_once,
            dependsOn=["a"],
            env=env(X="${{ tasks.a.outputs.rows }} ${{ run.logicalTime }}"),
            retry={"limit": 1, "backoff": {"seconds": 0}},
        ),
    )
    runner = bench.start("--logical-time", "2030-01-01T00:00:00Z")
    until(lambda: bench.ran("b"))
    runner.kill()
    runner.wait()
    bench.let_go("b")

    result = bench.run("--resume")

    assert 0 == result.code, result.out
    assert b"3 2030-01-01T00:00:00Z" == got(bench, "b", 1) == got(bench, "b", 2)
    assert Outcome.SUCCEEDED == bench.log_of("b").outcome


def test_wrong_outputs_fail_the_attempt(bench: Bench) -> None:
    """A declared output is a promise."""
    bench.write(sh("a", WRITES, env=env(ROWS='"3"'), outputs=[{"name": "rows", "type": "Integer"}]))

    result = bench.run()

    assert 1 == result.code
    assert "InvalidOutputs: output 'rows' is declared as Integer, not \"3\"" in result.out
