"""`headrace run` from end to end: order, retries, outputs, what is printed, exit codes."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from support.local_run import Bench, sh


def diamond(**of_join: Any) -> tuple[dict[str, Any], ...]:
    return (
        sh("extract"),
        sh("left", dependsOn=["extract"]),
        sh("right", dependsOn=["extract"]),
        sh("join", dependsOn=["left", "right"], **of_join),
    )


def test_a_diamond_runs_in_order(bench: Bench) -> None:
    """Each task runs once, after those that it depends on, and the program ends with 0."""
    order = 'echo "$HEADRACE_TASK" >> order\n'
    tasks = [{**task, "command": ["sh", "-c", order]} for task in diamond()]
    bench.write(*tasks)

    result = bench.run()

    assert 0 == result.code, result.err
    ran = (bench.folder / "order").read_text().split()
    assert ("extract", "join") == (ran[0], ran[-1])
    assert ["extract", "join", "left", "right"] == sorted(ran)
    assert "4 tasks" in result.out


def test_a_task_that_fails_once_succeeds_when_it_may_try_again(bench: Bench) -> None:
    """The retry policy is the engine's: a second attempt, and success."""
    retry = {"limit": 1, "backoff": {"seconds": 0}}
    bench.write(sh("flaky", 'test "$HEADRACE_ATTEMPT" = 2', retry=retry))

    result = bench.run()

    assert 0 == result.code
    assert [1, 2] == bench.ran("flaky")
    log = bench.log_of("flaky")
    assert [1, 0] == [attempt.progress.exit_code for attempt in log.attempts]


def test_a_failure_is_told_with_the_end_of_its_log(bench: Bench) -> None:
    """Somebody sees the reason, the last lines and where to read on, without looking for them."""
    bench.write(sh("load", "echo first; echo no such table: stock >&2; exit 3"), sh("other"))

    result = bench.run()

    assert 1 == result.code
    assert "load failed: NonZeroExit: ended with exit code 3" in result.out
    assert "  | no such table: stock" in result.out
    assert f"  log: {bench.files('load').log.relative_to(bench.folder)}" in result.out
    assert [1] == bench.ran("other")


def test_a_last_word_is_part_of_the_message(bench: Bench) -> None:
    """As in a cluster: a program that fails may say why in the file for its outputs."""
    last = 'printf "no table stock\\033[31m\\n" > "$HEADRACE_OUTPUTS"'
    bench.write(sh("load", f"{last}; exit 3"), sh("killed", f"{last}; kill -9 $$"))

    result = bench.run()

    assert "ended with exit code 3: no table stock" in bench.log_of("load").attempts[0].message
    assert "memory runs out): no table stock" in bench.log_of("killed").attempts[0].message
    assert "load failed: NonZeroExit: ended with exit code 3: no table stock; " in result.out
    assert "\x1b" not in result.out


def test_a_failure_that_is_allowed_is_told_as_such(bench: Bench) -> None:
    """The run succeeds, and it is said why although a task failed."""
    bench.write(sh("load", "exit 3", allowFailure=True))

    result = bench.run()

    assert 0 == result.code
    assert "load failed (allowed): NonZeroExit: ended with exit code 3" in result.out


def test_a_run_that_takes_too_long_ran_out_of_time(bench: Bench) -> None:
    """Nobody cancelled it."""
    bench.write(sh("slow", "exec sleep 600"), timeouts={"runSeconds": 1})

    result = bench.run()

    assert 1 == result.code
    assert f"run {bench.last_run} ran out of time after" in result.out


