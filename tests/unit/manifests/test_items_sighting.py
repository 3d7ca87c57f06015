"""What an Indexed Job shows of an attempt over items: `headrace.manifests.items_sighting`."""

import msgspec
import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.engine.places import Places
from headrace.engine.task.observed import Ending, One, Stage
from headrace.manifests.items_sighting import ItemFacts, sight_items
from headrace.manifests.kube import Job
from support.builders import NOON, at
from support.kube_json import COMPLETE, FAILED, Manifest, job


def indexed(completed: str = "", failed: str = "", *conditions: Manifest) -> Job:
    """Return a Job over four items."""
    manifest = job(*conditions)
    manifest["spec"] = {"completionMode": "Indexed", "completions": 4}
    manifest["status"] |= {"completedIndexes": completed, "failedIndexes": failed}
    return msgspec.convert(manifest, Job)


ONE_ENDED = ItemFacts(ended={1: Ending(at(1), One(0))}, places=Places.of([1]))
RUNS = ItemFacts(running=Places.of([0]), active=1, started=at(1))


@pytest.mark.parametrize(
    ("a_job", "facts", "want"),
    [
        pytest.param(indexed(), ItemFacts(), (Stage.STARTING, True, ""), id="no pod yet"),
        pytest.param(indexed(), RUNS, (Stage.RUNNING, True, ""), id="a program runs"),
        pytest.param(
            indexed("0-3", "", COMPLETE),
            ONE_ENDED,
            (Stage.ENDED, False, "0,2-3"),
            id="the Job knows of successes whose pods are gone",
        ),
    ],
)
def test_items_are_sighted(a_job: Job, facts: ItemFacts, want: tuple[Stage, bool, str]) -> None:
    """Stage, whether anything of it may run, and successes without an ending."""
    sighting = sight_items(a_job, facts, gone=False, now=NOON)
    assert sighting.items is not None
    assert want == (sighting.stage, sighting.alive, str(sighting.items.succeeded))


def test_a_failed_item_whose_pod_is_gone_has_lost_it() -> None:
    """Nobody knows its exit code any more."""
    items = sight_items(indexed("0-2", "3", FAILED), ONE_ENDED, gone=False, now=NOON).items
    assert items is not None
    assert {1, 3} == items.ended.keys()
    assert Reason.POD_DELETED is items.ended[3].reason
