"""`headrace run` of tasks with forEach: each item is a real process."""

import json
import os
import re
import signal
from collections import Counter
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.definition.item_texts import LARGEST_ITEM
from headrace.engine.outcome import Outcome
from headrace.local.supervision import exit_code
from support.hostile_text import hostile_texts
from support.local_run import Bench, kill_runner, until

RAN = 'echo "$HEADRACE_INDEX $HEADRACE_ATTEMPT" >> ran\n'
"""Shell: note that an item runs."""
HOLD = 'while [ ! -e "$HEADRACE_INDEX.go" ]; do sleep 0.02; done\n'
"""Shell: wait for the test."""
NOW = {"backoff": {"seconds": 0}}


def each(script: str, *, name: str = "each", **fields: Any) -> dict[str, Any]:
    """Return a task that runs a shell script for each item, after noting that it runs."""
    for_each = {key: fields.pop(key) for key in ("items", "range", "from") if key in fields}
    more = ("maxParallel", "toleratedFailures")
    for_each |= {key: fields.pop(key) for key in more if key in fields}
    return {"name": name, "command": ["sh", "-c", RAN + script], "forEach": for_each, **fields}


def runs(bench: Bench) -> list[tuple[int, int]]:
    """Return index and attempt of each item that ran, in that order."""
    file = bench.folder / "ran"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(index), int(number)) for index, number in map(str.split, lines)]


def has_ended(bench: Bench, index: int) -> bool:
    """Return whether the program of an item has ended by itself."""
    return exit_code(bench.files("each").of_item(index)) is not None


def places(bench: Bench) -> tuple[str, str]:
    """Return the items that succeeded and that failed."""
    items = bench.log_of("each").items
    assert items is not None
    return str(items.succeeded), str(items.failed)


def test_each_item_has_its_files(bench: Bench) -> None:
    """A scalar is plain text, all else JSON; the other file says all about it."""
    items = ["a b", 7, True, 2.5, ["x", 1], {"k": None}, "", "two\nlines"]
    bench.write(
        each(
            'cat "$HEADRACE_ITEM_FILE" && cp "$HEADRACE_TASK_FILE" "$HEADRACE_INDEX.json"',
            items=items,
        ),
        params=[{"name": "day", "default": "monday"}],
    )

    assert 0 == bench.run().code

    files = bench.files("each")
    logs = [files.of_item(index).log.read_text() for index in range(len(items))]
    assert ["a b", "7", "true", "2.5", '["x",1]', '{"k":null}', "", "two\nlines"] == logs
    about = [
        json.loads((bench.folder / f"{index}.json").read_text()) for index in range(len(items))
    ]
    want = [
        {"item": item, "index": at, "params": {"day": "monday"}} for at, item in enumerate(items)
    ]
    assert want == about


def test_a_task_makes_the_list(bench: Bench) -> None:
    """And the one after them joins what they gave."""
    bench.write(
        {
            "name": "list",
            "command": ["sh", "-c", 'echo \'{"days": [3, 1, 2]}\' > "$HEADRACE_OUTPUTS"'],
        },
        each(
            'echo "{\\"double\\": $((2 * $(cat "$HEADRACE_ITEM_FILE")))}" > "$HEADRACE_OUTPUTS"',
            dependsOn=["list"],
            **{"from": "tasks.list.outputs.days"},
        ),
        {
            "name": "join",
            "dependsOn": ["each"],
            "env": [{"name": "ALL", "value": "${{ tasks.each.outputs.items }}"}],
            "command": ["sh", "-c", 'printf %s "$ALL"'],
        },
    )

    assert 0 == bench.run().code

    assert '[{"double":6},{"double":2},{"double":4}]' == bench.files("join").log.read_text()
    assert [(0, 1), (1, 1), (2, 1)] == sorted(runs(bench))


def test_a_thousand_hostile_items(bench: Bench) -> None:
    """Each program finds its item byte for byte, and the other file is JSON."""
    texts = hostile_texts(1000)
    script = 'cat "$HEADRACE_ITEM_FILE"; cat "$HEADRACE_TASK_FILE" >&2'
    bench.write({"name": "each", "command": ["sh", "-c", script], "forEach": {"items": texts}})

    assert 0 == bench.run().code

    for index, text in enumerate(texts):
        files = bench.files("each").of_item(index)
        item, about = text.encode(), files.task_file.read_bytes()
        assert (item, item + about) == (files.item_file.read_bytes(), files.log.read_bytes())
        assert {"item": text, "index": index, "params": {}} == json.loads(about)


