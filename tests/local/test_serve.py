"""`headrace serve` with real processes: kills, restarts, changes of files, signals."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.api.checks.instants import write_time
from support.local_run import MARK, until
from support.served import HELD, PROGRAM, Served
from support.window import command

DAILY = [{"schedule": {"cron": "@daily"}}]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.clear()


def ran(served: Served) -> int:
    """Return how many attempts of task `a` have run."""
    file = served.folder / "a.ran"
    return len(file.read_text().split()) if file.exists() else 0


def let_go(served: Served) -> None:
    (served.folder / "a.go").touch()


def midnight(days: int = 0) -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: TID251 - real processes have real times
    return today + timedelta(days=days)


def this_midnight() -> str:
    """Return the name of the run of the last midnight, when the next one is not near."""
    if midnight(1) - datetime.now(UTC) < timedelta(minutes=2):  # noqa: TID251 - the same
        time.sleep(130)
    return f"etl-{int(midnight().timestamp()) // 60}"


def test_a_tick_starts_one_run_whatever_is_killed_around_it(served: Served) -> None:
    """The run of a tick that nobody saw starts late, under the name that it has in a cluster."""
    name = this_midnight()
    served.write("etl", HELD, triggers=DAILY)
    server = served.start()
    until(lambda: served.next_run("etl"))
    assert 0 == served.stop(server)
    served.set_back("etl", write_time(midnight(-1)))

    server = served.start()
    until(lambda: ran(served))
    server.kill()
    served.start()
    let_go(served)
    served.wait(f"{name}: Succeeded")

    assert ({name: "Succeeded"}, 1) == (served.runs("etl"), ran(served))


def test_tasks_outlive_a_server_that_is_stopped(served: Served) -> None:
    """It ends with code 0, and says what goes on. The next one takes it over."""
    served.write("etl", HELD)
    server = served.start()
    until(lambda: ran(served))

    assert 0 == served.stop(server)
    assert served.said("1 task still running")

    let_go(served)
    served.start()
    served.wait("etl-once: Succeeded")
    assert 1 == ran(served)


def test_a_task_that_ended_while_nobody_served_has_its_own_outcome(served: Served) -> None:
    """Its exit code waits in a file."""
    served.write("etl", HELD + "exit 7\n")
    server = served.start()
    until(lambda: ran(served))
    server.kill()
    server.wait()
    let_go(served)
    exit_code = served.state.attempt("etl-once", "a", 1).exit
    until(lambda: exit_code.exists() and exit_code.read_text())

    served.start()
    served.wait("etl-once: Failed")


def test_the_second_signal_kills_all_tasks(served: Served) -> None:
    """The next server tries them again: nobody's program has failed."""
    served.write("etl", HELD)
    server = served.start()
    until(lambda: ran(served))
    group = served.state.attempt("etl-once", "a", 1).lock.read_text()
    server.send_signal(signal.SIGSTOP)  # both signals arrive before it has left
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGINT)
    server.send_signal(signal.SIGCONT)
    assert 0 == server.wait(timeout=60)
    assert not Path("/proc", group.strip()).exists()
    let_go(served)
    served.start()
    served.wait("etl-once: Succeeded")
    assert 2 == ran(served)