def test_finally_runs_after_a_failure(bench: Bench) -> None:
    """Tidying up happens whatever the outcome, and does not hide the failure."""
    bench.write(sh("load", "exit 1"), last=[sh("tidy")])

    assert 1 == bench.run().code
    assert [1] == bench.ran("tidy")


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        pytest.param("exit 137", 137, Reason.NON_ZERO_EXIT, id="an exit code above 128"),
        pytest.param("kill -9 $$", 137, Reason.NON_ZERO_EXIT, id="killed by a signal"),
        pytest.param("kill -TERM $$", 143, Reason.NON_ZERO_EXIT, id="ended by a signal"),
        pytest.param("exit 255", 255, Reason.NON_ZERO_EXIT, id="the highest exit code"),
    ],
)
def test_how_a_program_ended_is_recorded(
    bench: Bench, script: str, code: int, reason: Reason
) -> None:
    """The exit code is that of the program; a signal n is 128 + n, as in a container."""
    bench.write(sh("task", script))

    bench.run()

    attempt = bench.log_of("task").attempts[0]
    assert (code, reason) == (attempt.progress.exit_code, attempt.reason)


@pytest.mark.parametrize(
    ("script", "outputs", "reason"),
    [
        pytest.param("""echo '{"rows": 3}'""", {"rows": 3}, Reason.SUCCEEDED, id="an object"),
        pytest.param("true", None, Reason.SUCCEEDED, id="nothing"),
        pytest.param("echo '[1]'", None, Reason.INVALID_OUTPUTS, id="a list"),
        pytest.param(
            "echo '{rows: 3}'", None, Reason.INVALID_OUTPUTS, id="outputs that are not JSON"
        ),
        pytest.param(
            """printf '{"a": "%05000d"}' 0""",
            None,
            Reason.INVALID_OUTPUTS,
            id="outputs that are too large",
        ),
    ],
)
def test_outputs(bench: Bench, script: str, outputs: dict[str, Any] | None, reason: Reason) -> None:
    """One small JSON object in the file that HEADRACE_OUTPUTS names; anything else is a failure."""
    bench.write(sh("task", f"{script} > $HEADRACE_OUTPUTS"))

    code = bench.run().code

    assert (0 if reason is Reason.SUCCEEDED else 1) == code
    log = bench.log_of("task")
    assert (outputs, reason) == (log.outputs, log.attempts[0].reason)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            """printf '{"a": "%04088d"}' 0""",
            "these have 4097;",
            id="outputs with one byte too many",
        ),
        pytest.param(
            """printf '{"a": "%021003d"}' 0""",
            "these have 21012;",
            id="outputs with many bytes too many",
        ),
        pytest.param("""printf '{"a": "M\\374nchen"}'""", "not UTF-8", id="Latin-1"),
    ],
)
def test_what_is_said_of_outputs_that_cannot_be_kept(bench: Bench, script: str, words: str) -> None:
    """The file is there, so its true size is told; no value is changed in silence."""
    bench.write(sh("task", f"{script} > $HEADRACE_OUTPUTS"))

    bench.run()

    (attempt,) = bench.log_of("task").attempts
    assert Reason.INVALID_OUTPUTS == attempt.reason
    assert words in attempt.message


def test_hostile_parameters_arrive_byte_for_byte(bench: Bench) -> None:
    """Nothing between the command line and the task reads what a parameter says."""
    hostile = {
        "quotes": """'"`$(touch owned)${HOME}\\""",
        "lines": "a\nb\r\n\tc\x7f\x1b[31m",
        "options": "--help -rf / ; rm * | & > x",
        "templates": "{{ 1+1 }} ${{ x }} $(HEADRACE_RUN) %s %(x)s",
        "unicode": "zażółć 日本 \U0001f600 \u202e",
        "empty": "",
        "yaml": "!!python/object/apply:os.system ['true']",
    }
    declared = [{"name": name} for name in hostile]
    copy = 'printf %s "$HEADRACE_PARAMS" > params.json'
    bench.write(sh("task", copy), params=declared)

    arguments = [f"--param={name}={value}" for name, value in hostile.items()]

    assert 0 == bench.run(*arguments).code
    assert hostile == json.loads((bench.folder / "params.json").read_bytes())
    assert not (bench.folder / "owned").exists()