@pytest.mark.parametrize(
    ("fields", "arguments", "want"),
    [
        pytest.param({"maxParallel": 2}, [], 2, id="the task's own limit"),
        pytest.param({}, ["--max-parallel", "3"], 3, id="the runner's slots"),
        pytest.param({"maxParallel": 4}, ["--max-parallel", "1"], 1, id="the lower of the two"),
    ],
)
def test_no_more_items_run_at_once(
    bench: Bench, fields: dict[str, Any], arguments: list[str], want: int
) -> None:
    """Each item takes a slot."""
    script = "mkdir -p now/$HEADRACE_INDEX; ls now | wc -l; sleep 0.05; rmdir now/$HEADRACE_INDEX"
    bench.write(each(script, range={"count": 12}, **fields))

    assert 0 == bench.run(*arguments).code

    counts = [int(bench.files("each").of_item(index).log.read_text()) for index in range(12)]
    assert want == max(counts)
    assert 12 == len(runs(bench))


def test_only_what_failed_runs_again(bench: Bench) -> None:
    """An item keeps its index, and its item, in each attempt."""
    fails = 'cat "$HEADRACE_ITEM_FILE"; test $HEADRACE_INDEX != 1 -o $HEADRACE_ATTEMPT = 2'
    bench.write(each(fails, items=["x", "y", "z"], retry={"limit": 1, **NOW}))

    assert 0 == bench.run().code

    assert [(0, 1), (1, 1), (1, 2), (2, 1)] == sorted(runs(bench))
    assert "y" == bench.files("each", 2).of_item(1).log.read_text()
    assert ("0-2", "") == places(bench)


def test_tolerated_failures(bench: Bench) -> None:
    """The task succeeds; its message says what failed."""
    bench.write(each("test $HEADRACE_INDEX != 1", range={"count": 4}, toleratedFailures="25%"))

    result = bench.run()

    assert 0 == result.code
    assert re.search(r"each +succeeded after .*: 1 of 4 items failed: .*NonZeroExit", result.out)
    assert ("0,2-3", "1") == places(bench)


def test_a_failed_task_names_some_items(bench: Bench) -> None:
    """Each with what it was, how it failed, and the end of its log."""
    bench.write(each("echo no $HEADRACE_INDEX; exit 3", items=["a", "b", "c", "d", "e\nf"]))

    result = bench.run()

    assert 1 == result.code
    log = ".headrace/runs/" + bench.last_run + "/each/attempt-1"
    assert (
        f"""
  item 0 (a): NonZeroExit: ended with exit code 3
    log: {log}/0.log
    | no 0
"""
        in result.out
    )
    assert 3 == result.out.count("    log: ")
    assert f"  and 2 more: their logs are in {log}/*.log\n" in result.out


def test_an_empty_list_skips_the_task(bench: Bench) -> None:
    """There is nothing to do, which is no failure."""
    bench.write(each("", **{"from": "[]"}))

    result = bench.run()

    assert 0 == result.code
    assert "did not run: Skipped: forEach gives no items" in result.out
    assert [] == runs(bench)


def test_items_that_are_too_large_start_nothing(bench: Bench) -> None:
    """The run says so, and no item has run."""
    bench.write(each("", items=["x" * LARGEST_ITEM, "y"]))

    result = bench.run()

    assert 0 != result.code
    assert "item 0" in result.out + result.err
    assert [] == runs(bench)


def test_the_time_limit_is_that_of_one_item(bench: Bench) -> None:
    """Others go on, and only the late one runs again."""
    script = "test $HEADRACE_INDEX$HEADRACE_ATTEMPT != 11 || exec sleep 60"
    bench.write(
        each(
            script,
            range={"count": 3},
            timeouts={"attemptSeconds": 1},
            terminationGracePeriodSeconds=1,
            retry={"limit": 1, **NOW},
        )
    )

    result = bench.run()

    assert 0 == result.code
    message = bench.log_of("each").attempts[0].message
    assert "AttemptTimeout: ran longer than timeouts.attemptSeconds (1)" in message
    assert [(0, 1), (1, 1), (1, 2), (2, 1)] == sorted(runs(bench))


