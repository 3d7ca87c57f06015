"""The mood of a state: `headrace.views.tones`."""

import pytest

from headrace.views.tones import Tone, has_status, tone
from support.window import Object, approval, conditions, run, task, workflow

OMITTED = {"outcome": "Omitted", "conditions": conditions("Succeeded", "False", "UpstreamFailed")}
OUT_OF_MEMORY = {"conditions": conditions("Succeeded", "False", "OOMKilled")}


@pytest.mark.parametrize(
    ("expected", "item"),
    [
        (Tone.GOOD, run("a", "Succeeded")),
        (Tone.BAD, run("a", "Failed")),
        (Tone.OFF, run("a", "Cancelled")),
        (Tone.BUSY, run("a")),
        (Tone.TROUBLE, run("a", tasks={"failed": 1})),
        (Tone.WAITING, run("a", "Paused")),
        (Tone.WAITING, {"kind": "WorkflowRun"}),
        (Tone.OFF, {**task("a", "t"), "status": OMITTED}),
        (Tone.TROUBLE, task("a", "t", "Unschedulable")),
        (Tone.TROUBLE, task("a", "t", "WaitingForRetry")),
        (Tone.WAITING, task("a", "t", "WaitingForUpstream")),
        (Tone.GOOD, workflow()),
        (Tone.BAD, workflow("a", "InvalidDefinition")),
        (Tone.TROUBLE, approval("a", "ask")),
        (Tone.GOOD, approval("a", "ask", "approve")),
    ],
)
def test_a_state_has_a_mood(expected: Tone, item: Object) -> None:
    """Red is an end that was not wanted; yellow needs somebody."""
    assert expected == tone(item)


@pytest.mark.parametrize(
    ("expected", "word", "item"),
    [
        (True, "Failed", run("a", "Failed")),
        (True, "failed", {**task("a", "t"), "status": OUT_OF_MEMORY}),
        (True, "oomkilled", {**task("a", "t"), "status": OUT_OF_MEMORY}),
        (False, "failed", {**task("a", "t"), "status": OMITTED}),
        (True, "running", run("a", "Paused")),
        (False, "running", run("a", "Succeeded")),
        (False, "paused", run("a")),
    ],
)
def test_a_word_of_people_selects_states(expected: bool, word: str, item: Object) -> None:  # noqa: FBT001 - a case
    """A reason in any case, or failed and running for all of their kind."""
    assert expected is has_status(item, word)
