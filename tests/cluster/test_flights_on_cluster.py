"""The first real pipeline, `examples/flights`, as pods on a real cluster: good data, then bad."""

import pytest

from cluster.control import Stage
from cluster.looking import Manifest
from cluster.operator_process import ControllerProcess
from cluster.story import Story, attempts
from tools.cluster.demo import FLIGHTS, FLIGHTS_IMAGE, ROOT, RUN_SECONDS, provide_image

pytestmark = pytest.mark.cluster

INGEST = {f"ingest-{table}" for table in ("airlines", "airports", "flights", "planes", "weather")}
ALL = INGEST | {"join", "check", "store", "report", "publish", "tidy"}

READER = """
import json, os
os.chdir("/data/latest")
manifest = json.load(open("manifest.json"))
whole = all(os.path.getsize(file) == each["bytes"] for file, each in manifest["files"].items())
json.dump({"run": manifest["run"], "whole": whole}, open(os.environ["HEADRACE_OUTPUTS"], "w"))
"""
"""What a reader of the data sees: which run published it, and whether each file is whole."""


@pytest.fixture(scope="module")
def flights(shared_stage: Stage, story: Story, controller: ControllerProcess) -> Story:  # noqa: ARG001 - it must run
    """Return the namespace in which the example was applied, as its README says; it has ended."""
    provide_image(shared_stage.cluster, ROOT / FLIGHTS, FLIGHTS_IMAGE)
    for name in ("storage.yaml", "workflow.yaml"):
        story.kubectl("apply", "-f", str(ROOT / FLIGHTS / name))
    story.ended("flights-once", RUN_SECONDS)
    return story


def read(story: Story, name: str) -> Manifest:
    """Read the published data in a pod, by a TaskRun on its own, and return what it saw."""
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "flights-data"}}
    spec = {
        "image": "headrace/flights:0.1",
        "command": ["python", "-c", READER],
        "volumes": [claim],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    api = "headrace.dev/v1alpha1"
    story.apply({"apiVersion": api, "kind": "TaskRun", "metadata": {"name": name}, "spec": spec})
    return dict(story.task_ended(name)["status"]["outputs"])


def test_all_tasks_succeed_at_the_first_attempt_within_their_limits(flights: Story) -> None:
    """Memory, storage and time that the manifest gives are enough; nothing is killed or retried."""
    assert dict.fromkeys(ALL, "Succeeded") == flights.outcomes("flights-once")
    runs = flights.of_run("taskrun", "flights-once")
    want = {name: [("Succeeded", 0)] for name in ALL}
    assert want == {each["spec"]["task"]: attempts(each) for each in runs}
    assert "11/11" == flights.get("workflowrun", "flights-once")["status"]["progress"]


def test_the_five_tables_come_in_side_by_side(flights: Story) -> None:
    """Each ingest task has its Job before the first of them has ended."""
    runs = flights.of_run("taskrun", "flights-once")
    tried = [each["status"]["attempts"][0] for each in runs if each["spec"]["task"] in INGEST]
    assert 5 == len(tried)
    assert max(each["createdTime"] for each in tried) <= min(each["finishTime"] for each in tried)


def test_bad_data_stops_the_run_and_readers_keep_the_good(flights: Story) -> None:
    """The checks fail once, nothing after them starts, the table of runs says why."""
    flights.kubectl("create", "-f", str(ROOT / FLIGHTS / "bad-table.yaml"))
    flights.ended("flights-bad-table", RUN_SECONDS)

    assert {
        **dict.fromkeys(INGEST | {"join", "tidy"}, "Succeeded"),
        "check": "Failed",
    } == flights.outcomes("flights-bad-table")
    assert [("NonZeroExit", 2)] == attempts(flights.get("taskrun", "flights-bad-table.check"))
    row = flights.row("workflowrun", "flights-bad-table")
    for words in (
        "Failed",
        "check failed: NonZeroExit",
        "3 omitted (store, report, publish)",
        "rows-planes",
    ):
        assert words in row

    assert {"run": "flights-once", "whole": True} == read(flights, "reader")
