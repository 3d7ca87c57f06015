"""Whether a run may begin: `headrace.engine.run.admission`."""

from dataclasses import replace
from typing import Any

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.trigger import Concurrency, ConcurrencyPolicy
from headrace.engine.run.admission import PATIENCE, Held, Refused, admit, is_next
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.run.steering import course
from headrace.engine.siblings import SiblingRun
from headrace.engine.task.observed import ObservedTask
from support.builders import at, chain

PLAIN = chain("a")
QUEUED = chain("a", concurrency=Concurrency(policy=ConcurrencyPolicy.QUEUE))
OTHER = SiblingRun("etl-0", at(-60), at(-60), began=True, cancelling=False)
LOST = (Reason.REVISION_NOT_FOUND, "it was deleted")
MISSING = (Reason.WORKFLOW_NOT_FOUND, "there is no Workflow etl")


def run(definition: Any = PLAIN, **more: Any) -> ObservedRun:
    """Return a run that has not begun."""
    return ObservedRun(RunKey("default", "etl-1"), "uid-1", at(0), definition, **more)


def answer(observed: ObservedRun) -> str:
    """Say in a few words whether a run may go on."""
    match admit(observed, course(observed, at(1)), at(1)):
        case Refused(reason):
            return f"refused {reason}"
        case Held(reason):
            return f"held {reason}"
        case _:
            return "admitted"


@pytest.mark.parametrize(
    ("observed", "want"),
    [
        pytest.param(run(), "admitted", id="no obstacle"),
        pytest.param(
            run(None, refusal=LOST), "refused RevisionNotFound", id="the definition was deleted"
        ),
        pytest.param(
            run(None, hindrance=MISSING),
            "held WorkflowNotFound",
            id="the workflow may still be created",
        ),
        pytest.param(
            replace(run(None, hindrance=MISSING), created=at(1 - PATIENCE.total_seconds())),
            "refused WorkflowNotFound",
            id="nobody created the workflow in time",
        ),
        pytest.param(run(None), "held Pending", id="the definition has not been read yet"),
        pytest.param(run(given={"x": 1}), "refused InvalidParams", id="the parameters do not fit"),
        pytest.param(run(desired=DesiredState.PAUSE), "held Paused", id="the run is paused"),
        pytest.param(
            run(desired=DesiredState.STOP),
            "refused Stopped",
            id="the run is stopped before it began",
        ),
        pytest.param(
            run(desired=DesiredState.CANCEL),
            "refused Cancelled",
            id="the run is cancelled before it began",
        ),
        pytest.param(run(QUEUED), "admitted", id="the run is alone in the queue"),
        pytest.param(
            run(QUEUED, siblings=(OTHER,)),
            "held WaitingForTurn",
            id="the run is second in the queue",
        ),
        pytest.param(
            run(QUEUED, siblings=(OTHER,), log=RunLog(started=at(0))),
            "admitted",
            id="a run that has begun goes on beside another",
        ),
        pytest.param(
            run(desired=DesiredState.CANCEL, log=RunLog(started=at(0))),
            "admitted",
            id="a cancelled run that has begun ends through its tasks",
        ),
        pytest.param(
            run(desired=DesiredState.CANCEL, tasks={"a": ObservedTask()}),
            "admitted",
            id="a task started before a crash, and the status does not show it",
        ),
        pytest.param(
            run(desired=DesiredState.CANCEL, deleted=frozenset({"a"})),
            "admitted",
            id="a task started, and its TaskRun has vanished",
        ),
        pytest.param(
            run(refusal=LOST, log=RunLog(started=at(0))),
            "refused RevisionNotFound",
            id="a run that has begun has lost its definition",
        ),
    ],
)
def test_admit(observed: ObservedRun, want: str) -> None:
    """A run may go on, waits, or can never run."""
    assert want == answer(observed)


@pytest.mark.parametrize(
    ("observed", "want"),
    [
        pytest.param(run(QUEUED), True, id="alone in the queue"),
        pytest.param(run(QUEUED, siblings=(OTHER,)), False, id="another run comes first"),
        pytest.param(run(QUEUED, log=RunLog(started=at(0))), False, id="the run has begun"),
        pytest.param(run(), False, id="runs of this workflow wait for nobody"),
        pytest.param(run(None), False, id="nothing is known of its workflow"),
    ],
)
def test_which_run_is_next(observed: ObservedRun, want: bool) -> None:  # noqa: FBT001 - a case
    """Only this one needs to be sure that nothing of those before it runs."""
    assert want is is_next(observed)


def test_an_admitted_run_has_its_definition() -> None:
    """Whoever asks need not look again."""
    assert PLAIN is admit(run(), course(run(), at(1)), at(1))


def test_what_somebody_has_to_mend_is_looked_at_again() -> None:
    """Nothing may tell that the workflow was created."""
    held = admit(run(None, hindrance=MISSING), course(run(), at(1)), at(1))
    assert isinstance(held, Held)
    assert at(11) == held.until
