"""Two controllers: one leads, the other takes over or leads again, and never do both write."""

import signal
import time
from pathlib import Path

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.operator_process import ControllerProcess
from cluster.story import SUCCEED, Story, attempts, condition, shell, task

pytestmark = pytest.mark.cluster

LEASE = "headrace"


def pair(stage: Stage) -> tuple[Story, ControllerProcess, ControllerProcess]:
    """Start two controllers, one after the other: the first leads."""
    namespace = stage.namespace()
    first, second = stage.controller("first", namespace), stage.controller("second", namespace)
    first.start()
    story = stage.story(namespace, first, second)
    leads(story, first)
    second.start()
    return story, first, second


def lease(story: Story) -> Manifest:
    """Return what the Lease says."""
    return dict(story.get("lease", LEASE).get("spec", {}))


def leads(story: Story, controller: ControllerProcess) -> None:
    """Wait until a controller leads, by the Lease and by its own account."""

    def seen() -> bool:
        named = lease(story).get("holderIdentity") == controller.identity
        return named and controller.metric("headrace_leading") == 1

    story.until(f"{controller.identity} leads", seen)


def writes(controller: ControllerProcess) -> float:
    """Return how often a controller wrote anything but the Lease."""

    def count(**labels: str) -> float:
        return controller.metric("headrace_api_requests_total", **labels)

    all_writes = sum(count(verb=verb) for verb in ("create", "patch", "update", "delete"))
    of_leases = sum(count(verb=verb, resource="leases") for verb in ("create", "update"))
    return all_writes - of_leases


def chain(length: int) -> list[Manifest]:
    """Return tasks that run one after the other."""
    first = task("t0", shell("sleep 1"))
    others = (
        task(f"t{number}", shell("sleep 1"), dependsOn=[f"t{number - 1}"])
        for number in range(1, length)
    )
    return [first, *others]


def test_a_leader_that_stands_still_is_replaced_and_stands_by(stage: Stage, tmp_path: Path) -> None:
    """The other goes on with the run; the first, continued, writes nothing until it leads again."""
    story, first, second = pair(stage)
    with stage.witness(story.namespace, tmp_path / "jobs") as witness:
        story.workflow("relay", *chain(8))
        story.started("relay-once", "t1")

        first.signal(signal.SIGSTOP)
        leads(story, second)
        first.signal(signal.SIGCONT)
        story.until("first stands by", lambda: first.metric("headrace_leading") == 0)
        before = writes(first)
        run = story.ended("relay-once")

    assert first.running
    assert before == writes(first)
    assert "second" == lease(story)["holderIdentity"]
    assert 2 == lease(story)["leaseTransitions"]
    assert "True" == condition(run)["status"]
    assert {(f"t{number}", "1"): 1 for number in range(8)} == {
        attempt: len(uids) for attempt, uids in witness.uids("relay-once").items()
    }
    for record in story.of_run("taskrun", "relay-once"):
        assert [("Succeeded", 0)] == attempts(record)

    second.signal(signal.SIGTERM)
    leads(story, first)
    assert 0 == second.wait()
    story.workflow("again", task("one", SUCCEED))
    assert "True" == condition(story.ended("again-once"))["status"]


def test_a_leader_that_is_asked_to_end_hands_over_at_once(stage: Stage, tmp_path: Path) -> None:
    """It lets go of the Lease when its turns have ended, and the other goes on with the run."""
    story, first, second = pair(stage)
    with stage.witness(story.namespace, tmp_path / "jobs") as witness:
        story.workflow("relay", *chain(4))
        story.started("relay-once", "t0")

        first.signal(signal.SIGTERM)
        asked = time.monotonic()
        story.until("a free Lease", lambda: lease(story).get("holderIdentity") != "first")
        free = time.monotonic() - asked
        leads(story, second)
        taken = time.monotonic() - asked
        code = first.wait()
        run = story.ended("relay-once")

    print(f"\nLease free after {free:.1f} s, taken after {taken:.1f} s")  # noqa: T201 - pytest -s
    assert 0 == code
    assert "True" == condition(run)["status"]
    assert {1} == {len(uids) for uids in witness.uids("relay-once").values()}


def test_a_standby_writes_nothing(stage: Stage) -> None:
    """It keeps its caches warm and is ready, but no object is its work."""
    story, first, second = pair(stage)
    story.workflow("sole", task("one", SUCCEED))
    story.ended("sole-once")

    assert 0 == writes(second)
    assert 0 < writes(first)
    assert 0 == second.metric("headrace_leading")
    assert second.running
