"""What a task says of its pod, given to real processes: its folder, and its time to end."""

import signal

from support.local_run import Bench, said, sh, until

STUBBORN = "trap '' TERM\necho ready > ready\nwhile :; do sleep 0.02; done"


def test_a_program_runs_in_its_working_folder(bench: Bench) -> None:
    """Its relative paths are of that folder; a task without one is in the manifest's."""
    work = bench.folder / "work"
    work.mkdir()
    bench.write(
        sh("a", 'pwd > here; test "$PWD" = "$(pwd)"', workingDir=str(work)),
        sh("b", "pwd > here"),
    )

    assert 0 == bench.run().code

    assert f"{work}\n" == (work / "here").read_text()
    assert f"{bench.folder}\n" == (bench.folder / "here").read_text()


def test_a_folder_that_is_not_here_is_told_before_anything_starts(bench: Bench) -> None:
    """In another folder a program would read, or remove, what is not its own."""
    bench.write(sh("a"), sh("b", workingDir="/no/such/folder"))

    result = bench.run()

    assert 2 == result.code
    assert "spec.tasks[1].workingDir: there is no folder '/no/such/folder' on this" in result.err
    assert "make it, or use --runner podman or docker" in result.err
    assert [] == bench.ran("a")


def test_a_program_is_killed_after_the_time_that_its_task_gives(bench: Bench) -> None:
    """It is said how long that is, and nothing of it is left."""
    bench.write(sh("a", STUBBORN, terminationGracePeriodSeconds=1), last=[sh("tidy")])
    runner = bench.start()
    until((bench.folder / "ready").exists)
    runner.send_signal(signal.SIGINT)
    out, _ = runner.communicate(timeout=60)

    assert "a     Cancelled: ending, killed in at most 1s" in out
    assert "a     was ended after" in out
    assert [1] == bench.ran("tidy")


def test_a_runner_that_takes_over_gives_the_same_time(bench: Bench) -> None:
    """The definition that the run keeps says how long."""
    bench.write(sh("a", STUBBORN, terminationGracePeriodSeconds=1))
    first = bench.start()
    until((bench.folder / "ready").exists)
    first.kill()
    first.wait()
    bench.write(sh("a", STUBBORN))

    second = bench.start("--resume")
    until(lambda: "goes on" in said(second))
    second.send_signal(signal.SIGINT)
    out, _ = second.communicate(timeout=60)

    assert "killed in at most 1s" in out


def test_time_to_end_comes_after_the_time_of_an_attempt(bench: Bench) -> None:
    """What a program does in it changes nothing of the outcome: it ran too long."""
    late = "trap 'echo tidied > note; exit 0' TERM; while :; do sleep 0.02; done"
    bench.write(sh("a", late, timeouts={"attemptSeconds": 1}, terminationGracePeriodSeconds=60))

    assert 1 == bench.run().code

    assert "tidied\n" == (bench.folder / "note").read_text()
    assert "AttemptTimeout" == bench.log_of("a").reason
