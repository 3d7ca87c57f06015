"""Attempts, rules and time limits, with real containers that fail in real ways."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cluster.control import Stage
from cluster.story import FAIL, SUCCEED, Story, attempts, condition, lasting, shell, task

pytestmark = pytest.mark.cluster

SOON = {"seconds": 0, "jitterPercent": 0}


def exits(*codes: int) -> list[str]:
    """Return a command that ends with the n-th of these codes in its n-th attempt."""
    cases = " ".join(f"{number}) exit {code};;" for number, code in enumerate(codes, 1))
    return shell(f'case "$HEADRACE_ATTEMPT" in {cases} esac; exit 99')


def retrying(limit: int = 0, *rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a retry policy that waits for nothing."""
    return {"limit": limit, "backoff": SOON, "rules": list(rules), **fields}


def test_a_task_that_fails_twice_succeeds_in_its_third_attempt(story: Story) -> None:
    """Each attempt is a Job of its own, on record with its end, and kubectl shows their number."""
    policy = {"limit": 2, "backoff": {"seconds": 5, "factor": 1, "jitterPercent": 0}}
    story.workflow("flaky", task("load", exits(3, 4, 0), retry=policy))

    waiting = story.waits("flaky-once.load", "WaitingForRetry")
    row = story.row("taskrun", "flaky-once.load")
    run = story.ended("flaky-once")

    assert "attempt 1 failed: NonZeroExit" in condition(waiting)["message"]
    assert "nextAttemptTime" in waiting["status"]
    assert "WaitingForRetry" in row or "Running" in row or "Starting" in row
    assert "True" == condition(run)["status"]
    ended = story.get("taskrun", "flaky-once.load")
    assert [("NonZeroExit", 3), ("NonZeroExit", 4), ("Succeeded", 0)] == attempts(ended)
    known = {each["jobName"] for each in ended["status"]["attempts"]}
    assert known == {job["metadata"]["name"] for job in story.of_run("job", "flaky-once")}
    assert all(each["podName"] and each["nodeName"] for each in ended["status"]["attempts"])
    assert ["flaky-once", "load", "Succeeded", "3"] == story.row(
        "taskrun", "flaky-once.load"
    ).split()[1:5]


def test_an_exit_code_that_means_fail_is_not_tried_again(story: Story) -> None:
    """A rule with Fail ends the task at its first attempt, whatever the limit."""
    rule = {"exitCodes": [2], "action": "Fail"}
    story.workflow("hopeless", task("parse", exits(2, 0), retry=retrying(5, rule)))

    run = story.ended("hopeless-once")

    assert [("NonZeroExit", 2)] == attempts(story.get("taskrun", "hopeless-once.parse"))
    assert "a retry rule says Fail" in condition(run)["message"]
    assert "exit code 2" in story.row("workflowrun", "hopeless-once")


def test_an_exit_code_that_is_ignored_does_not_count(story: Story) -> None:
    """A rule with Ignore tries again without using up the limit."""
    rule = {"exitCodes": [75], "action": "Ignore"}
    story.workflow("patient", task("poll", exits(75, 75, 75, 0), retry=retrying(0, rule)))

    story.ended("patient-once")

    ended = story.get("taskrun", "patient-once.poll")
    assert [("NonZeroExit", 75)] * 3 + [("Succeeded", 0)] == attempts(ended)
    assert 0 == ended["status"]["userFailures"]


def test_used_up_retries_are_told(story: Story) -> None:
    """The run's message says how often the task failed, how often it may, and how it failed."""
    story.workflow("doomed", task("load", FAIL, retry=retrying(1)))

    run = story.ended("doomed-once")

    assert "RetriesExhausted" == condition(story.get("taskrun", "doomed-once.load"))["reason"]
    assert "failed 2 times, retry.limit is 1" in condition(run)["message"]


def test_a_task_out_of_memory_gets_more(story: Story) -> None:
    """The kernel ends the first attempt; the rule lets the second have more memory."""
    growth = {"memoryFactorPercent": 800, "maxMemory": "256Mi"}
    rule = {"reasons": ["OOMKilled"], "action": "Retry", **growth}
    # One line of 60 MB, which sed holds as a whole: not the main process dies, but its child.
    hungry = shell("head -c 60000000 /dev/zero | tr '\\0' x | sed s/y/z/ >/dev/null; exit $?")
    story.workflow(
        "hungry",
        task(
            "sort",
            hungry,
            resources={"requests": {"memory": "16Mi"}, "limits": {"memory": "32Mi"}},
            retry=retrying(1, rule),
        ),
    )

    story.ended("hungry-once")

    ended = story.get("taskrun", "hungry-once.sort")
    assert ["OOMKilled", "Succeeded"] == [reason for reason, _ in attempts(ended)]
    limits = [
        pod["spec"]["containers"][0]["resources"]["limits"]["memory"]
        for pod in sorted(
            story.of_run("pod", "hungry-once"), key=lambda pod: pod["metadata"]["creationTimestamp"]
        )
    ]
    assert ["32Mi", "256Mi"] == limits
    assert "256Mi" == ended["status"]["attempts"][1]["memory"]


