"""What is wanted of a run: `headrace.engine.run.steering`."""

import pytest

from headrace.api.v1alpha1.reasons import Reason
from headrace.api.v1alpha1.run import DesiredState
from headrace.api.v1alpha1.workflow import RunTimeouts
from headrace.engine.course import Mode
from headrace.engine.run.observed import ObservedRun, RunKey, RunLog
from headrace.engine.run.steering import course, deadlines
from support.builders import at, chain

RUN, PAUSE = DesiredState.RUN, DesiredState.PAUSE
STOP, CANCEL = DesiredState.STOP, DesiredState.CANCEL
TERMINATE = DesiredState.TERMINATE


def observed(
    desired: DesiredState, seconds: int | None = None, last: int | None = None, **status: object
) -> ObservedRun:
    """Return a run that began at noon and may take so many seconds, its `finally` tasks `last`."""
    log = RunLog(**{"started": at(0), **status})  # type: ignore[arg-type] # fields of RunLog
    limits = RunTimeouts(run_seconds=seconds, finally_seconds=last)
    definition = chain("a", timeouts=limits)
    return ObservedRun(
        RunKey("default", "etl-1"), "uid-1", at(0), definition, desired=desired, log=log
    )


@pytest.mark.parametrize(
    ("run", "seconds", "mode", "reason"),
    [
        pytest.param(observed(RUN), 5, Mode.GO, Reason.RUNNING, id="desiredState is Run"),
        pytest.param(observed(PAUSE), 5, Mode.PAUSE, Reason.PAUSED, id="desiredState is Pause"),
        pytest.param(observed(STOP), 5, Mode.STOP, Reason.STOPPED, id="desiredState is Stop"),
        pytest.param(
            observed(CANCEL), 5, Mode.CANCEL, Reason.CANCELLED, id="desiredState is Cancel"
        ),
        pytest.param(
            observed(RUN, 60), 59, Mode.GO, Reason.RUNNING, id="a second before runSeconds"
        ),
        pytest.param(observed(RUN, 60), 60, Mode.CANCEL, Reason.RUN_TIMEOUT, id="at runSeconds"),
        pytest.param(
            observed(PAUSE, 60),
            60,
            Mode.CANCEL,
            Reason.RUN_TIMEOUT,
            id="at runSeconds while the run is paused",
        ),
        pytest.param(
            observed(STOP, 60),
            60,
            Mode.CANCEL,
            Reason.RUN_TIMEOUT,
            id="at runSeconds while the run stops",
        ),
        pytest.param(
            observed(CANCEL, 60),
            60,
            Mode.CANCEL,
            Reason.CANCELLED,
            id="at runSeconds after somebody cancelled the run",
        ),
        pytest.param(
            observed(RUN, 60, reason=Reason.TIMING_OUT),
            5,
            Mode.CANCEL,
            Reason.RUN_TIMEOUT,
            id="a run that is out of time stays out of time",
        ),
        pytest.param(
            observed(TERMINATE, 60),
            60,
            Mode.TERMINATE,
            Reason.TERMINATED,
            id="desiredState is Terminate",
        ),
        pytest.param(
            observed(CANCEL, last=30, finally_since=at(10)),
            *(39, Mode.CANCEL, Reason.CANCELLED),
            id="a second before finallySeconds",
        ),
        pytest.param(
            observed(CANCEL, last=30, finally_since=at(10)),
            *(40, Mode.TERMINATE, Reason.FINALLY_TIMEOUT),
            id="at finallySeconds",
        ),
        pytest.param(
            observed(RUN, last=30),
            90,
            Mode.GO,
            Reason.RUNNING,
            id="finallySeconds does not count before the `finally` tasks",
        ),
        pytest.param(
            observed(RUN, 60, started=None),
            90,
            Mode.GO,
            Reason.RUNNING,
            id="runSeconds does not count before the run has begun",
        ),
    ],
)
def test_course(run: ObservedRun, seconds: float, mode: Mode, reason: Reason) -> None:
    """The strongest of what somebody wants and what the time wants."""
    found = course(run, at(seconds))
    assert (mode, reason) == (found.mode, found.reason)


def test_each_course_but_going_on_says_why() -> None:
    """The message names the field."""
    assert "desiredState is Stop" == course(observed(STOP), at(1)).message
    want = "the run took longer than timeouts.runSeconds (60)"
    assert want == course(observed(RUN, 60), at(60)).message
    late = course(observed(RUN, last=30, finally_since=at(0)), at(60)).message
    assert "`finally` took longer than timeouts.finallySeconds (30)" == late


def test_the_deadline_counts_from_the_runs_start() -> None:
    """Not from its creation: it may have waited for its turn."""
    assert [at(70)] == list(deadlines(observed(RUN, 60, started=at(10))))
    assert [] == list(deadlines(observed(RUN)))


def test_the_deadline_of_finally_counts_from_the_end_of_all_others() -> None:
    """Not from the start of the first of them: none may ever start."""
    run = observed(RUN, 60, 30, started=at(10), finally_since=at(50))
    assert [at(70), at(80)] == list(deadlines(run))
