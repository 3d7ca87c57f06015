"""A runner that dies between any two of its writes, and the one that takes over."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from support.crashing import CRASHED, STEPS, Crash, folders, in_a_copy
from support.local_run import Bench, sh


def run_and_crash(bench: Bench, at: int, *arguments: str) -> int:
    """Run the workflow in a copy of this process that dies at a step; return how that ended."""
    return in_a_copy(Crash(at), STEPS, partial(bench.run, *arguments))


def write(bench: Bench) -> None:
    bench.write(
        sh("a"),
        sh("b", 'test "$HEADRACE_ATTEMPT" = 2', dependsOn=["a"], retry=_ONCE_MORE),
        sh("c", dependsOn=["b"]),
        last=[sh("tidy")],
    )


@pytest.mark.timeout(300)
def test_a_crash_at_any_step_changes_nothing(tmp_path: Path) -> None:
    """Wherever the runner dies, each attempt ran once, and the run succeeds when it is resumed."""
    for at, bench in enumerate(folders(tmp_path)):
        write(bench)
        code = run_and_crash(bench, at)
        if code != CRASHED:
            assert 0 == code
            assert at > 2 * len(STEPS), "it went through no more steps than there are kinds"
            return

        resumed = bench.run("--resume")

        never_began = "is unfinished" in resumed.err
        complete = never_began or 0 == resumed.code
        assert complete, f"step {at}: {resumed}"
        for task in "abc":
            assert_ran_once(bench, task, at)


def write_items(bench: Bench) -> None:
    """Write a task with three items, of which the second one needs two attempts."""
    fails = '[ "$HEADRACE_INDEX$HEADRACE_ATTEMPT" != 11 ]'
    mark = 'echo "$HEADRACE_INDEX $HEADRACE_ATTEMPT" >> ran\n'
    each = {"name": "each", "command": ["sh", "-c", mark + fails], "retry": _ONCE_MORE}
    bench.write({**each, "forEach": {"from": "['x', 'y', 'z']"}}, sh("c", dependsOn=["each"]))


@pytest.mark.timeout(300)
def test_a_crash_at_any_step_repeats_no_item(tmp_path: Path) -> None:
    """Wherever the runner dies, each item ran as often as without the crash."""
    for at, bench in enumerate(folders(tmp_path)):
        write_items(bench)
        code = run_and_crash(bench, at, "--max-parallel", "2")
        resumed = bench.run("--resume") if code == CRASHED else None

        ran = sorted((bench.folder / "ran").read_text().splitlines()) if began(bench) else []
        if resumed is None:
            assert 0 == code
            assert ["0 1", "1 1", "1 2", "2 1"] == ran
            return
        assert 0 == resumed.code or "is unfinished" in resumed.err, f"step {at}: {resumed}"
        want = ["0 1", "1 1", "1 2", "2 1"] if 0 == resumed.code else ran
        assert want == ran, f"step {at}"


def began(bench: Bench) -> bool:
    """Return whether an item ran."""
    return (bench.folder / "ran").exists()


@pytest.mark.timeout(300)
def test_crash_after_crash(tmp_path: Path) -> None:
    """A runner that dies again and again still gets somewhere, and repeats nothing."""
    bench = Bench(tmp_path)
    write(bench)
    assert CRASHED == run_and_crash(bench, 5)
    for _ in range(100):
        code = run_and_crash(bench, 4, "--resume")
        if code != CRASHED:
            break
    else:
        pytest.fail("it never came to an end")

    assert code in (0, 2), "the last crash may have been after the last write"
    for task in "abc":
        assert_ran_once(bench, task, at=-1)
    assert bench.ran("c")


def assert_ran_once(bench: Bench, task: str, at: int) -> None:
    """Each attempt ran at most once."""
    twice = {number: times for number, times in Counter(bench.ran(task)).items() if times > 1}
    assert {} == twice, f"step {at}: attempts of {task} that ran more than once"


_ONCE_MORE = {"limit": 1, "backoff": {"seconds": 0}}