def test_what_ran_without_a_runner_is_not_run_again(bench: Bench) -> None:
    """One item had ended, one ends meanwhile, one still runs, and others never started."""
    bench.write(
        each(
            HOLD + 'echo "{\\"n\\": $HEADRACE_INDEX}" > $HEADRACE_OUTPUTS',
            range={"count": 5},
            maxParallel=2,
        )
    )
    runner = bench.start()
    (bench.folder / "0.go").touch()
    until(lambda: len(runs(bench)) == 3)
    kill_runner(runner)
    (bench.folder / "1.go").touch()
    until(lambda: has_ended(bench, 1))
    for index in (3, 4):
        (bench.folder / f"{index}.go").touch()

    resumed = bench.start("--resume")
    until(lambda: len(runs(bench)) == 5)
    (bench.folder / "2.go").touch()
    out, _ = resumed.communicate(timeout=60)

    assert 0 == resumed.returncode, out
    assert [(index, 1) for index in range(5)] == sorted(runs(bench))
    assert [{"n": index} for index in range(5)] == list(
        (bench.log_of("each").outputs or {})["items"]
    )


def test_items_that_were_killed_with_the_runner_run_again(bench: Bench) -> None:
    """Those that ended before do not."""
    bench.write(each(HOLD, range={"count": 2}, retry=NOW))
    runner = bench.start()
    (bench.folder / "0.go").touch()
    until(lambda: len(runs(bench)) == 2)
    until(lambda: has_ended(bench, 0))
    kill_runner(runner)
    os.killpg(int(bench.files("each").of_item(1).lock.read_text()), signal.SIGKILL)
    (bench.folder / "1.go").touch()

    assert 0 == bench.run("--resume").code

    assert [(0, 1), (1, 1), (1, 2)] == sorted(runs(bench))


def test_a_cancelled_run_ends_its_items(bench: Bench) -> None:
    """They are asked first, and those that wait for a slot never start."""
    bench.write(
        each("trap 'echo told >&2; exit 1' TERM\n" + HOLD, range={"count": 5}, maxParallel=2),
        last=[{"name": "tidy", "command": ["touch", "tidied"]}],
    )
    runner = bench.start()
    until(lambda: len(runs(bench)) == 2)

    runner.send_signal(signal.SIGINT)
    out, _ = runner.communicate(timeout=60)

    assert 1 == runner.returncode, out
    assert Outcome.CANCELLED is bench.log_of("each").outcome
    assert 2 == len(runs(bench))
    logs = [bench.files("each").of_item(index).log.read_text() for index in (0, 1)]
    assert all(log.endswith("told\n") for log in logs)
    assert (bench.folder / "tidied").exists()


def test_a_run_that_was_killed_at_once_goes_on(bench: Bench) -> None:
    """Two signals kill all items; the next runner ends the run, and starts no item."""
    bench.write(each(HOLD, range={"count": 5}, maxParallel=2))
    runner = bench.start()
    until(lambda: len(runs(bench)) == 2)

    runner.send_signal(signal.SIGQUIT)
    runner.communicate(timeout=60)

    assert 1 == bench.run("--resume").code
    assert 2 == len(runs(bench))
    assert Outcome.CANCELLED is bench.log_of("each").outcome


def test_two_tasks_share_the_slots(bench: Bench) -> None:
    """And a task without items gets its turn before the last item."""
    bench.write(
        each("sleep 0.05", name="a", range={"count": 20}),
        each("sleep 0.05", name="b", range={"count": 20}),
        {"name": "c", "command": ["sleep", "0.1"]},
        {"name": "d", "dependsOn": ["c"], "command": ["sh", "-c", "wc -l < ran"]},
    )

    assert 0 == bench.run("--max-parallel", "3").code

    starts = [bench.files(task).of_item(10).lock.stat().st_mtime for task in "ab"]
    ends = [bench.files(task).of_item(19).exit.stat().st_mtime for task in "ab"]
    assert max(starts) < min(ends), "one task waited for the other"
    assert int(bench.files("d").log.read_text()) < 40


def test_a_program_that_is_missing_fails_each_item(bench: Bench) -> None:
    """Its name is known only when it starts."""
    bench.write(
        {
            "name": "each",
            "command": ["$(TOOL)"],
            "env": [{"name": "TOOL", "value": "${{ params.tool }}"}],
            "forEach": {"range": {"count": 3}},
        },
        params=[{"name": "tool", "default": "no-such-tool"}],
    )

    result = bench.run()

    assert 1 == result.code
    items = bench.log_of("each").items
    assert items is not None
    assert Counter({Reason.START_ERROR: 3}) == Counter(each.reason for each in items.failures)


def test_progress_is_one_row(bench: Bench) -> None:
    """Of many items a few lines are printed, and none of few."""
    bench.write(each("", range={"count": 200}), each("", name="few", range={"count": 3}))

    out = bench.run().out

    assert 0 < len(re.findall(r"each +\d+/200 items", out)) <= 10
    assert not re.search(r"few +\d/3", out)