def test_a_folder_has_one_server(served: Served) -> None:
    """The second one says who is the first. A killed one holds nothing."""
    first = served.start()
    second = subprocess.run(  # noqa: S603 - our own program
        [*PROGRAM, str(served.folder), "--runner", "process"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, 1) == (second.returncode, second.stderr.count("\n"))
    assert f"is served by process {first.pid} already" in second.stderr

    elsewhere = ["--runner", "process", "--state", str(served.folder / "elsewhere")]
    third = subprocess.run(  # noqa: S603 - our own program
        [*PROGRAM, str(served.folder), *elsewhere], capture_output=True, text=True, check=False
    )
    assert (2, 1) == (third.returncode, third.stderr.count("\n"))
    assert "with another --state: each would start all runs" in third.stderr

    first.kill()
    first.wait()
    assert 0 == served.stop(served.start())


def test_a_changed_file_counts_for_the_next_run(served: Served) -> None:
    """And with onApply it starts one at once."""
    on_apply = [{"onApply": {}}]
    served.write("etl", "echo one", triggers=on_apply)
    served.start()
    served.wait("etl-g1: Succeeded")
    served.write("etl", "echo two", triggers=on_apply)
    served.wait("etl-g2: Succeeded")

    log = served.state.attempt("etl-g2", "a", 1).log
    assert ("two\n", 1) == (log.read_text(), len(served.said("etl: has changed")))


def test_the_problems_of_a_file_are_told_once_and_its_workflow_goes_on(served: Served) -> None:
    """As in a cluster, where the API server refuses such a change."""
    served.write("etl", triggers=[{"workflow": {"name": "first"}}])
    served.start()
    served.wait("etl: is new")
    broken = served.manifest("etl", {"tasks": [{"name": "a", "comand": ["true"], "image": "x"}]})
    served.put("etl.yaml", broken)
    served.wait("etl: goes on as it was before")
    served.write("first")  # the files are read again
    served.wait("first: is new")
    until(lambda: served.said("etl-e"))

    problems = served.said("comand")
    assert 1 == len(problems)
    assert "did you mean command?" in problems[0].lower() or "command" in problems[0]
    served.write("etl", triggers=[{"workflow": {"name": "first"}}])
    served.wait("all files are right again")


def test_a_file_that_is_no_yaml_keeps_its_workflows(served: Served) -> None:
    """Nothing is removed because of a slip."""
    served.write("etl", HELD)
    served.start()
    until(lambda: ran(served))
    served.put("etl.yaml", "spec: [")
    served.wait("etl.yaml:")
    let_go(served)
    served.wait("etl-once: Succeeded")
    assert [] == served.said("in no file")


def test_a_removed_file_starts_nothing_and_its_runs_end(served: Served) -> None:
    """A renamed file is the same workflow."""
    served.write("etl", HELD)
    served.start()
    until(lambda: ran(served))
    (served.folder / "etl.yaml").rename(served.folder / "other.yaml")
    served.write("second")  # somebody has looked when this one runs
    served.wait("second-once: Succeeded")
    assert [] == served.said("in no file")

    (served.folder / "other.yaml").unlink()
    served.wait("etl: is in no file any more (it was in other.yaml)")
    let_go(served)
    served.wait("etl-once: Succeeded")
    assert 1 == ran(served)


def test_workflows_follow_each_other_across_files(served: Served) -> None:
    """An output of the first one is a parameter of the second one."""
    served.write("second", 'echo "$HEADRACE_PARAMS"', triggers=[{"workflow": {"name": "first"}}])
    served.write("third", MARK, triggers=[{"workflow": {"name": "second"}}])
    served.start()
    served.wait("second: is new")
    served.write("first")
    until(lambda: ran(served))
    assert [1, 1, 1] == [len(served.runs(name)) for name in ("first", "second", "third")]


@pytest.mark.parametrize(
    ("policy", "want"),
    [
        ("Forbid", {"etl-g1": "Running"}),
        ("Queue", {"etl-g1": "Running", "etl-g2": "WaitingForTurn"}),
        ("Allow", {"etl-g1": "Running", "etl-g2": "Running"}),
    ],
)
def test_a_run_beside_another_follows_the_policy(
    served: Served, policy: str, want: dict[str, str]
) -> None:
    """Under Forbid, a run of a new definition waits too: only ticks and ends are skipped."""
    given = {"triggers": [{"onApply": {}}], "concurrency": {"policy": policy}}
    served.write("etl", HELD, **given)
    served.start()
    until(lambda: ran(served))
    served.write("etl", HELD + "true", **given)
    want = {**want, "etl-g2": want.get("etl-g2", "WaitingForTurn")}
    until(lambda: want == served.runs("etl"))
    let_go(served)
    served.wait("etl-g2: Succeeded")


def test_a_newer_run_replaces_an_older_one(served: Served) -> None:
    """The older one is cancelled, and the newer one begins when it has ended."""
    given = {"triggers": [{"onApply": {}}], "concurrency": {"policy": "Replace"}}
    served.write("etl", HELD, **given)
    served.start()
    until(lambda: ran(served))
    served.write("etl", "true", **given)
    served.wait("etl-g2: Succeeded")
    assert {"etl-g1": "Cancelled", "etl-g2": "Succeeded"} == served.runs("etl")


def test_runs_of_a_server_are_steered_from_outside(served: Served) -> None:
    """By the commands that steer runs of `headrace run`."""
    served.write("etl", HELD)
    served.start()
    until(lambda: ran(served))
    state = ("--state", str(served.state.root))
    assert "Running" in command("list", *state).out
    assert 0 == command("cancel", "etl-once", *state).code
    served.wait("etl-once: Cancelled")


def test_the_history_of_a_workflow_is_kept(served: Served) -> None:
    """Runs beyond it are removed with their logs, while others go on."""
    given = {"triggers": [{"onApply": {}}], "history": {"successfulRuns": 1}}
    served.write("etl", "true", **given)
    served.start()
    served.wait("etl-g1: Succeeded")
    served.write("etl", "exit 0", **given)
    served.wait("etl-g2: Succeeded")
    until(lambda: ["etl-g2"] == [*served.runs("etl")])
    runs = served.state.root / "runs"
    until(lambda: ["etl-g2"] == [path.name for path in runs.iterdir()])


def test_slots_are_those_of_the_whole_machine(served: Served) -> None:
    """Of all runs of all workflows, the oldest run first."""
    for name in ("one", "two", "three"):
        served.write(name, 'echo x >> now; test "$(wc -l < now)" -le 2; sleep 0.3; sed -i 1d now')
    served.start("--max-parallel", "2")
    for name in ("one", "two", "three"):
        served.wait(f"{name}-once: Succeeded")


def test_each_event_can_be_json(served: Served) -> None:
    """One object a line."""
    served.write("etl")
    server = served.start("--json")
    until(lambda: any('"RunEnded"' in line for line in served.lines))
    served.stop(server)
    events = [json.loads(line) for line in served.lines]
    ended = next(event for event in events if event["event"] == "RunEnded")
    assert ("etl", "etl-once") == (ended["workflow"], ended["run"])
    assert all(event["time"].endswith("Z") and event["message"] for event in events)


def test_what_is_no_folder_is_refused(served: Served) -> None:
    """With a sentence, and code 2."""
    shown = command("serve", str(served.folder / "none"))
    assert (2, 1) == (shown.code, len(shown.err.splitlines()))


ALONE = 'mkdir held || exit 1\necho "$HEADRACE_RUN" >> order\n'
"""Shell: fail if another one runs."""


def pooled(served: Served, *names: str, script: str) -> None:
    """Write workflows whose tasks need the pool."""
    for name in names:
        command_ = ["sh", "-c", script]
        task = {"name": "a", "image": "none", "pool": "db", "command": command_}
        served.put(f"{name}.yaml", served.manifest(name, {"tasks": [task]}))


def pool(slots: int) -> dict[str, object]:
    head = {"apiVersion": "headrace.dev/v1alpha1", "kind": "Pool", "metadata": {"name": "db"}}
    return {**head, "spec": {"slots": slots}}


def test_a_pool_limits_the_tasks_of_all_workflows(served: Served) -> None:
    """With one slot, one at a time. Without slots, all wait, and say for what."""
    served.put("pool.yaml", pool(0))
    pooled(served, "one", "two", "three", script=ALONE + "sleep 0.3; rmdir held")
    served.start()
    served.wait("slots of pools: db: 0")
    state = ("--state", str(served.state.root))
    until(lambda: "db" in command("explain", "one-once", *state).out)
    assert not (served.folder / "order").exists()

    served.put("pool.yaml", pool(1))
    for name in ("one", "two", "three"):
        served.wait(f"{name}-once: Succeeded")


def test_tasks_of_an_earlier_server_hold_their_slots(served: Served) -> None:
    """No other task starts before the server knows who runs."""
    served.put("pool.yaml", pool(1))
    pooled(served, "one", "two", script=ALONE + HELD + "rmdir held")
    server = served.start()
    until(lambda: ran(served))
    server.kill()
    server.wait()
    pooled(served, "three", script=ALONE + "rmdir held")
    served.start()
    served.wait("three: is new")
    time.sleep(1)  # nothing may happen
    assert 1 == ran(served)
    let_go(served)
    for name in ("one", "two", "three"):
        served.wait(f"{name}-once: Succeeded")
    assert 3 == len((served.folder / "order").read_text().split())


def test_a_pool_whose_file_has_a_mistake_stays_as_it_was(served: Served) -> None:
    """And one that nobody has written holds its tasks back."""
    pooled(served, "one", script="true")
    served.start()
    served.wait("one-once: begins")
    served.put("pool.yaml", pool(1))
    served.wait("one-once: Succeeded")
    served.put("pool.yaml", {**pool(1), "spec": {"slots": -1}})
    served.wait("pool.yaml:")
    pooled(served, "two", script="true")
    served.wait("two-once: Succeeded")


def objects(served: Served) -> list[dict[str, object]]:
    """Return a run, a task on its own and a backfill, of one slot of a pool."""
    first, last = write_time(midnight(-2)), write_time(midnight(-1))
    specs: dict[tuple[str, str], dict[str, object]] = {
        ("Pool", "one"): {"slots": 1},
        ("WorkflowRun", "by-hand"): {"workflow": "etl"},
        ("TaskRun", "alone"): {
            "image": "none",
            "command": ["sh", "-c", f'echo "$WHO" >> {served.folder}/alone.ran'],
            "env": [{"name": "WHO", "value": "${{ params.who }}"}],
            "params": [{"name": "who", "value": "me"}],
        },
        ("Backfill", "past"): {"workflow": "etl", "from": first, "to": last, "step": "Day"},
    }
    kind = {"apiVersion": "headrace.dev/v1alpha1"}
    return [
        {**kind, "kind": what, "metadata": {"name": name}, "spec": spec}
        for (what, name), spec in specs.items()
    ]


def test_runs_and_backfills_of_manifests_are_served_once(served: Served) -> None:
    """Whatever is killed around them. Commands show them, with the pool and who waits for it."""
    task = {"name": "a", "image": "none", "command": ["sh", "-c", HELD], "pool": "one"}
    never = [{"schedule": {"cron": "0 0 29 2 1"}}]
    etl = served.manifest("etl", {"tasks": [task], "triggers": never})
    served.put("all.json", {"apiVersion": "v1", "kind": "List", "items": [etl, *objects(served)]})
    server = served.start()
    until(lambda: ran(served) == 1)
    served.wait("alone: Succeeded")
    state = ["--state", str(served.state.root)]
    until(lambda: command("list", "pools", *state).lines[1].split()[:4] == ["one", "1", "1", "1"])
    server.kill()
    server.wait()

    served.put("broken.yaml", "kind: [")
    served.start()
    served.wait("broken.yaml")
    told = command("list", "workflows", *state)
    assert ["etl", "True", "false", "2"] == told.lines[1].split()[:4]
    assert "broken.yaml" in told.err
    let_go(served)
    served.wait("past: Succeeded: 2 done, 0 failed, 0 skipped")
    assert ["past", "etl", "Succeeded", "2/2"] == command("list", "backfills", *state).lines[
        1
    ].split()[:4]
    assert 2 == len(
        [line for line in command("show", "backfill/past", *state).lines if "etl-" in line]
    )
    assert "Succeeded" == served.runs("etl")["by-hand"]
    assert (3, "me\n") == (ran(served), (served.folder / "alone.ran").read_text())


def test_a_question_of_a_run_of_a_manifest_is_answered_from_outside(served: Served) -> None:
    """With `headrace approve`: the server has no terminal."""
    asks = {"tasks": [{"name": "ask", "approval": {"message": "go?"}}]}
    run = {"apiVersion": "headrace.dev/v1alpha1", "kind": "WorkflowRun"}
    served.put("w.json", served.manifest("w", {**asks, "triggers": [{"onApply": {}}]}))
    served.put("run.json", {**run, "metadata": {"name": "asks"}, "spec": {"workflow": "w"}})
    served.start()
    state = ["--state", str(served.state.root)]
    until(lambda: "asks.ask.1" in command("list", "approvals", *state).out)
    assert 0 == command("approve", "asks", *state).code
    served.wait("asks: Succeeded")
