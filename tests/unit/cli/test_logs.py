"""What the programs of a run have printed: `headrace logs`."""

import asyncio
import json
from pathlib import Path

import pytest

from support.local_run import HOLD, Bench, sh, until
from support.window import CommandStage, command, conditions, pod, run, task


def at(second: int, words: str) -> str:
    return f"2030-01-31T12:00:{second:02}.5Z {words}"


def two_tasks(cluster: CommandStage) -> None:
    cluster.put(run("r"))
    for name in ("load", "save"):
        cluster.put(task("r", name))
        cluster.put(pod("r", name))
    cluster.put(pod("r", "late", state="waiting"))
    cluster.put(pod("other", "load"))
    cluster.logs["r-load-1"] = [at(1, "one"), at(3, "three")]
    cluster.logs["r-save-1"] = [at(2, "two")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["load | one", "save | two", "load | three"]),
        (["load"], ["load | one", "load | three"]),
        (["--tail", "1", "-o", "raw"], ["two", "three"]),
        (["save", "--timestamps"], ["save | 2030-01-31T12:00:02.5Z two"]),
        (["load", "--attempt", "2"], []),
    ],
)
async def test_logs_of_all_tasks_are_one_stream(
    cluster: CommandStage, words: list[str], expected: list[str]
) -> None:
    """Merged by time; each line with its task. A pod that has not begun has no log."""
    two_tasks(cluster)
    shown = await cluster.call("logs", "r", *words)
    assert (0, expected) == (shown.code, shown.lines)


async def test_attempts_and_items_have_labels(cluster: CommandStage) -> None:
    """So that nobody takes one for the other."""
    cluster.put(run("r"))
    for number, item in ((1, 0), (1, 12), (2, 12)):
        made = pod("r", "load", number, item)
        cluster.put(made)
        cluster.logs[made["metadata"]["name"]] = [at(number, f"item {item}")]
    shown = await cluster.call("logs", "r")
    labels = {line.partition(" | ")[0].strip() for line in shown.lines}
    assert {"load[0]", "load[12]", "load[12]#2"} == labels


async def test_json_has_a_line_for_each_line(cluster: CommandStage) -> None:
    """For programs that go on with it."""
    two_tasks(cluster)
    shown = await cluster.call("logs", "r", "save", "-o", "json")
    assert [
        {
            "time": "2030-01-31T12:00:02.5Z",
            "task": "save",
            "attempt": 1,
            "item": None,
            "text": "two",
        }
    ] == [json.loads(line) for line in shown.lines]


async def test_nothing_to_read_is_told(cluster: CommandStage) -> None:
    """And is no error: the pods may be gone."""
    cluster.put(run("r"))
    shown = await cluster.call("logs", "r")
    assert (0, "there are no logs of run r\n") == (shown.code, shown.err)
    assert 3 == (await cluster.call("logs", "nope")).code
    assert 3 == (await cluster.call("logs", "r", "nope")).code


async def test_a_log_that_may_not_be_read_is_told(cluster: CommandStage) -> None:
    """Whoever may see runs may perhaps not see their output."""
    two_tasks(cluster)
    message = 'User "bob" cannot get resource "pods/log"'
    cluster.refuse["GET /log"] = (403, {"reason": "Forbidden", "message": message})
    shown = await cluster.call("logs", "r")
    assert (4, f"{message}\n") == (shown.code, shown.err)


async def test_followed_logs_end_with_the_run(cluster: CommandStage) -> None:
    """A pod that begins later is read, too."""
    two_tasks(cluster)

    async def go_on() -> None:
        await cluster.asked_for("r-load-1/log")
        cluster.logs["r-more-1"] = [at(9, "late")]
        cluster.put(pod("r", "more"))
        await cluster.asked_for("r-more-1/log")
        cluster.set_status(run("r"), {"conditions": conditions("Succeeded", "True", "Succeeded")})

    shown, _ = await asyncio.gather(cluster.call("logs", "r", "-f"), go_on())
    assert 0 == shown.code
    assert {"load | one", "load | three", "save | two", "more | late"} == set(shown.lines)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_logs_of_this_machine_come_task_after_task(bench: Bench) -> None:
    """Their lines have no times."""
    bench.write(
        sh("a", "echo one; echo two"),
        sh("b", "echo three; printf four", dependsOn=["a"]),
    )
    assert 0 == bench.run().code
    state = ["--state", str(bench.folder / ".headrace")]
    name = command("list", "-o", "name", *state).lines[0].partition("/")[2]
    shown = command("logs", name, *state)
    assert ["a | one", "a | two", "b | three", "b | four"] == shown.lines
    assert ["b | four"] == command("logs", name, "b", "--tail", "1", *state).lines
    followed = command("logs", name, "-f", *state)
    assert shown.lines == followed.lines


async def test_a_running_log_of_this_machine_is_followed(bench: Bench) -> None:
    """Until its runner ends."""
    bench.write(sh("a", f"echo one; {HOLD}echo two"))
    runner = bench.start()
    try:
        await asyncio.to_thread(until, lambda: bench.ran("a"))
        state = ["--state", str(bench.folder / ".headrace")]
        name = command("list", "-o", "name", *state).lines[0].partition("/")[2]
        following = asyncio.create_task(asyncio.to_thread(command, "logs", name, "-f", *state))
        await asyncio.sleep(0.5)
        bench.let_go("a")
        assert ["a | one", "a | two"] == (await following).lines
        runner.communicate(timeout=60)
    finally:
        bench.clear()
