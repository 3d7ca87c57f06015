"""A quiet system makes no writes, and the watch misses nothing."""

import time

import pytest

from cluster.operator_process import ControllerProcess
from cluster.story import FAIL, SUCCEED, Story, shell, task

pytestmark = pytest.mark.cluster

QUIET_SECONDS = 20.0
WRITES = ("create", "update", "patch", "delete")
KINDS = (
    "workflow",
    "workflowrun",
    "taskrun",
    "job",
    "pod",
    "event",
    "controllerrevision",
)


def test_after_a_run_has_ended_nothing_is_written(
    story: Story, controller: ControllerProcess
) -> None:
    """No object of the namespace changes, and the controller sends no write but its Lease's."""
    tasks = [task(f"t{number}", SUCCEED) for number in range(5)]
    story.workflow(
        "busy",
        *tasks,
        task("bad", FAIL, allowFailure=True, retry={"limit": 1, "backoff": {"seconds": 1}}),
        task("late", SUCCEED, dependsOn=["t0", "t1"]),
        triggers=[{"schedule": {"cron": "0 0 1 1 *"}}, {"onApply": {}}],
        finally_=[task("tidy", SUCCEED)],
    )
    story.workflow("idle", task("one", SUCCEED), suspend=True)
    story.workflow(
        "broken", task("one", SUCCEED, dependsOn=["two"]), task("two", SUCCEED, dependsOn=["one"])
    )
    story.workflow("waiting", task("one", shell("sleep 600"), nodeSelector={"no": "where"}))
    story.ended("busy-g1")
    story.waits("waiting-once.one", "Unschedulable")
    story.until("the end of every Job", lambda: _settled(story))
    before, written = story.until("rest", lambda: _resting(story, controller))

    time.sleep(QUIET_SECONDS)

    assert before == _versions(story)
    assert written == _writes(controller)
    assert 0 == controller.metric("headrace_cache_repairs")
    assert 0 == controller.metric("headrace_queue_depth")


def _settled(story: Story) -> bool:
    """Tell whether Kubernetes' own controllers have nothing more to say of the run's Jobs."""
    jobs = story.of_run("job", "busy-g1")
    conditions = [job.get("status", {}).get("conditions", ()) for job in jobs]
    ends = [{each["type"] for each in found} & {"Complete", "Failed"} for found in conditions]
    return all(ends)


def _resting(
    story: Story, controller: ControllerProcess
) -> tuple[dict[str, str], dict[str, float]] | None:
    """
    Return what there is and what was written, once both have stayed the same for a while.

    A write counts when it is answered, which may be long after its effect on a busy machine.
    """
    before = _versions(story), _writes(controller)
    time.sleep(5.0)
    return before if before == (_versions(story), _writes(controller)) else None


def _versions(story: Story) -> dict[str, str]:
    return {
        f"{kind}/{item['metadata']['name']}": item["metadata"]["resourceVersion"]
        for kind in KINDS
        for item in story.all(kind)
        # The scheduler tells of its vain tries in Events of its own.
        if kind != "event" or item["reportingController"].startswith("headrace")
    }


def _writes(controller: ControllerProcess) -> dict[str, float]:
    """Count the writes that the controller has sent, by verb, resource and answer."""
    return {
        series: value
        for series, value in controller.samples()
        if series.startswith("headrace_api_requests_total{")
        and any(f'verb="{verb}"' in series for verb in WRITES)
        and 'resource="leases"' not in series
    }