@pytest.mark.parametrize("code", [0, 143])
def test_an_attempt_that_takes_too_long_is_ended(story: Story, code: int) -> None:
    """The cluster itself ends the pod, and the reason says so, whatever the program says then."""
    program = shell(f"trap 'exit {code}' TERM; sleep 600 & wait $!")
    name = f"slow-{code}"
    story.workflow(name, task("copy", program, timeouts={"attemptSeconds": 2}))

    run = story.ended(f"{name}-once")

    assert [("AttemptTimeout", code)] == attempts(story.get("taskrun", f"{name}-once.copy"))
    assert "AttemptTimeout" in story.row("workflowrun", f"{name}-once")
    assert not story.running(f"{name}-once")
    assert "Failed" == condition(run)["reason"]


def test_a_task_that_takes_too_long_with_all_its_retries_is_ended(story: Story) -> None:
    """The limit totalSeconds holds over attempts and waits; the pod that runs then is ended."""
    policy = retrying(100)
    story.workflow(
        "endless",
        task("poll", shell("sleep 1; exit 1"), retry=policy, timeouts={"totalSeconds": 15}),
    )

    story.ended("endless-once")

    ended = story.get("taskrun", "endless-once.poll")
    assert "TaskTimeout" == condition(ended)["reason"]
    assert "timeouts.totalSeconds (15)" in story.row("workflowrun", "endless-once")
    assert len(ended["status"]["attempts"]) > 1
    story.until("no pod", lambda: not story.running("endless-once"))


def test_a_run_that_takes_too_long_is_cancelled_and_tidied(story: Story) -> None:
    """After runSeconds what runs is ended, nothing new starts, and `finally` tasks run."""
    story.workflow(
        "late",
        task("copy", lasting()),
        task("report", SUCCEED, dependsOn=["copy"]),
        timeouts={"runSeconds": 3},
        finally_=[task("tidy", SUCCEED)],
    )

    run = story.ended("late-once")

    assert "RunTimeout" == condition(run)["reason"]
    assert "timeouts.runSeconds (3)" in story.row("workflowrun", "late-once")
    assert {"copy": "Cancelled", "tidy": "Succeeded"} == story.outcomes("late-once")


def test_success_is_seen_before_the_job_says_so(
    story: Story, shared_stage: Stage, tmp_path: Path
) -> None:
    """What waits for a task starts when its container has ended, not when its Job is Complete."""
    chain = [task(f"t{number}", SUCCEED, dependsOn=[f"t{number - 1}"]) for number in range(1, 5)]
    names = ["t0", *(each["name"] for each in chain)]
    with shared_stage.witness(story.namespace, tmp_path / "jobs") as witness:
        story.workflow("early", task("t0", SUCCEED), *chain)
        story.ended("early-once")
        story.until(
            "all Jobs complete",
            lambda: names == sorted({e.task for e in witness.happened("early-once") if e.complete}),
        )

    order = [(event.task, event.complete) for event in witness.happened("early-once")]
    for before, after in pairwise(names):
        assert order.index((after, False)) < order.index((before, True))


def test_a_command_that_does_not_exist_is_the_tasks_fault(story: Story) -> None:
    """The runtime's words are in the message, and the run ends."""
    story.workflow("typo", task("load", ["pyhton", "load.py"]))

    run = story.ended("typo-once")

    ended = story.get("taskrun", "typo-once.load")
    assert ["StartError"] == [reason for reason, _ in attempts(ended)]
    assert "pyhton" in condition(run)["message"]


def test_outputs_that_are_no_object_fail_the_attempt(story: Story) -> None:
    """A task that exits with 0 and writes nonsense has failed, and is told the cure."""
    story.workflow("liar", task("load", shell("echo 12 > $HEADRACE_OUTPUTS")))

    run = story.ended("liar-once")

    assert [("InvalidOutputs", 0)] == attempts(story.get("taskrun", "liar-once.load"))
    assert "write one JSON object" in condition(run)["message"]


def test_outputs_that_are_too_large_or_no_utf_8_are_not_kept_in_part(story: Story) -> None:
    """Kubernetes keeps 4,096 bytes and puts a stand-in for others than UTF-8: both are told."""
    story.workflow(
        "lavish",
        task("large", shell("""printf '{"a": "%04088d"}' 0 > $HEADRACE_OUTPUTS""")),
        task("latin", shell("""printf '{"a": "M\\374nchen"}' > $HEADRACE_OUTPUTS""")),
    )

    story.ended("lavish-once")

    large, latin = (story.get("taskrun", f"lavish-once.{name}") for name in ("large", "latin"))
    assert [("InvalidOutputs", 0)] == attempts(large) == attempts(latin)
    assert "these have more than 4096;" in condition(large)["message"]
    assert "not UTF-8" in condition(latin)["message"]