def test_a_task_is_told_what_it_is(bench: Bench) -> None:
    """The variables of the contract are the same that a container gets."""
    show = {"name": "task", "command": ["sh", "-c", "env | grep ^HEADRACE_ | sort > told"]}
    bench.write(show)

    bench.run("--logical-time", "2030-01-31T02:30:00+01:00", HEADRACE_TASK="somebody-else")

    told = dict(line.split("=", 1) for line in (bench.folder / "told").read_text().splitlines())
    want = {
        "HEADRACE_NAMESPACE": "default",
        "HEADRACE_WORKFLOW": "etl",
        "HEADRACE_RUN": bench.last_run,
        "HEADRACE_TASK": "task",
        "HEADRACE_ATTEMPT": "1",
        "HEADRACE_PARAMS": "{}",
        "HEADRACE_OUTPUTS": str(bench.files("task").outputs),
    }
    assert want == {name: told[name] for name in want}
    times = {
        told[f"HEADRACE_{name}"] for name in ("LOGICAL_TIME", "INTERVAL_START", "INTERVAL_END")
    }
    assert {"2030-01-31T01:30:00Z"} == times


def test_python_means_the_chosen_interpreter(bench: Bench) -> None:
    """`python -m x` works on a machine that has no program called python."""
    code = "import sys; open('which', 'w').write(sys.executable)"
    bench.write({"name": "task", "command": ["python", "-c", code]})

    assert 0 == bench.run(PATH="/usr/bin:/bin").code
    assert sys.executable == (bench.folder / "which").read_text()


def test_tasks_run_in_the_folder_of_the_manifest(bench: Bench) -> None:
    """Paths in a command mean the same wherever headrace was called from."""
    bench.write(sh("task", "touch here"))
    above = Bench(bench.folder.parent)

    done = above.run("--state", str(bench.state.root), file=bench.folder / "workflow.yaml")

    assert 0 == done.code
    assert (bench.folder / "here").exists()


def test_no_more_tasks_run_at_once_than_allowed(bench: Bench) -> None:
    """With one slot tasks take turns, and all of them run."""
    turn = "mkdir taken || exit 9\nrmdir taken\n"
    bench.write(*(sh(f"task-{number}", turn) for number in range(6)))

    result = bench.run("--max-parallel", "1")

    assert 0 == result.code, result.out
    assert "task-1, task-2, task-3 and 2 more: WaitingForSlot: all 1 slots are taken" in result.out


def test_an_attempt_that_runs_too_long_is_ended(bench: Bench) -> None:
    """AttemptSeconds holds on a laptop too, and says so."""
    bench.write(sh("slow", "exec sleep 600", timeouts={"attemptSeconds": 1}))

    assert 1 == bench.run().code
    attempt = bench.log_of("slow").attempts[0]
    assert Reason.ATTEMPT_TIMEOUT == attempt.reason
    assert "timeouts.attemptSeconds (1)" in attempt.message


def test_what_a_task_leaves_running_ends_with_it(bench: Bench) -> None:
    """As in a container: neither a background process nor a daemon outlives its task's run."""
    bench.write(
        sh(
            "task",
            "sleep 600 & echo $! > near\nsetsid sh -c 'echo $$ > far; exec sleep 600' &\n"
            "while [ ! -s far ]; do sleep 0.02; done",
        ),
    )

    assert 0 == bench.run().code
    left = [int((bench.folder / name).read_text()) for name in ("near", "far")]
    assert [] == [pid for pid in left if _sleeps(pid)]


def test_a_listener_that_leaves_does_not_end_the_run(bench: Bench) -> None:
    """`headrace run | head -1` still runs all tasks."""
    bench.write(*diamond())
    runner = bench.start("--plain")
    assert runner.stdout is not None
    runner.stdout.readline()
    runner.stdout.close()

    assert 0 == runner.wait(timeout=60)
    assert [1] == bench.ran("join")


def _sleeps(pid: int) -> bool:
    try:
        return b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_folder_may_have_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    """File systems take any bytes: the run begins, fails, and is there to be looked at."""
    bench = Bench(tmp_path / "d\udcffta")
    bench.folder.mkdir()
    bench.write(sh("a", 'test "$(cat seen)" = yes'))
    assert 1 == bench.run().code
    (bench.folder / "seen").write_text("yes")
    assert 0 == bench.run().code
