"""Runs that an earlier version of the controller began: this version carries them on."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.engine.outcome import Outcome
from headrace.kube.resources import JOBS
from support.api_stage import ApiStage
from support.story import Story
from upgrade.record import OBJECTS, key_of

RECORDINGS = sorted(OBJECTS.glob("*.json"))
ENDS = {
    "extract": Outcome.SUCCEEDED,
    "given": Outcome.SUCCEEDED,
    "flaky": Outcome.SUCCEEDED,
    "hungry": Outcome.SUCCEEDED,
    "evicted": Outcome.SUCCEEDED,
    "broken": Outcome.FAILED,
    "alert": Outcome.SUCCEEDED,
    "join": Outcome.SUCCEEDED,
    "tidy": Outcome.SUCCEEDED,
}
"""How the tasks end that start. The two others have marks."""
ATTEMPTS = {"flaky": 2, "hungry": 2, "evicted": 2}


@pytest.fixture(params=RECORDINGS, ids=lambda path: f"objects of {path.stem}")
def recording(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture
def stage(recording: dict[str, Any]) -> Iterator[ApiStage]:
    """Return a cluster with the recorded objects, a minute later, and this version's controller."""
    stage = ApiStage()
    stage.cluster.adopt(recording["objects"], recording["runs"])
    late = datetime.fromisoformat(recording["now"]) - stage.cluster.now
    stage.cluster.wait(late.total_seconds() + 60)
    yield stage
    stage.close()


def live(story: Story) -> None:
    """Let a run live to its end: each program ends well."""
    for _ in range(100):
        story.tick()
        if story.status.finished is not None:
            return
        for name in sorted(story.alive):
            story.cluster.end(story.job(name))
        story.cluster.wait(300)
    raise AssertionError("the run does not end")


def test_there_are_recordings() -> None:
    """Without one, the other tests say nothing."""
    assert RECORDINGS


def test_a_run_goes_on_where_it_was(stage: ApiStage, recording: dict[str, Any]) -> None:
    """Nothing that ended runs again, and what was retried has its attempts, memory and values."""
    before = {job["metadata"]["name"] for job in of_kind(recording, "Job")}
    story = Story.of(stage, key_of("etl-1"))
    live(story)
    assert (True, Reason.SUCCEEDED) == story.told
    assert ENDS == story.outcomes
    assert (1, 1) == (story.status.counts.skipped, story.status.counts.omitted)
    assert {name: ATTEMPTS.get(name, 1) for name in ENDS} == {
        name: story.log(name).count for name in ENDS
    }
    assert "3" == story.record("given").env["ROWS"]
    assert ["1Gi", "2048Mi"] == [each.memory or "1Gi" for each in story.log("hungry").attempts]
    assert {"rows": 3} == story.log("extract").outputs
    made = [key for key, count in story.jobs_made.items() for _ in range(count)]
    assert sorted(set(made)) == sorted(made), "a Job was made twice"
    assert before <= {job["metadata"]["name"] for job in stage.cluster.of(JOBS)}


def test_a_paused_run_stays_paused_and_then_goes_on(stage: ApiStage) -> None:
    """Nothing starts before somebody lets it."""
    story = Story.of(stage, key_of("paused"))
    story.tick()
    before = story.jobs_made
    for name in sorted(story.alive):
        story.cluster.end(story.job(name), output='{"rows": 5}' if name == "extract" else "")
    story.tick()
    assert before == story.jobs_made
    assert Reason.PAUSED == story.status.reason
    story.steer(DesiredState.RUN)
    live(story)
    assert (True, Reason.SUCCEEDED) == story.told


def test_an_ended_run_stays_as_it_was(stage: ApiStage) -> None:
    """Its status is not written anew."""
    story = Story.of(stage, key_of("over"))
    before = story.status
    story.tick()
    assert before == story.status
    assert (False, Reason.TERMINATED) == story.told


def of_kind(recording: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the recorded objects of a kind."""
    return [item for plural, item in recording["objects"] if plural == f"{kind.lower()}s"]
